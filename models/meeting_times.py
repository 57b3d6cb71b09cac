"""When one can meet: times in, times out; all of them naive and in UTC."""

from datetime import datetime, timedelta

from odoo.tools.intervals import Intervals

STEP = timedelta(minutes=15)


def as_times(spans):
    """Intervals of (start, stop) pairs; those that touch become one."""
    return Intervals([(start, stop, frozenset()) for start, stop in spans])


def is_inside(windows, start, stop):
    """Whether a meeting lies in one of the windows, its whole length."""
    return any(opens <= start and stop <= closes for opens, closes, _ in windows)


def get_longest(windows):
    return max((closes - opens for opens, closes, _ in windows), default=timedelta())


def find_slots(windows, busy, duration, after, limit=3):
    """The next starts of a meeting of that length inside a window, and free."""
    slots = []
    for opens, closes, _ in windows - busy:
        start = round_up(max(opens, after))
        while start + duration <= closes and len(slots) < limit:
            slots.append(start)
            start = round_up(start + duration)
    return slots


def round_up(moment):
    """The next quarter of an hour: nobody meets at 9:07."""
    return moment + (datetime.min - moment) % STEP
