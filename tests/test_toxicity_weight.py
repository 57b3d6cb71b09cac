from datetime import date, timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from .common import ToxicityCommon

TODAY = date(2026, 3, 10)


@freeze_time(TODAY)
class TestToxicityWeight(ToxicityCommon):
    def make_late_invoice(self):
        due = TODAY - timedelta(60)
        self.make_invoice(100, due - timedelta(1), due)

    def get_bar(self, code):
        bars = self.get_score().with_user(self.salesperson).explanation["bars"]
        name = self.indicator(code).name
        return next((bar for bar in bars if bar["name"] == name), None)

    def test_the_weight_of_the_company_decides_the_load(self):
        self.make_weight("abusive", 0.25)
        self.make_signal("abusive", severity="3")
        self.assertAlmostEqual(self.get_score().load, 0.25, 6)

    def test_without_one_of_its_own_the_default_holds(self):
        self.make_signal("abusive", severity="3")
        self.assertAlmostEqual(
            self.get_score().load, self.indicator("abusive").weight, 6
        )

    def test_other_companies_keep_the_default(self):
        other = self.setup_other_company()["company"]
        self.salesperson.company_ids = [Command.link(other.id)]
        self.make_weight("abusive", 0.25)
        for company in self.company + other:
            self.make_signal("abusive", severity="3", company_id=company.id)
        default = self.indicator("abusive").weight
        self.assertAlmostEqual(self.get_score().load, 0.25, 6)
        self.assertAlmostEqual(self.get_score(company=other).load, default, 6)

    def test_a_weight_of_zero_takes_the_indicator_out_as_archiving_does(self):
        self.make_late_invoice()
        self.make_signal("abusive", severity="3")
        self.make_weight("payment_delay", 0)
        self.make_weight("abusive", 0)
        tuned = self.rescore()
        values = [tuned.score, tuned.credit, tuned.coverage, tuned.has_person_word]
        codes = tuned.line_ids.mapped("indicator_id.code")
        self.env["toxicity.weight"].sudo().search([]).unlink()
        for code in ("payment_delay", "abusive"):
            self.indicator(code).active = False
        archived = self.rescore()
        self.assertEqual(
            [
                archived.score,
                archived.credit,
                archived.coverage,
                archived.has_person_word,
            ],
            values,
        )
        self.assertEqual(archived.line_ids.mapped("indicator_id.code"), codes)

    def test_whom_nothing_else_is_known_about_is_not_known_then(self):
        self.make_signal("abusive", severity="3")
        self.make_weight("abusive", 0)
        self.assertFalse(self.rescore())
        self.assertEqual(self.customer.toxicity_band, "unknown")

    def test_coverage_counts_the_measures_that_count_in_the_company(self):
        self.make_late_invoice()
        measured = self.env["toxicity.indicator"].search([("origin", "=", "measured")])
        self.assertAlmostEqual(self.rescore().coverage, 3 / len(measured), 4)
        self.make_weight("payment_delay", 0)
        self.make_weight("rework", 0)
        self.make_weight("abusive", 0)
        self.assertAlmostEqual(self.rescore().coverage, 2 / (len(measured) - 2), 4)

    def test_an_archived_measure_without_weight_is_left_out_once(self):
        self.make_late_invoice()
        self.make_weight("rework", 0)
        coverage = self.rescore().coverage
        self.indicator("rework").active = False
        self.assertEqual(self.rescore().coverage, coverage)

    def test_the_scoring_tab_says_what_the_indicator_weighs(self):
        self.make_weight("abusive", 0.25)
        self.make_signal("abusive", severity="3")
        self.assertEqual(self.get_bar("abusive")["weight"], 0.25)

    def test_a_snapshot_keeps_the_weight_of_the_company(self):
        self.make_weight("abusive", 0.85)
        self.make_signal("abusive", severity="3")
        parts = self.get_score().snapshot_ids.parts
        self.assertEqual(parts["abusive"]["weight"], 0.85)

    def test_another_weight_shows_as_changed_settings_and_nothing_else(self):
        self.make_signal("abusive", severity="3")
        with freeze_time(TODAY + timedelta(1)):
            self.make_weight("abusive", 0.2)
            self.rescore()
            move = self.get_score().explanation["move"]
        self.assertLess(move["settings"], -20)
        self.assertAlmostEqual(move["evidence"], 0, 3)
        total = move["before"] + move["decay"] + move["settings"] + move["evidence"]
        self.assertAlmostEqual(total, move["after"], 9)

    def test_a_failed_measure_that_does_not_count_leaves_no_score_incomplete(self):
        self.indicator("rework").failure = "broken"
        names = self.env["toxicity.indicator"]._get_failed_names
        self.assertEqual(names(self.company), self.indicator("rework").name)
        self.make_weight("rework", 0)
        self.assertFalse(names(self.company))

    def test_the_indicator_says_what_it_weighs_here(self):
        indicator = self.indicator("abusive").with_user(self.salesperson)
        default = indicator.weight
        self.assertRecordValues(
            indicator, [{"company_weight": default, "has_own_weight": False}]
        )
        self.make_weight("abusive", 0)
        self.assertRecordValues(
            indicator, [{"company_weight": 0, "has_own_weight": True}]
        )

    @mute_logger("odoo.sql_db")
    def test_weights_out_of_range_are_refused(self):
        for weight in (-0.1, 10.1, float("nan"), float("inf")):
            with (
                self.subTest(weight=weight),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.make_weight("abusive", weight)
        self.make_weight("abusive", 10)

    @mute_logger("odoo.sql_db")
    def test_an_indicator_has_one_weight_in_a_company(self):
        self.make_weight("abusive", 1)
        with self.assertRaises(UniqueViolation), self.cr.savepoint():
            self.make_weight("abusive", 2)

    def test_users_read_weights_and_nobody_sets_one_without_a_preview(self):
        weight = self.make_weight("abusive", 1)
        self.assertEqual(weight.with_user(self.salesperson).weight, 1)
        for user in (self.salesperson, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                weight.with_user(user).weight = 2
        with self.assertRaises(AccessError):
            weight.with_user(self.outsider).read(["weight"])

    def test_a_weight_has_all_customers_rescored_soon(self):
        cron = self.env.ref("toxic_customer_exit.ir_cron_rescore")
        domain = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search_count(domain)
        weight = self.make_weight("abusive", 1)
        weight.weight = 2
        weight.unlink()
        self.assertEqual(self.env["ir.cron.trigger"].search_count(domain), before + 3)
