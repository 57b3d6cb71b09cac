from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import DECISION, ToxicityCommon


@tagged("post_install", "-at_install")
class TestCustomerExitReport(ToxicityCommon):
    def make_closed_exit(self, customer, regret=None):
        """Five days a draft, two approved, three of wrap-up, one until closed."""
        start = datetime.now() - timedelta(days=40)
        with freeze_time(start):
            exit_case = self.make_exit(customer, state="draft")
            exit_case = exit_case.with_user(self.manager)
            exit_case.write({**DECISION, "notice_days": 0})
            exit_case.sudo().date_closing_letter = start
        with freeze_time(start + timedelta(days=5)):
            exit_case.action_approve()
        with freeze_time(start + timedelta(days=7)):
            exit_case.action_start_wrap_up()
        with freeze_time(start + timedelta(days=10)):
            exit_case.settlement_reason = "Nothing left"
            exit_case.action_settle_without_invoice()
        with freeze_time(start + timedelta(days=11)):
            exit_case.action_close()
        if regret:
            exit_case.review_ids[0].sudo().write({"regret": regret, "state": "done"})
        return exit_case

    def read_report(self, exits, *measures):
        return (
            self.env["customer.exit.report"]
            .with_user(self.manager)
            ._read_group([("exit_id", "in", exits.ids)], [], measures)[0]
        )

    def test_the_steps_are_dated_and_measured(self):
        exit_case = self.make_closed_exit(self.customer)
        self.assertEqual(
            exit_case.step_ids.mapped("state"),
            ["draft", "approved", "wrap_up", "invoiced", "closed"],
        )
        for name, days in (
            ("draft", 5),
            ("approved", 2),
            ("wrap_up", 3),
            ("invoiced", 1),
            ("total", 11),
        ):
            (found,) = self.read_report(exit_case, f"days_{name}:avg")
            self.assertAlmostEqual(found, days, places=4)
        (options,) = self.read_report(exit_case, "days_options:avg")
        self.assertFalse(options)

    def test_retained_share_and_regret_count_those_that_came_so_far(self):
        exits = self.make_closed_exit(self.customer, "yes")
        exits += self.make_closed_exit(self.make_customer(name="Second"), "no")
        exits += self.make_closed_exit(self.make_customer(name="Third"))
        exits += self.make_exit(self.make_customer(name="Draft"), state="draft")
        stays = self.make_exit(self.make_customer(name="Stays"), state="draft")
        stays._move_to("retained")
        exits += stays
        retained, regret = self.read_report(
            exits, "retained_share:avg", "regret_rate:avg"
        )
        self.assertAlmostEqual(retained, 100 / 4)
        self.assertAlmostEqual(regret, 100 / 2)

    def test_the_last_review_tells_whether_it_is_regretted(self):
        exit_case = self.make_closed_exit(self.customer, "yes")
        exit_case.review_ids[2].sudo().write({"regret": "no", "state": "done"})
        self.assertEqual(self.read_report(exit_case, "regret_rate:avg"), (0,))

    def test_exits_are_counted_by_reason(self):
        self.make_signal("asked_to_misrepresent", severity="3")
        exit_case = self.make_exit(state="draft")
        groups = (
            self.env["customer.exit.report"]
            .with_user(self.manager)
            ._read_group(
                [("exit_id", "=", exit_case.id)],
                ["main_reason_id", "dimension"],
                ["__count"],
            )
        )
        indicator = self.indicator("asked_to_misrepresent")
        self.assertEqual(groups, [(indicator, "integrity", 1)])

    def test_the_analysis_is_for_managers(self):
        self.make_exit(state="draft")
        with self.assertRaises(AccessError):
            self.env["customer.exit.report"].with_user(self.salesperson).search([])

    def test_nobody_writes_the_history(self):
        exit_case = self.make_exit(state="draft")
        for user in (self.salesperson, self.manager):
            with self.assertRaises(AccessError):
                exit_case.with_user(user).step_ids.write({"date_to": False})

    # Reasons

    def test_the_reasons_of_the_score_are_filled_in(self):
        self.make_signal("asked_to_misrepresent", severity="3", date=self.days_ago(3))
        self.make_signal("abusive", severity="1")
        exits = self.env["customer.exit"].with_user(self.salesperson)
        with Form(exits.with_context(default_partner_id=self.customer.id)) as form:
            self.assertIn("strained", form.reasons)
            self.assertEqual(
                form.main_reason_id, self.indicator("asked_to_misrepresent")
            )
        reasons = form.record.reasons
        for text in (
            self.indicator("asked_to_misrepresent").name,
            self.indicator("abusive").name,
            "1 recorded",
        ):
            self.assertIn(text, reasons)
        # What was noted stays where it expires.
        self.assertNotIn("Said so in the meeting", reasons)

    def test_what_somebody_wrote_is_kept(self):
        self.make_signal("asked_to_misrepresent", severity="3")
        exit_case = self.make_exit(state="draft", reasons="<p>Late on 3 May</p>")
        self.assertIn("3 May", exit_case.reasons)
        self.make_signal("abusive", severity="3")
        exit_case.reasons = "<p>Late on 4 May</p>"
        exit_case.partner_id = self.make_customer(name="Other")
        self.assertIn("4 May", exit_case.reasons)

    def test_another_customer_has_other_reasons(self):
        self.make_signal("asked_to_misrepresent", severity="3")
        other = self.make_customer(name="Other")
        self.make_signal("abusive", severity="3", partner_id=other.id)
        exit_case = self.make_exit(state="draft")
        self.assertFalse(exit_case.has_own_reasons)
        exit_case.partner_id = other
        self.assertEqual(exit_case.main_reason_id, self.indicator("abusive"))
        self.assertIn(self.indicator("abusive").name, exit_case.reasons)
        self.assertNotIn("misrepresent", exit_case.reasons)
        exit_case.main_reason_id = self.indicator("confrontational")
        exit_case.partner_id = self.customer
        self.assertIn("misrepresent", exit_case.reasons)
        self.assertEqual(exit_case.main_reason_id, self.indicator("confrontational"))

    def test_the_form_fills_in_what_nobody_wrote(self):
        self.make_signal("asked_to_misrepresent", severity="3")
        other = self.make_customer(name="Other")
        self.make_signal("abusive", severity="3", partner_id=other.id)
        with Form(self.env["customer.exit"].with_user(self.salesperson)) as form:
            form.partner_id = self.customer
            self.assertIn("misrepresent", form.reasons)
            form.partner_id = other
            self.assertNotIn("misrepresent", form.reasons)
            self.assertEqual(form.main_reason_id, self.indicator("abusive"))
            form.reasons = "<p>Late on 3 May</p>"
            form.main_reason_id = self.indicator("confrontational")
            form.partner_id = self.customer
            self.assertIn("3 May", form.reasons)
            self.assertEqual(form.main_reason_id, self.indicator("confrontational"))
        with Form(form.record) as saved:
            saved.partner_id = other
            self.assertIn("3 May", saved.reasons)

    def test_a_customer_without_a_score_has_no_reasons_yet(self):
        exit_case = self.make_exit(state="draft")
        self.assertFalse(exit_case.reasons)
        self.assertFalse(exit_case.main_reason_id)

    def test_amounts_of_several_currencies_are_not_added_as_one(self):
        currency = self.setup_other_currency("CHF", rates=[("1900-01-01", 4.0)])
        abroad = self.env["res.company"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        self.env.user.company_ids += abroad
        exits = self.make_exit(state="draft")
        exits += self.env["customer.exit"].create(
            {"partner_id": self.customer.id, "company_id": abroad.id}
        )
        for exit_case, revenue in zip(exits.sudo(), (100, 400), strict=True):
            exit_case.write({"approved_revenue": revenue, "state": "approved"})
        self.env.flush_all()
        companies = [self.company.id, abroad.id]
        for model, name, field in (
            ("customer.exit.report", "revenue", "exit_id"),
            ("customer.exit", "approved_revenue", "id"),
        ):
            # What Odoo's pivots and lists ask for of an amount with a currency
            ((currencies, total),) = (
                self.env[model]
                .with_context(allowed_company_ids=companies)
                ._read_group(
                    [(field, "in", exits.ids)],
                    [],
                    ["currency_id:array_agg_distinct", f"{name}:sum_currency"],
                )
            )
            self.assertEqual(
                set(currencies), {self.company.currency_id.id, currency.id}
            )
            self.assertAlmostEqual(total, 100 + 400 / 4)
            described = self.env[model].fields_get([name])[name]
            self.assertEqual(described["currency_field"], "currency_id")
