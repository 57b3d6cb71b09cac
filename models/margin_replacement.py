"""How long it takes until other business has earned what customers leave.

Values in, values out: the simulation of an exit and its impact ask the same question.
"""

from typing import NamedTuple

# Later than this nobody's pipeline tells anything.
HORIZON = 60
# A hair for sums of binary fractions
HAIR = 1e-6


class Month(NamedTuple):
    """What was lost and what others earned instead, from the start to its end."""

    lost: float
    replaced: float

    @property
    def is_covered(self):
        return self.replaced >= self.lost - HAIR


def earn_monthly(pipeline, capacity=None, months=HORIZON, notice=0):
    """Yield what others have earned from the start until the end of each month.

    `pipeline` is the margin expected to be won per month, {months from now: amount};
    what is not worked off in a month waits for the next. `capacity` is what the freed
    hours can earn a month, None where that is not known. No hour is free in the first
    `notice` months.
    """
    earned = waiting = 0.0
    for month in range(months):
        waiting += pipeline.get(month, 0.0)
        if month >= notice:
            done = waiting if capacity is None else min(waiting, capacity)
            waiting -= done
            earned += done
        yield earned


def months_to_replace(margin, pipeline, capacity=None):
    """Return after how many months the margin is replaced, or None if it never is."""
    if margin <= 0:
        return 0
    for month, earned in enumerate(earn_monthly(pipeline, capacity)):
        if earned >= margin - HAIR:
            return month + 1
    return None


def compare_monthly(yearly_margin, pipeline, capacity, horizon, notice):
    """Return a Month for each month of the horizon.

    A twelfth of the yearly margin is lost each month, once the notice is over.
    """
    return [
        Month(yearly_margin / 12 * max(0, month + 1 - notice), earned)
        for month, earned in enumerate(
            earn_monthly(pipeline, capacity, horizon, notice)
        )
    ]


def first_covered(months, notice):
    """Return from which month on what is lost is replaced until the end, or None.

    A month that is covered only until a later one is not does not count.
    """
    found = None
    for index in range(len(months) - 1, notice - 1, -1):
        if not months[index].is_covered:
            break
        found = index
    return found
