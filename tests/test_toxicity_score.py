import math
from datetime import date, timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import SQL, mute_logger

from .common import ToxicityCommon

TODAY = date(2026, 3, 10)
ENGINE = "odoo.addons.toxic_customer_exit.models.toxicity_score_engine_parts"


def decayed(signals, half_life, today=TODAY):
    """Σ severity × 2^(−age ÷ half-life) over (severity 1..3, date)."""
    return sum(
        severity / 3 * 2 ** (-(today - day).days / half_life)
        for severity, day in signals
    )


def to_score(load):
    return 100 * (1 - 2**-load)


@freeze_time(TODAY)
class TestFormula(ToxicityCommon):
    def test_score_and_credit_follow_the_formula(self):
        abusive = self.indicator("abusive")
        claim = self.indicator("claim_unverified")
        refers = self.indicator("refers_others")
        signals = {
            abusive: [(3, TODAY), (1, TODAY - timedelta(40))],
            claim: [(2, TODAY - timedelta(365))],
            refers: [(2, TODAY - timedelta(10)), (3, TODAY - timedelta(800))],
        }
        for indicator, rows in signals.items():
            for severity, day in rows:
                self.make_signal(indicator.code, severity=str(severity), date=day)
        loads = {
            indicator: indicator.weight
            * min(indicator.cap, decayed(rows, indicator.half_life))
            for indicator, rows in signals.items()
        }
        score = self.get_score()
        for line in score.line_ids:
            self.assertAlmostEqual(line.load, loads[line.indicator_id], 5)
        strain = loads[abusive] + loads[claim]
        self.assertAlmostEqual(score.load, strain, 5)
        self.assertAlmostEqual(score.score, to_score(strain), 2)
        self.assertAlmostEqual(score.credit, to_score(loads[refers]), 2)

    def test_repeated_signals_count_up_to_the_cap(self):
        for _each in range(4):
            self.make_signal("abusive", severity="3")
        indicator = self.indicator("abusive")
        self.assertAlmostEqual(
            self.get_score().load, indicator.weight * indicator.cap, 5
        )

    def test_a_measured_value_counts_between_low_and_high(self):
        # (value − low) ÷ (high − low), held between 0 and 1
        for days_late, intensity in ((5, 0), (3, 0), (32, 27 / 55), (60, 1), (90, 1)):
            customer = self.make_customer(name=f"{days_late} days late")
            due = TODAY - timedelta(days_late)
            self.make_invoice(100, due - timedelta(1), due, customer=customer)
            line = self.rescore(customer).line_ids.filtered(
                lambda line: line.indicator_id.code == "payment_delay"
            )
            with self.subTest(days_late=days_late):
                self.assertAlmostEqual(line.value, days_late, 5)
                self.assertAlmostEqual(line.intensity, intensity, 5)
                self.assertAlmostEqual(
                    line.load, line.indicator_id.weight * intensity, 5
                )

    def test_only_measures_with_data_make_lines_and_coverage(self):
        self.make_invoice(100, TODAY - timedelta(60), TODAY - timedelta(30))
        score = self.rescore()
        measured = self.env["toxicity.indicator"].search_count(
            [("origin", "=", "measured")]
        )
        self.assertEqual(
            set(score.line_ids.mapped("indicator_id.code")),
            {"payment_delay", "prompt_payment", "credit_note_share"},
        )
        self.assertAlmostEqual(score.coverage, 3 / measured, 4)

    def test_an_archived_indicator_no_longer_counts(self):
        self.make_signal("abusive", severity="3")
        self.indicator("abusive").active = False
        self.assertFalse(self.rescore())

    def test_extreme_age_and_many_signals_stay_finite(self):
        self.indicator("abusive").half_life = 1
        self.make_signal("abusive", date=date(1900, 1, 1))
        self.make_signal("confrontational", severity="3")
        score = self.get_score()
        self.assertTrue(math.isfinite(score.load))
        self.assertLess(score.score, 100)

    def test_companies_are_scored_apart(self):
        other = self.setup_other_company()["company"]
        self.salesperson.company_ids = [Command.link(other.id)]
        self.make_signal("abusive", severity="3", company_id=other.id)
        self.assertFalse(self.get_score())
        self.assertTrue(self.get_score(company=other))
        self.assertEqual(self.customer.with_company(other).toxicity_band, "watch")
        self.assertEqual(self.customer.toxicity_band, "unknown")


