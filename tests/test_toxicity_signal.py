from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from .common import ToxicityCommon


class TestToxicitySignal(ToxicityCommon):
    def test_a_salesperson_records_and_the_customer_is_scored_at_once(self):
        signal = self.make_signal("abusive", severity="3")
        self.assertRecordValues(
            signal, [{"user_id": self.salesperson.id, "state": "counted"}]
        )
        self.assertEqual(self.customer.toxicity_band, "watch")

    def test_a_signal_about_a_contact_adds_up_on_the_customer(self):
        contact = self.make_customer(
            name="Buyer", is_company=False, parent_id=self.customer.id
        )
        self.make_signal("abusive", partner_id=contact.id, severity="3")
        self.assertEqual(self.get_score().dimension_count, 1)
        self.assertFalse(self.get_score(contact))

    def test_a_colleague_without_the_group_cannot_record(self):
        with self.assertRaises(AccessError):
            self.make_signal("abusive", user=self.outsider)

    def test_a_signal_of_tomorrow_is_refused(self):
        tomorrow = fields.Date.add(fields.Date.today(), days=1)
        with self.assertRaisesRegex(ValidationError, "lies ahead"):
            self.make_signal("abusive", date=tomorrow)

    def test_a_signal_of_today_is_accepted(self):
        self.assertTrue(self.make_signal("abusive", date=fields.Date.today()))

    def test_a_signal_without_description_is_refused(self):
        for nothing in ("", "  \n"):
            with (
                self.subTest(description=nothing),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.make_signal("abusive", description=nothing)

    def test_a_signal_on_the_own_company_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "your own company"):
            self.make_signal("abusive", partner_id=self.company.partner_id.id)

    def test_a_signal_on_a_colleague_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "your own company"):
            self.make_signal("abusive", partner_id=self.outsider.partner_id.id)

    def test_a_contact_of_another_customer_is_refused(self):
        stranger = self.make_customer(name="Stranger")
        with self.assertRaisesRegex(ValidationError, "does not belong"):
            self.make_signal("abusive", contact_id=stranger.id)

    def test_a_measured_indicator_cannot_be_recorded(self):
        with self.assertRaisesRegex(ValidationError, "measured from Odoo"):
            self.make_signal("payment_delay")

    def test_an_unknown_severity_is_refused(self):
        with self.assertRaises(ValueError):
            self.make_signal("abusive", severity="0")

    def test_a_customer_with_evidence_cannot_be_deleted(self):
        customer = self.make_customer(name="Leaving")
        self.make_signal("abusive", partner_id=customer.id)
        with self.assertRaisesRegex(UserError, "archive it"):
            customer.unlink()

    def test_a_customer_without_evidence_can_be_deleted(self):
        customer = self.make_customer(name="Leaving")
        signal = self.make_signal("abusive", partner_id=customer.id)
        signal.with_user(self.manager).unlink()
        customer.unlink()
        self.assertFalse(customer.exists())

    def test_a_contested_signal_stops_counting_until_a_manager_decides(self):
        signal = self.make_signal("abusive", severity="3")
        other = self.make_user("other", "sales_team.group_sale_salesman_all_leads")
        wizard = (
            self.env["toxicity.signal.contest"]
            .with_user(other)
            .create({"signal_ids": signal.ids, "reason": "It was said in jest."})
        )
        wizard.action_confirm()
        self.assertEqual(self.customer.toxicity_band, "unknown")
        signal.with_user(self.manager).action_count()
        self.assertEqual(self.customer.toxicity_band, "watch")

    def test_the_author_cannot_decide_a_contested_signal(self):
        signal = self.make_signal("abusive")
        signal._contest("It was said in jest.")
        for refused in (
            signal.action_count,
            lambda: signal.write({"state": "counted"}),
        ):
            with self.assertRaisesRegex(AccessError, "Only a manager"):
                refused()

    def test_contesting_takes_a_reason(self):
        signal = self.make_signal("abusive")
        wizard = self.env["toxicity.signal.contest"].create(
            {"signal_ids": signal.ids, "reason": "  "}
        )
        with self.assertRaisesRegex(ValidationError, "why the signal is contested"):
            wizard.action_confirm()

    def test_a_withdrawn_signal_no_longer_counts(self):
        signal = self.make_signal("abusive", severity="3")
        signal.action_withdraw()
        self.assertEqual(self.customer.toxicity_band, "unknown")

    def test_a_colleague_cannot_change_what_another_recorded(self):
        signal = self.make_signal("abusive")
        other = self.make_user("other", "sales_team.group_sale_salesman_all_leads")
        with self.assertRaises(AccessError):
            signal.with_user(other).description = "Nothing happened."

    def test_nobody_records_in_the_name_of_another(self):
        with self.assertRaises(AccessError):
            self.make_signal("abusive", user_id=self.manager.id)

    def test_an_order_fills_customer_contact_and_company(self):
        contact = self.make_customer(
            name="Buyer", is_company=False, parent_id=self.customer.id
        )
        order = self.make_order((self.service_ordered, 1), partner_id=contact.id)
        values = (
            self.env["toxicity.signal"]
            .with_user(self.salesperson)
            .with_context(default_res_model="sale.order", default_res_id=order.id)
            .default_get(["partner_id", "contact_id", "company_id", "res_id"])
        )
        self.assertEqual(values["partner_id"], self.customer.id)
        self.assertEqual(values["contact_id"], contact.id)
        self.assertEqual(values["company_id"], self.company.id)

    def test_the_source_opens_from_the_signal(self):
        order = self.make_order((self.service_ordered, 1))
        signal = self.make_signal("abusive", res_model="sale.order", res_id=order.id)
        self.assertEqual(signal.source_name, order.display_name)
        self.assertEqual(signal.action_open_source()["res_id"], order.id)

    def test_a_deleted_source_says_so(self):
        order = self.make_order((self.service_ordered, 1), confirm=False)
        signal = self.make_signal("abusive", res_model="sale.order", res_id=order.id)
        order.unlink()
        with self.assertRaisesRegex(UserError, "was deleted"):
            signal.action_open_source()

    def test_a_source_of_any_other_model_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "cannot point to"):
            self.make_signal("abusive", res_model="ir.cron", res_id=1)


