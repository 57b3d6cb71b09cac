"""What was measured: its middle, its spread, and whether it keeps its bound."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A median with the quartiles around it."""

    middle: float
    low: float
    high: float

    def show(self, digits):
        low, high = f"{self.low:.{digits}f}", f"{self.high:.{digits}f}"
        return f"{self.middle:.{digits}f}", f"{low} … {high}"


def spread_of(values):
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(middle, low, high)


def ratios_of(pairs):
    """The spread of ours ÷ theirs, pair by pair: both halves met the same weather.

    What disturbs the machine for a while disturbs both halves of a pair.
    """
    return spread_of([ours / theirs for ours, theirs in pairs])


@dataclass(frozen=True)
class Result:
    """One line of the report; without a bound it is only told."""

    name: str
    value: str
    spread: str = ""
    bound: str = ""
    kept: bool = True

    def line(self):
        verdict = "" if not self.bound else "ok" if self.kept else "OVER"
        return (
            f"{self.name:<66} {self.bound:>9} {self.value:>12}"
            f"  {self.spread:<22} {verdict}"
        ).rstrip()


def ratio_result(name, pairs, bound=None):
    spread = ratios_of(pairs)
    value, quartiles = spread.show(2)
    if bound is None:
        return Result(name, value, quartiles)
    return Result(name, value, quartiles, f"≤ {bound:g}", spread.middle <= bound)


def most_result(name, values, bound, unit=""):
    """The greatest of the values keeps the bound."""
    worst = max(values)
    value = f"{worst:.0f}{unit}"
    spread = f"{min(values):.0f} … {worst:.0f}"
    return Result(name, value, spread, f"≤ {bound:g}{unit}", worst <= bound)


def time_result(name, seconds):
    value, quartiles = spread_of([1000 * each for each in seconds]).show(1)
    return Result(name, f"{value} ms", quartiles)