@freeze_time(TODAY)
class TestWhoIsNoCustomer(ToxicityCommon):
    def revoke_access(self, contact):
        user = new_test_user(
            self.env, "left", "base.group_portal", partner_id=contact.id
        )
        wizard = self.env["portal.wizard"].create(
            {"partner_ids": [Command.set(contact.ids)]}
        )
        wizard.user_ids.action_revoke_access()
        self.assertTrue(user._is_public())

    def make_late_invoice(self, partner):
        self.make_invoice(
            100, TODAY - timedelta(60), TODAY - timedelta(30), customer=partner
        )

    def test_a_contact_without_access_any_more_still_counts_for_its_customer(self):
        contact = self.make_customer(
            name="Left", parent_id=self.customer.id, is_company=False
        )
        contact.email = "left@example.com"
        self.revoke_access(contact)
        self.make_late_invoice(contact)
        self.assertIn(
            "payment_delay", self.rescore().line_ids.mapped("indicator_id.code")
        )
        self.make_signal("abusive", contact_id=contact.id)

    def test_a_customer_without_access_any_more_is_still_scored(self):
        person = self.make_customer(
            name="Left", is_company=False, email="left@example.com"
        )
        self.revoke_access(person)
        self.make_late_invoice(person)
        self.assertTrue(self.rescore(person))
        self.make_signal("abusive", partner_id=person.id)

    def test_anonymous_visitors_are_never_scored(self):
        # The company's has the group only, as a customer without access any more.
        visitors = (
            self.env.ref("base.public_user")
            | self.setup_other_company()["company"]._get_public_user()
        )
        # sudo: visitors of the other company are looked at here, too
        for visitor in visitors.sudo():
            with self.subTest(login=visitor.login):
                self.assertTrue(visitor._is_public())
                partner = visitor.partner_id.sudo(False)
                self.make_late_invoice(partner)
                self.assertFalse(self.rescore(partner))
                with self.assertRaisesRegex(ValidationError, "your own company"):
                    self.make_signal("abusive", partner_id=partner.id)

    def test_colleagues_are_never_scored(self):
        self.make_late_invoice(self.outsider.partner_id)
        self.assertFalse(self.rescore(self.outsider.partner_id))


@freeze_time(TODAY)
class TestBands(ToxicityCommon):
    def test_without_any_data_the_band_is_unknown(self):
        self.assertFalse(self.rescore())
        self.assertEqual(self.customer.toxicity_band, "unknown")

    def make_all_measures_high(self):
        due = TODAY - timedelta(90)
        self.make_invoice(1000, due - timedelta(1), due)
        self.make_order((self.service_ordered, 10, 100, 60))
        self.env["toxicity.indicator"].search([("origin", "=", "measured")]).weight = 3

    def test_a_machine_alone_never_calls_anyone_toxic(self):
        self.make_all_measures_high()
        score = self.rescore()
        self.assertGreater(score.score, 75)
        self.assertRecordValues(score, [{"band": "strained", "capped_by": "person"}])

    def test_with_a_persons_word_in_another_dimension_it_is_toxic(self):
        self.make_all_measures_high()
        self.make_signal("abusive", severity="1")
        self.assertRecordValues(
            self.get_score(), [{"band": "toxic", "capped_by": False}]
        )

    def test_one_dimension_alone_is_never_toxic(self):
        for code in ("claim_unverified", "staff_unable", "asked_to_misrepresent"):
            self.make_signal(code, severity="3")
        score = self.get_score()
        self.assertGreater(score.score, 75)
        self.assertRecordValues(score, [{"band": "strained", "capped_by": "dimension"}])

    def test_a_credit_signal_does_not_corroborate(self):
        self.make_all_measures_high()
        self.make_signal("refers_others", severity="3")
        self.assertEqual(self.get_score().band, "strained")

    def test_a_band_is_left_downwards_only_three_points_below(self):
        indicator = self.indicator("abusive")
        self.make_signal("abusive", severity="3")
        # x is 1, so that the weight is the load
        for wanted, band in ((26, "watch"), (22.5, "watch"), (21.9, "healthy")):
            indicator.weight = -math.log2(1 - wanted / 100)
            self.assertRecordValues(self.rescore(), [{"score": wanted, "band": band}])

    def test_coming_from_below_the_threshold_itself_decides(self):
        indicator = self.indicator("abusive")
        indicator.weight = -math.log2(1 - 22.5 / 100)
        self.make_signal("abusive", severity="3")
        self.assertEqual(self.get_score().band, "healthy")

    def test_thresholds_are_those_of_the_company(self):
        self.make_signal("abusive", severity="3")
        self.company.toxicity_strained_threshold = 45
        self.assertEqual(self.rescore().band, "strained")

    def test_a_manager_sets_the_band_beside_the_computed_one(self):
        self.make_signal("abusive", severity="3")
        score = self.get_score()
        score.with_user(self.manager).write(
            {
                "band_override": "healthy",
                "band_override_until": TODAY + timedelta(30),
                "band_override_reason": "A misunderstanding, cleared up.",
            }
        )
        self.assertRecordValues(score, [{"band": "watch", "current_band": "healthy"}])
        self.assertEqual(self.customer.toxicity_band, "healthy")

    def test_an_override_without_reason_or_end_is_refused(self):
        self.make_signal("abusive", severity="3")
        score = self.get_score().with_user(self.manager)
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            score.write({"band_override": "healthy"})
            score.flush_recordset()

    def test_an_override_ends_on_its_day(self):
        self.make_signal("abusive", severity="3")
        score = self.get_score()
        score.write(
            {
                "band_override": "healthy",
                "band_override_until": TODAY,
                "band_override_reason": "A misunderstanding, cleared up.",
            }
        )
        with freeze_time(TODAY + timedelta(1)):
            self.env["toxicity.score"].sudo()._end_expired_overrides()
        self.assertEqual(score.current_band, "watch")

    def test_nobody_writes_a_score_by_hand(self):
        self.make_signal("abusive", severity="3")
        for user, values in (
            (self.manager, {"score": 0}),
            (self.manager, {"band": "healthy"}),
            (self.salesperson, {"band_override": "healthy"}),
        ):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.get_score().with_user(user).write(values)

    def test_class_is_read_from_both_axes(self):
        customers = {
            "regular": [],
            "draining": ["asked_to_misrepresent"],
            "preferred": ["refers_others", "long_standing"],
            "demanding": ["asked_to_misrepresent", "refers_others", "long_standing"],
        }
        for name, codes in customers.items():
            customer = self.make_customer(name=name)
            for code in ["unplanned_time", *codes]:
                self.make_signal(code, partner_id=customer.id, severity="3")
            self.assertEqual(customer.customer_class, name)


