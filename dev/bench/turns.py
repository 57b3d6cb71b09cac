"""Measures two things in turns, so that both meet the same machine."""

import time

from ..progress import Step
from .results import Result, spread_of

# From the first value on, everything is as warm as it gets.
WARM_UP = 2
# Who waits longer than this for one figure has three pairs all the same.
PATIENCE = 420
FEWEST = 3


def in_turns(title, rounds, first, second, warm_up=WARM_UP):
    """Return what the two gave, as pairs."""
    pairs = []
    started = time.monotonic()
    with Step(title) as step:
        for number in range(warm_up + rounds):
            step.update(f"round {number + 1} of {warm_up + rounds}")
            pair = first(), second()
            if number >= warm_up:
                pairs.append(pair)
            if len(pairs) >= FEWEST and time.monotonic() - started > PATIENCE:
                break
    return pairs


def seconds_of(pairs):
    return [(first["seconds"], second["seconds"]) for first, second in pairs]


def told_seconds(pairs, *names):
    results = []
    for place, name in enumerate(names):
        spread = spread_of([pair[place]["seconds"] for pair in pairs])
        value, quartiles = spread.show(1)
        results.append(Result(f"  {name}", f"{value} s", quartiles))
    return results
