from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.addons.toxic_customer_exit.models import toxicity_score_engine

from .common import ToxicityCommon

TODAY = date(2026, 3, 10)


@freeze_time(TODAY)
class TestRepeat(ToxicityCommon):
    """A run over everyone on a day that has had one already."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Those of the installation are of a later day than the one of these tests.
        cls.env["toxicity.score.run"].sudo().search([]).unlink()

    def run_cron(self):
        """Rescore everyone; the run."""
        with self.enter_registry_test_mode():
            self.env.ref("toxic_customer_exit.ir_cron_rescore").method_direct_trigger()
        self.env.invalidate_all()
        return self.env["toxicity.score.run"].sudo().search([], limit=1)

    def make_late_invoice(self, customer):
        due = TODAY - timedelta(60)
        return self.make_invoice(100, due - timedelta(1), due, customer=customer)

    def read_lines(self, customer):
        lines = self.get_score(customer).line_ids
        return {line.indicator_id.code: line.load for line in lines}

    def test_the_first_run_of_a_day_is_no_repeat_and_the_second_is(self):
        with freeze_time(TODAY - timedelta(1)):
            self.run_cron()
        self.assertFalse(self.run_cron()._is_repeat())
        self.assertTrue(self.run_cron()._is_repeat())

    def test_after_a_change_of_the_settings_nothing_is_a_repeat(self):
        self.run_cron()
        self.company.toxicity_strained_threshold = 45
        self.assertFalse(self.run_cron()._is_repeat())

    def test_a_repeat_on_unchanged_data_writes_nothing(self):
        self.make_late_invoice(self.customer)
        self.make_signal("abusive", severity="3")
        self.run_cron()
        lines = self.read_lines(self.customer)
        self.assertEqual(self.run_cron().changed, 0)
        self.assertEqual(self.read_lines(self.customer), lines)
        self.assertIn("payment_delay", lines)

    def test_a_repeat_finds_who_moved_who_came_and_who_vanished(self):
        came, still, vanished = (
            self.make_customer(name=name) for name in ("Came", "Still", "Vanished")
        )
        self.make_late_invoice(still)
        gone = self.make_late_invoice(vanished)
        self.make_signal("abusive", severity="3")
        self.run_cron()
        before = self.read_lines(still)
        self.make_late_invoice(self.customer)
        self.make_late_invoice(came)
        gone.button_draft()
        run = self.run_cron()
        self.assertTrue(run._is_repeat())
        self.assertEqual(run.changed, 3)
        self.assertLess(
            {"abusive", "payment_delay"}, set(self.read_lines(self.customer))
        )
        self.assertEqual(self.read_lines(came), before)
        self.assertEqual(self.read_lines(still), before)
        self.assertFalse(self.get_score(vanished))
        self.assertEqual(came.toxicity_band, "watch")
        # What computes each from nothing finds all as the repeat has left them.
        engine = self.env["toxicity.score.engine"].sudo()
        everyone = self.customer | came | still | vanished
        self.assertEqual(engine._rescore_customers(everyone.ids), 0)

    def test_a_repeat_that_finds_many_moved_rescores_everyone(self):
        others = [self.make_customer(name=f"Other {number}") for number in range(3)]
        self.run_cron()
        for customer in others:
            self.make_late_invoice(customer)
        with patch.object(toxicity_score_engine, "FEW", 2):
            run = self.run_cron()
        self.assertTrue(run._is_repeat())
        self.assertEqual(run.changed, 3)
        self.assertIn("payment_delay", self.read_lines(others[0]))

    def test_another_reason_of_the_same_weight_is_seen(self):
        """Score, load and all sums are the same then: the parts alone tell."""
        one, other = self.indicator("abusive"), self.indicator("unplanned_time")
        other.write(
            {name: one[name] for name in ("weight", "half_life", "cap", "dimension")}
        )
        signal = self.make_signal("abusive", severity="3")
        self.run_cron()
        self.run_cron()
        score = self.get_score().score
        self.cr.execute(
            "UPDATE toxicity_signal SET indicator_id = %s WHERE id = %s",
            (other.id, signal.id),
        )
        run = self.run_cron()
        self.assertTrue(run._is_repeat())
        self.assertEqual(run.changed, 1)
        self.assertEqual(set(self.read_lines(self.customer)), {"unplanned_time"})
        self.assertEqual(self.get_score().score, score)


class TestManyAtOnce(ToxicityCommon):
    """Scores that are new, as all are after the installation."""

    def rescore_new(self, few):
        customer = self.make_customer(name="New")
        due = self.days_ago(60)
        self.make_invoice(100, due - timedelta(1), due, customer=customer)
        with patch.object(toxicity_score_engine, "FEW", few):
            self.assertTrue(self.rescore(customer))

    def read_counts(self):
        """How many scores there are, and how many PostgreSQL believes there are."""
        self.env.cr.execute(
            """
            SELECT (SELECT COUNT(*) FROM toxicity_score), reltuples
              FROM pg_class WHERE oid = 'toxicity_score'::regclass
            """
        )
        return self.env.cr.fetchone()

    def test_postgresql_knows_of_many_new_scores_before_they_are_committed(self):
        self.rescore_new(few=0)
        there_are, believed = self.read_counts()
        self.assertEqual(believed, there_are)

    def test_it_is_not_told_of_a_few(self):
        self.rescore_new(few=0)
        self.rescore_new(few=1)
        there_are, believed = self.read_counts()
        self.assertEqual(believed, there_are - 1)
