import random
from datetime import timedelta

from freezegun import freeze_time

from .test_toxicity_tuning import TODAY, TuningCommon

CUSTOMERS = 25
ROUNDS = 12


@freeze_time(TODAY)
class TestPreviewIsTheTruth(TuningCommon):
    """Whatever is tuned: who the preview names, and nobody else, changes band then."""

    def setUp(self):
        super().setUp()
        self.draw = random.Random(20260310)
        self.recorded = self.env["toxicity.indicator"].search(
            [("origin", "=", "recorded"), ("is_ethical", "=", False)]
        ) - self.indicator("claim_unverified")
        for number in range(CUSTOMERS):
            self.make_story(self.make_customer(name=f"Customer {number}"))
        self.run_cron()

    def make_story(self, customer):
        for indicator in self.draw.sample(self.recorded, self.draw.randrange(4)):
            self.make_signal(
                indicator.code,
                partner_id=customer.id,
                severity=self.draw.choice("123"),
                date=TODAY - timedelta(self.draw.randrange(400)),
            )
        if self.draw.random() < 0.5:
            self.make_claim(
                self.draw.randrange(100, 200),
                partner_id=customer.id,
                topic="volume",
                verified_value=100,
            )
        if self.draw.random() < 0.5:
            due = TODAY - timedelta(self.draw.randrange(5, 300))
            self.make_invoice(100, due - timedelta(1), due, customer=customer)
        if self.draw.random() < 0.2 and self.get_score(customer):
            self.set_band(customer, self.draw.choice(["healthy", "toxic"]))

    def draw_proposal(self):
        watch, strained, toxic = sorted(self.draw.sample(range(1, 100), 3))
        lines = self.draw.sample(self.env["toxicity.indicator"].search([]), 12)
        weights = {
            indicator.code: self.draw.choice(
                [0, round(self.draw.uniform(0.05, 3), 2), indicator.weight]
            )
            for indicator in lines
        }
        return {
            "watch_threshold": watch,
            "strained_threshold": strained,
            "toxic_threshold": toxic,
            "window_days": self.draw.choice([30, 90, 365, 1000]),
            "claim_tolerance": self.draw.choice([0, 10, 20, 50, 100]),
            "weights": weights,
        }

    def get_bands(self):
        """{customer: (computed band, band that counts, score)} in the company."""
        scores = self.env["toxicity.score"].search(
            [("company_id", "=", self.company.id)]
        )
        return {
            score.partner_id: (score.band, score.current_band, score.score)
            for score in scores
        }

    def get_moves(self, before, after):
        """{customer: (old band, new band, old score, new score)} of those that moved.

        And the same of the computed bands of those whose own band was kept.
        """
        absent = ("unknown", "unknown", 0)
        moved, held = {}, {}
        for customer in before.keys() | after.keys():
            old = before.get(customer, absent)
            new = after.get(customer, absent)
            if old[1] != new[1]:
                moved[customer] = (old[1], new[1], old[2], new[2])
            elif old[0] != new[0]:
                held[customer] = (old[0], new[0], old[2], new[2])
        return moved, held

    def get_foreseen(self, moves):
        return {
            move.partner_id: (
                move.old_band,
                move.new_band,
                move.old_score,
                move.new_score,
            )
            for move in moves
        }

    def test_whoever_the_preview_names_changes_band_and_nobody_else(self):
        total = held_total = 0
        for number in range(ROUNDS):
            before = self.get_bands()
            tuning = self.open_tuning(**self.draw_proposal())
            tuning.action_preview()
            moves = tuning.move_ids.sudo()
            foreseen = self.get_foreseen(moves.filtered(lambda move: not move.is_held))
            kept = self.get_foreseen(moves.filtered("is_held"))
            self.assertEqual(self.get_bands(), before)
            tuning.action_publish()
            self.run_cron()
            moved, held = self.get_moves(before, self.get_bands())
            with self.subTest(round=number):
                self.assertEqual(foreseen, moved)
                self.assertEqual(kept, held)
            total += len(moved)
            held_total += len(held)
        # That it was worth the while
        self.assertGreater(total, 5 * ROUNDS)
        self.assertGreater(held_total, 0)
