"""Why a score moved between two days: decay, changed settings, new evidence.

Plain arithmetic over parts, without records. Each step leads from one total load to
the next, so that the three differences add up to the whole move exactly.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple


@dataclass(frozen=True)
class Setting:
    """How an indicator weighs: its origin, weight, cap, half-life (days), ramp."""

    origin: str
    weight: float
    cap: float
    half_life: int
    low: float
    high: float

    def get_load(self, part, days):
        """The load of what was found so many days ago, if nothing new was."""
        if self.origin == "recorded":
            intensity = part.intensity * 2 ** (-min(100, days / self.half_life))
        else:
            ramp = (part.value - self.low) / (self.high - self.low)
            intensity = min(1.0, max(0.0, ramp))
        return self.weight * min(self.cap, intensity)


SETTING_FIELDS = tuple(field.name for field in fields(Setting))


@dataclass(frozen=True)
class Part:
    """What one indicator found on a day: value, intensity x, load and its setting."""

    value: float
    intensity: float
    load: float
    setting: Setting


class Move(NamedTuple):
    """A move in points of the score; before + decay + settings + evidence = after."""

    before: float
    decay: float
    settings: float
    evidence: float
    after: float


def get_score(load):
    """The score of a total load: 100 × (1 − 2^(−load))."""
    return 100 * (1 - 2**-load)


def explain_move(then, now, settings, days):
    """Return the Move between two sets of parts of one axis.

    :param then: {code: Part} as kept in the snapshot
    :param now: {code: load} of today
    :param settings: {code: Setting} of the indicators that count today
    :param days: days between the two
    """
    decayed = weighed = 0.0
    for code, part in then.items():
        decayed += part.setting.get_load(part, days)
        if code in settings:
            weighed += settings[code].get_load(part, days)
    steps = [
        get_score(load)
        for load in (
            sum(part.load for part in then.values()),
            decayed,
            weighed,
            sum(now.values()),
        )
    ]
    return Move(
        before=steps[0],
        decay=steps[1] - steps[0],
        settings=steps[2] - steps[1],
        evidence=steps[3] - steps[2],
        after=steps[3],
    )
