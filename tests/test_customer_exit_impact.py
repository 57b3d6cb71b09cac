"""The impact of an exit against an independent computation over the records."""

from datetime import date, timedelta
from operator import attrgetter

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, tagged

from ..models.margin_replacement import months_to_replace
from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestMonthsToReplace(BaseCase):
    def test_the_pipeline_and_the_freed_hours_replace_the_margin(self):
        for expected, margin, pipeline, capacity in (
            (0, 0, {}, None),
            (0, -100, {}, 10),
            (None, 100, {}, None),
            (None, 100, {0: 99}, None),
            (1, 100, {0: 100}, None),
            (3, 100, {0: 50, 2: 50}, None),
            # as much as the freed hours earn a month, the rest waits
            (4, 100, {0: 1000}, 25),
            (5, 100, {1: 1000}, 25),
            (None, 100, {0: 60, 59: 30}, 25),
        ):
            with self.subTest(margin=margin, pipeline=pipeline, capacity=capacity):
                self.assertEqual(
                    months_to_replace(margin, pipeline, capacity), expected
                )


@tagged("post_install", "-at_install")
class TestCustomerExitImpact(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_customer(name="Kind Ltd")
        cls.strained = cls.make_customer(name="Strained Ltd")
        cls.contact = cls.make_customer(
            name="Boss", is_company=False, parent_id=cls.customer.id
        )
        today = cls.days_ago(0)
        cls.invoices = cls.make_invoice(1000, cls.days_ago(364), today)
        cls.invoices += cls.make_invoice(3000, today, today, cls.contact)
        cls.too_old = cls.make_invoice(9000, cls.days_ago(365), today)
        cls.others_invoices = cls.make_invoice(6000, today, today, cls.other)
        cls.others_invoices += cls.make_invoice(2000, today, today, cls.strained)
        cls.work = cls.make_work(12, cost=50)
        cls.work += cls.make_work(12, worked_on=cls.days_ago(364), cost=50)
        cls.make_work(100, worked_on=cls.days_ago(365), cost=50)
        cls.make_work(40, cls.other, cost=50)
        cls.make_work(200, cls.strained, cost=5)
        cls.make_signal(
            "asked_to_misrepresent", severity="3", partner_id=cls.strained.id
        )

    def make_lead(self, revenue, probability, months, **values):
        month = date.today().replace(day=1)
        closing = (month + timedelta(days=31 * months)).replace(day=15)
        return self.env["crm.lead"].create(
            {
                "name": "More advice",
                "type": "opportunity",
                "partner_id": self.other.id,
                "expected_revenue": revenue,
                "probability": probability,
                "date_deadline": closing,
                **values,
            }
        )

    # Numbers

    def test_revenue_margin_and_hours_are_those_of_a_year(self):
        # What work costs is for managers.
        exit_case = self.make_exit(state="draft").with_user(self.manager)
        self.assertEqual(self.get_score(self.strained).band, "strained")
        self.assertEqual(exit_case.impact_revenue, self.sum_untaxed(self.invoices))
        self.assertEqual(exit_case.impact_revenue, 4000)
        self.assertEqual(exit_case.impact_cost, 24 * 50)
        self.assertEqual(exit_case.impact_margin, 4000 - 24 * 50)
        self.assertEqual(exit_case.impact_hours, 24)
        self.assertEqual(exit_case.impact_hours_monthly, 2)

    def sum_untaxed(self, moves):
        return sum(
            (-1 if move.move_type == "out_refund" else 1) * move.amount_untaxed
            for move in moves
        )

    def test_the_share_before_is_theirs_and_after_that_of_the_largest_other(self):
        exit_case = self.make_exit(state="draft")
        everything = self.sum_untaxed(self.invoices + self.others_invoices)
        self.assertAlmostEqual(exit_case.impact_share, 4000 / everything)
        self.assertAlmostEqual(exit_case.impact_share_after, 6000 / (6000 + 2000))

    def test_many_exits_at_once_say_what_each_says_alone(self):
        """Against sums over the records, customer by customer."""
        today = self.days_ago(0)
        customers = self.customer + self.other + self.strained
        for number in range(6):
            customer = self.make_customer(name=f"Customer {number}")
            self.make_invoice(1000 + 333.33 * number, today, today, customer)
            if number % 2:
                self.make_work(19 + number, customer, cost=40 + number)
            customers += customer
        # Two that are as large, and one to whom more was given back than sold.
        self.make_invoice(6000, today, today, self.make_customer(name="As large"))
        self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": customers[-1].id,
                "invoice_date": today,
                "invoice_line_ids": [
                    Command.create({"name": "Sorry", "price_unit": 5000})
                ],
            }
        ).action_post()
        exits = self.env["customer.exit"].union(
            *(self.make_exit(customer, state="draft") for customer in customers)
        )
        years = exits._get_years_of_business()
        self.assertEqual(len(years), len(customers))
        for customer in customers:
            found = years[customer.id, self.company.id]
            for name, expected in self.sum_year(customer).items():
                with self.subTest(customer=customer.name, name=name):
                    value = attrgetter(name)(found)
                    self.assertAlmostEqual(value, expected, places=6)

    def sum_year(self, customer):
        """What YearOfBusiness says of a customer, from the records themselves."""
        sums = self.sum_customers()
        own = sums.pop(customer, (0.0, 0.0, 0.0))
        usual = [
            found
            for other, found in sums.items()
            if found[2] >= 20 and other != self.strained
        ]
        return {
            "theirs.revenue": own[0],
            "theirs.cost": own[1],
            "theirs.hours": own[2],
            "others.revenue": sum(found[0] for found in sums.values()),
            "largest_other": max(found[0] for found in sums.values()),
            "others.usual_revenue": sum(found[0] for found in usual),
            "others.usual_cost": sum(found[1] for found in usual),
            "others.usual_hours": sum(found[2] for found in usual),
        }

    def sum_customers(self):
        since, sums = self.days_ago(365), {}
        moves = self.env["account.move"].search(
            [
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "=", "posted"),
                ("company_id", "=", self.company.id),
                ("invoice_date", ">", since),
            ]
        )
        work = self.env["account.analytic.line"].search(
            [
                ("project_id", "!=", False),
                ("company_id", "=", self.company.id),
                ("date", ">", since),
            ]
        )
        entries = [
            (move.partner_id, (move.amount_untaxed_signed, 0.0, 0.0)) for move in moves
        ]
        entries += [
            (line.partner_id, (0.0, -line.amount, line.unit_amount)) for line in work
        ]
        for partner, entry in entries:
            customer = partner.commercial_partner_id
            known = sums.get(customer, (0.0, 0.0, 0.0))
            sums[customer] = tuple(map(sum, zip(known, entry, strict=True)))
        return sums

    def test_credit_notes_and_another_currency_count_in_company_currency(self):
        self.make_credit_note_of(500)
        dollar = self.setup_other_currency("EUR")
        rate = dollar._get_rates(self.company, self.days_ago(0))[dollar.id]
        invoice = self.make_invoice(
            1000, self.days_ago(0), self.days_ago(0), currency_id=dollar.id
        )
        exit_case = self.make_exit(state="draft")
        self.assertAlmostEqual(
            exit_case.impact_revenue, 4000 - 500 + invoice.amount_untaxed / rate
        )

    def make_credit_note_of(self, amount):
        credit_note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": self.days_ago(0),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Sorry",
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        credit_note.action_post()
        return credit_note

    def test_drafts_and_another_company_do_not_count(self):
        self.make_invoice(70, self.days_ago(0), self.days_ago(0)).button_draft()
        exit_case = self.make_exit(state="draft")
        self.assertEqual(exit_case.impact_revenue, 4000)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        exit_case.sudo().company_id = elsewhere
        self.assertEqual(exit_case.impact_revenue, 0)
        self.assertEqual(exit_case.impact_hours, 0)
        self.assertEqual(exit_case.impact_months_text, "Nothing to replace")

    def test_hours_in_days_are_converted(self):
        self.work.product_uom_id = self.env.ref("uom.product_uom_day")
        exit_case = self.make_exit(state="draft")
        self.assertEqual(exit_case.impact_hours, 24 * 8)

    # Months

    def test_months_to_replace_from_pipeline_and_freed_hours(self):
        # A usual hour leaves (6000 - 40 × 50) / 40 = 100: the 2 h of a month 200.
        # 2800 of margin, as soon as the pipeline is there, take 14 months.
        self.make_lead(100_000, 60, 0)
        exit_case = self.make_exit(state="draft")
        self.assertEqual(exit_case.impact_pipeline, 60_000)
        self.assertEqual(exit_case.impact_months, 14)
        self.assertEqual(exit_case.impact_months_text, "14 months")

    def test_what_closes_later_replaces_later(self):
        self.make_lead(100_000, 60, 3)
        self.assertEqual(self.make_exit(state="draft").impact_months, 14 + 3)

    def test_the_pipeline_of_the_customer_itself_replaces_nothing(self):
        self.make_lead(100_000, 60, 0, partner_id=self.contact.id)
        exit_case = self.make_exit(state="draft")
        self.assertEqual(exit_case.impact_pipeline, 0)
        self.assertFalse(exit_case.impact_is_replaced)
        self.assertEqual(exit_case.impact_months_text, "Not by the pipeline there is")

    def test_won_lost_undated_and_foreign_leads_replace_nothing(self):
        other_company = self.env["res.company"].create({"name": "Elsewhere"})
        self.make_lead(1000, 50, 0, date_deadline=False)
        self.make_lead(1000, 50, 0, company_id=other_company.id)
        self.make_lead(1000, 50, 0).action_set_lost()
        self.make_lead(1000, 50, 0).action_set_won()
        self.make_lead(1000, 50, 0, type="lead")
        self.assertEqual(self.make_exit(state="draft").impact_pipeline, 0)

    # Opening

    def open_impact(self, exit_case, code):
        action = exit_case.with_context(impact=code).action_open_impact()
        return (
            self.env[action["res_model"]]
            .with_user(exit_case.env.user)
            .with_context(**action["context"])
            .search(action["domain"])
            .sudo()
        )

    def test_each_number_opens_exactly_its_records(self):
        lead = self.make_lead(1000, 50, 1)
        order = self.make_order((self.service_delivered, 5), (self.service_ordered, 5))
        order.order_line[0].qty_delivered = 5
        exit_case = self.make_exit(state="draft").with_user(self.manager)
        everything = self.invoices + self.others_invoices
        for code, records in (
            ("revenue", self.invoices),
            ("portfolio", everything),
            ("portfolio_after", self.others_invoices),
            ("receivable", self.invoices + self.too_old),
            ("pipeline", lead),
            ("to_bill", order.order_line[0]),
        ):
            with self.subTest(code=code):
                self.assertEqual(self.open_impact(exit_case, code), records)
        hours = self.make_user(
            "hours",
            "hr_timesheet.group_hr_timesheet_approver,project.group_project_manager",
        )
        work = self.open_impact(exit_case.with_user(hours), "work")
        self.assertEqual(work, self.work)
        self.assertEqual(sum(work.mapped("unit_amount")), exit_case.impact_hours)

    def test_no_other_code_opens_anything(self):
        exit_case = self.make_exit(state="draft")
        for code in (False, "unlink", "_get_year"):
            with self.subTest(code=code), self.assertRaisesRegex(UserError, "figure"):
                exit_case.with_context(impact=code).action_open_impact()

    def test_an_outsider_opens_nothing(self):
        exit_case = self.make_exit(state="draft").with_user(self.outsider)
        with self.assertRaises(AccessError):
            exit_case.with_context(impact="revenue").action_open_impact()

    # Frozen

    def test_the_approval_keeps_the_figures_and_the_form_goes_on(self):
        self.make_lead(100_000, 60, 0)
        exit_case = self.make_exit(state="approved")
        self.make_invoice(500, self.days_ago(0), self.days_ago(0))
        self.make_work(6, cost=50)
        exit_case.invalidate_recordset()
        self.assertRecordValues(
            exit_case,
            [
                {
                    "approved_revenue": 4000,
                    "impact_revenue": 4500,
                    "approved_margin": 2800,
                    "impact_margin": 3000,
                    "approved_hours": 24,
                    "impact_hours": 30,
                    "approved_months_text": "14 months",
                    "approved_receivable": 13000,
                    "open_receivable": 13500,
                }
            ],
        )

    def test_nobody_writes_the_figures_of_the_approval(self):
        exit_case = self.make_exit(state="approved")
        with self.assertRaisesRegex(UserError, "cannot be written"):
            exit_case.approved_revenue = 1
        with self.assertRaisesRegex(UserError, "cannot be written"):
            self.make_exit(self.other, state="draft", approved_margin=1)

    # Vendors

    def test_a_customer_that_is_a_vendor_shows_it_and_keeps_its_bills(self):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.contact.id,
                "invoice_date": self.days_ago(0),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Rent",
                            "price_unit": 800,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        bill.action_post()
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        exit_case = self.make_exit()
        self.assertEqual(exit_case.open_payable, 800)
        self.assertEqual(self.open_impact(exit_case, "payable"), bill)
        exit_case.action_issue_final_invoice()
        self.assertRecordValues(
            bill, [{"state": "posted", "amount_residual": 800, "exit_id": False}]
        )

    # Cost, and who looks

    def test_fifty_exits_ask_no_more_than_one(self):
        exits = self.make_exit(state="draft")
        few = self.count_queries(exits)
        for number in range(15):
            exits += self.make_exit(
                self.make_customer(name=f"Customer {number}"), state="draft"
            )
        self.assertLessEqual(self.count_queries(exits), few + 2)

    def count_queries(self, exits):
        self.env.flush_all()
        self.env.invalidate_all()
        exits.mapped("company_id.currency_id.name")
        exits.mapped("commercial_partner_id.name")
        before = self.env.cr.sql_log_count
        exits.mapped("impact_revenue")
        exits.mapped("open_payable")
        return self.env.cr.sql_log_count - before

    def test_someone_who_only_delivers_sees_the_figures(self):
        consultant = self.make_user("consultant", "project.group_project_user")
        exit_case = self.make_exit(state="draft").with_user(consultant)
        with Form(exit_case) as form:
            self.assertEqual(form.impact_revenue, 4000)