class TestToxicityIndicator(ToxicityCommon):
    def test_numbers_out_of_range_are_refused(self):
        cases = [
            {"weight": 0},
            {"weight": -1},
            {"weight": float("nan")},
            {"weight": float("inf")},
            {"cap": 0},
            {"half_life": 0},
            {"half_life": -10},
        ]
        for values in cases:
            with (
                self.subTest(values=values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.indicator("abusive").write(values)
                self.env.flush_all()

    def test_low_at_or_above_high_is_refused(self):
        for low, high in ((60, 60), (61, 60), (float("nan"), 60)):
            with (
                self.subTest(low=low, high=high),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.indicator("payment_delay").write({"low": low, "high": high})
                self.env.flush_all()

    def test_a_measured_indicator_needs_its_measure(self):
        with self.assertRaisesRegex(ValidationError, "no measure called"):
            self.env["toxicity.indicator"].create(
                {
                    "name": "Unlink everything",
                    "code": "unlink",
                    "origin": "measured",
                    "dimension": "effort",
                }
            )

    def test_a_user_cannot_change_a_weight(self):
        with self.assertRaises(AccessError):
            self.indicator("abusive").with_user(self.salesperson).weight = 2

    def test_a_changed_weight_has_all_customers_rescored_soon(self):
        cron = self.env.ref("toxic_customer_exit.ir_cron_rescore")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.indicator("abusive").with_user(self.manager).weight = 0.8
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]),
            triggers + 1,
        )