@freeze_time(TODAY)
class TestEngine(ToxicityCommon):
    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("toxic_customer_exit.ir_cron_rescore").method_direct_trigger()
        self.env.invalidate_all()

    def test_the_nightly_run_scores_every_customer(self):
        late = self.make_customer(name="Late")
        due = TODAY - timedelta(60)
        self.make_invoice(100, due - timedelta(1), due, customer=late)
        self.run_cron()
        self.assertEqual(late.toxicity_band, "watch")
        run = self.env["toxicity.score.run"].search([], limit=1)
        self.assertTrue(run.finished_at)

    def test_an_interrupted_run_goes_on_where_it_stopped(self):
        self.env["toxicity.score.run"].sudo().create(
            {"position": self.env["res.partner"].search([], order="id desc").ids[0]}
        )
        late = self.make_customer(name="Late")
        due = TODAY - timedelta(60)
        self.make_invoice(100, due - timedelta(1), due)
        self.make_invoice(100, due - timedelta(1), due, customer=late)
        self.run_cron()
        self.assertEqual(late.toxicity_band, "watch")
        self.assertEqual(self.customer.toxicity_band, "unknown")

    def test_changed_settings_begin_an_interrupted_run_anew(self):
        self.make_signal("abusive", severity="3")
        last = self.env["res.partner"].search([], order="id desc", limit=1)
        stopped = self.env["toxicity.score.run"].sudo().create({"position": last.id})
        self.company.toxicity_strained_threshold = 45
        self.run_cron()
        self.assertEqual(self.get_score().band, "strained")
        self.assertTrue(stopped.finished_at)

    def test_a_second_run_on_unchanged_data_writes_nothing(self):
        self.make_signal("abusive", severity="3")
        self.make_order((self.service_ordered, 10, 100, 20))
        engine = self.env["toxicity.score.engine"].sudo()
        self.assertTrue(engine._rescore_customers(self.customer.ids))
        self.assertEqual(engine._rescore_customers(self.customer.ids), 0)

    def test_scoring_writes_no_partner(self):
        before = self.customer.write_date
        self.cr.execute("SELECT xmin FROM res_partner WHERE id = %s", self.customer.ids)
        row = self.cr.fetchone()
        self.make_signal("abusive", severity="3")
        self.cr.execute("SELECT xmin FROM res_partner WHERE id = %s", self.customer.ids)
        self.assertEqual(self.cr.fetchone(), row)
        self.assertEqual(self.customer.write_date, before)

    def test_the_cost_does_not_grow_with_the_customers(self):
        def count(customers):
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            self.env["toxicity.score"]._rescore(customers)
            return self.cr.sql_log_count - start

        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(51)]
        )
        for customer in customers:
            self.make_signal("abusive", partner_id=customer.id)
        self.indicator("abusive").weight = 0.91
        few = count(customers[0])
        self.assertLessEqual(count(customers[1:]), few)

    def test_a_band_change_leaves_a_snapshot_with_its_parts(self):
        self.make_signal("abusive", severity="3")
        snapshot = self.get_score().snapshot_ids
        self.assertRecordValues(snapshot, [{"date": TODAY, "band": "watch"}])
        self.assertEqual(set(snapshot.parts), {"abusive"})

    def test_the_first_run_of_a_month_keeps_the_last_months_end(self):
        self.make_signal("abusive", severity="3")
        score = self.get_score()
        self.env.flush_all()
        self.cr.execute(
            "UPDATE toxicity_score SET create_date = %s WHERE id = %s",
            (TODAY, score.id),
        )
        then = score.score
        with freeze_time(date(2026, 4, 2)):
            self.rescore()
            self.rescore()
        month_end = score.snapshot_ids.filtered(lambda s: s.date == date(2026, 3, 31))
        self.assertRecordValues(month_end, [{"score": then}])
        self.assertLess(score.score, then)

    def test_the_trend_compares_with_four_weeks_ago(self):
        self.make_signal("unplanned_time", severity="1")
        self.assertFalse(self.get_score().trend)
        with freeze_time(TODAY + timedelta(30)):
            self.make_signal("abusive", severity="3")
            self.assertEqual(self.get_score().trend, "rising")
        with freeze_time(TODAY + timedelta(900)):
            self.assertEqual(self.rescore().trend, "falling")

    def test_own_companies_and_colleagues_are_never_scored(self):
        colleague = self.outsider.partner_id
        due = TODAY - timedelta(60)
        for partner in (self.company.partner_id, colleague):
            self.make_invoice(100, due - timedelta(1), due, customer=partner)
            self.assertFalse(self.rescore(partner))

    def test_a_portal_customer_is_scored(self):
        portal = self.make_user("portal", "base.group_portal")
        due = TODAY - timedelta(60)
        self.make_invoice(100, due - timedelta(1), due, customer=portal.partner_id)
        self.assertTrue(self.rescore(portal.partner_id))

    def test_a_customer_that_joins_another_is_no_longer_scored_apart(self):
        self.make_signal("abusive", severity="3")
        parent = self.make_customer(name="Parent")
        self.customer.write({"is_company": False, "parent_id": parent.id})
        self.env["toxicity.score"]._rescore(parent)
        self.env["toxicity.score.engine"].sudo()._rescore_customers(self.customer.ids)
        self.assertFalse(self.get_score())
        self.assertEqual(self.get_score(parent).band, "watch")

    @mute_logger("odoo.sql_db")
    def test_thresholds_out_of_order_are_refused(self):
        for values in (
            {"toxicity_watch_threshold": 60},
            {"toxicity_toxic_threshold": 100},
            {"toxicity_watch_threshold": 0},
            {"toxicity_window_days": 0},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.company.write(values)
                self.env.flush_all()


@freeze_time(TODAY)
class TestBrokenMeasures(ToxicityCommon):
    def break_measure(self, code, sql):
        self.patch(
            self.registry["toxicity.measure"],
            f"_measure_{code}",
            lambda measure: SQL(sql),
        )

    def test_a_broken_measure_is_named_and_the_others_still_count(self):
        due = TODAY - timedelta(60)
        self.make_invoice(100, due - timedelta(1), due)
        self.make_order((self.service_ordered, 10, 100, 20))
        self.break_measure("discount_share", "SELECT no_such_column")
        with self.assertLogs(ENGINE, "ERROR") as log, mute_logger("odoo.sql_db"):
            score = self.rescore()
        self.assertIn("discount_share", log.output[0])
        codes = score.line_ids.mapped("indicator_id.code")
        self.assertIn("payment_delay", codes)
        self.assertNotIn("discount_share", codes)
        self.assertIn("no_such_column", self.indicator("discount_share").failure)
        customer = self.customer.with_user(self.salesperson)
        missing = customer.toxicity_explanation["missing"]
        self.assertEqual(missing, "Discount demanded")

    def test_a_mended_measure_is_no_longer_named(self):
        self.indicator("discount_share").failure = "broken"
        self.make_signal("abusive")
        self.assertFalse(self.indicator("discount_share").failure)
        self.assertFalse(self.customer.toxicity_explanation["missing"])

    def test_no_value_that_is_not_a_number_enters_a_score(self):
        self.make_signal("abusive")
        for value in ("'NaN'", "'Infinity'", "'-Infinity'"):
            self.break_measure(
                "discount_share",
                "SELECT customer_id AS partner_id, company_id,"
                f" {value}::float8 AS value FROM customer, setting",
            )
            codes = self.rescore().line_ids.mapped("indicator_id.code")
            self.assertNotIn("discount_share", codes)

    def test_the_greatest_loads_that_settings_allow_stay_below_one_hundred(self):
        indicators = self.env["toxicity.indicator"].search(
            [("origin", "=", "recorded")]
        )
        indicators.write({"weight": 10, "cap": 10, "half_life": 1})
        for indicator in indicators:
            for _each in range(31):
                self.make_signal(indicator.code, severity="3")
        score = self.get_score()
        self.assertTrue(math.isfinite(score.load))
        self.assertLessEqual(score.score, 100)
        self.assertLessEqual(score.credit, 100)
