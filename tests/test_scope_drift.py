from odoo.tests import BaseCase

from odoo.addons.toxic_customer_exit.models.scope_drift import DriftDay, get_drift

CENT = 0.02
CASES = {
    "unseen": ({(1, False): (100, 0, 0)}, 100, {(1, False): 100}),
    "noted": ({(1, False): (100, 100, 0)}, 0, {}),
    "noted in part": ({(1, False): (100, 40, 0)}, 60, {(1, False): 60}),
    "decided": ({(1, False): (100, 0, 100)}, 0, {}),
    "there and back": (
        {(1, False): (100, 0, 0), (2, False): (-100, 0, 0)},
        0,
        {(1, False): 100, (2, False): -100},
    ),
    "noted for another day": (
        {(1, False): (100, 0, 0), (5, False): (0, 100, 0), (9, False): (7, 0, 0)},
        7,
        {(9, False): 7},
    ),
    "less unseen than was taken back": (
        {(1, False): (-50, 30, 0)},
        -80,
        {(1, False): -80},
    ),
    "noted with the confirmation, tracked by nothing": (
        {(1, False): (30, 100, 0)},
        0,
        {},
    ),
    "taken up by who confirmed again": (
        {(1, False): (20, 0, 0), (3, True): (50, 70, 0), (4, False): (5, 0, 0)},
        5,
        {(4, False): 5},
    ),
    "on the day of who confirmed again": (
        {(3, False): (9, 0, 0), (3, True): (50, 50, 0)},
        9,
        {(3, False): 9},
    ),
    "a cent of rounding": ({(1, False): (100.01, 100, 0)}, 0.01, {}),
    "a cent of its own": ({(1, False): (0.01, 0, 0)}, 0.01, {(1, False): 0.01}),
    "gaps that nobody tracked": ({(1, False): (100, 0, 0)}, 170, {(1, False): 100}),
}


class TestScopeDrift(BaseCase):
    def test_what_was_tracked_and_is_nowhere_noted(self):
        for name, (days, gap, expected) in CASES.items():
            with self.subTest(name):
                drift = get_drift(
                    {
                        key: DriftDay(*numbers, has_news=bool(numbers[0]))
                        for key, numbers in days.items()
                    },
                    gap,
                    CENT,
                )
                self.assertEqual(
                    {key: round(amount, 2) for key, amount in drift.items()}, expected
                )
