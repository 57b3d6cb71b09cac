"""Which part of a tracked history nobody has noted; plain values, no records."""

from dataclasses import dataclass


@dataclass
class DriftDay:
    """What one order's untaxed amount did in one day.

    tracked: what Odoo's tracking says; noted: what the register holds of that day;
    decided: what earlier proposals of that day said, accepted or ignored.
    """

    tracked: float = 0.0
    noted: float = 0.0
    decided: float = 0.0
    has_news: bool = False

    def get_rest(self):
        return self.tracked - self.decided - self.noted

    def get_plausible_rest(self):
        """The rest, never more than was tracked nor against its direction.

        What the register holds beyond the tracking was written without any.
        """
        left = self.tracked - self.decided
        return max(min(0.0, left), min(self.get_rest(), max(0.0, left)))


def get_drift(days, gap, noise):
    """Return {(day, again): amount} of what was tracked and is nowhere noted.

    days: {(day, again): DriftDay}; gap: by how much the order as it is differs from
    its baseline and the register, less what was ignored; noise: the cents by which
    the sum of lines and a total may differ. The gap decides where the days alone
    leave doubt, as after a change of the register was dated another day.
    """
    readings = [*_get_readings(days, noise)]
    for reading in readings:
        if abs(sum(reading.values()) - gap) <= noise:
            return reading
    # The register is whole, however it came to be; else the history has gaps.
    return {} if abs(gap) <= noise else readings[0]


def _get_readings(days, noise):
    """The ways to understand the days, the likeliest first."""
    news = {key: day for key, day in days.items() if day.has_news}
    plausible = _pick(news, DriftDay.get_plausible_rest, noise)
    noted_again = [day for (day, again), noted in days.items() if again and noted.noted]
    if noted_again:
        # Who noted that an order was confirmed again noted all that came before.
        last = max(noted_again)
        later = {key: value for key, value in plausible.items() if key[0] > last}
        same_day = {(last, False): plausible.get((last, False))}
        yield later
        yield later | {key: value for key, value in same_day.items() if value}
    elsewhere = [day.noted for day in days.values() if not day.tracked and day.noted]
    if elsewhere:
        yield _without(plausible, elsewhere, noise)
    yield plausible
    yield _pick(news, DriftDay.get_rest, noise)


def _pick(days, measure, noise):
    amounts = {key: measure(day) for key, day in days.items()}
    # A cent beside what is noted is rounding, which the register takes up.
    return {
        key: amount
        for key, amount in amounts.items()
        if abs(amount) > (noise if days[key].noted else 0.0) and round(amount, 6)
    }


def _without(amounts, noted, noise):
    """Leave out the amounts that were noted on a day without any tracking."""
    left, noted = {}, list(noted)
    for key, amount in amounts.items():
        match = next((value for value in noted if abs(value - amount) <= noise), None)
        if match is None:
            left[key] = amount
        else:
            noted.remove(match)
    return left
