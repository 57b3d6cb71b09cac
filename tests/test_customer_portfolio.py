from datetime import date

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.toxic_customer_exit.models.customer_portfolio import ASKED

from .common import ToxicityCommon

TODAY = date(2026, 8, 20)


@tagged("post_install", "-at_install")
class TestCustomerPortfolio(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(TODAY))

    @property
    def portfolio(self):
        self.env["customer.portfolio"].invalidate_model()
        return self.env["customer.portfolio"].with_user(self.manager)

    def get_rows(self, customer=None):
        customer = customer or self.customer
        return self.portfolio.search(
            [("commercial_partner_id", "=", customer.id)], order="date"
        )

    def make_year(self):
        """A quarter of 1000 billed and 10 hours at 40, and one of 500 and 40 hours."""
        self.make_invoice(1000, date(2026, 2, 3), date(2026, 3, 3))
        self.make_work(10, worked_on=date(2026, 3, 31))
        self.make_invoice(500, date(2026, 4, 1), date(2026, 5, 1))
        self.make_work(40, worked_on=date(2026, 6, 30))

    # -- rows --------------------------------------------------------------------------

    def test_a_row_is_what_a_customer_brought_and_took_in_a_quarter(self):
        self.make_year()
        rows = self.get_rows()
        self.assertRecordValues(
            rows,
            [
                {
                    "date": date(2026, 1, 1),
                    "quarter": "Q1 2026",
                    "invoiced": 1000,
                    "timesheet_cost": 400,
                    "margin": 600,
                    "hours": 10,
                    "margin_per_hour": 60,
                    "company_id": self.company.id,
                    "currency_id": self.company.currency_id.id,
                },
                {
                    "date": date(2026, 4, 1),
                    "quarter": "Q2 2026",
                    "invoiced": 500,
                    "timesheet_cost": 1600,
                    "margin": -1100,
                    "hours": 40,
                    "margin_per_hour": -27.5,
                    "company_id": self.company.id,
                    "currency_id": self.company.currency_id.id,
                },
            ],
        )
        self.assertEqual(rows[0].display_name, "Difficult Ltd, Q1 2026")

    def test_contacts_add_up_on_their_customer(self):
        contact = self.make_customer(
            name="Contact", is_company=False, parent_id=self.customer.id
        )
        self.make_year()
        self.make_invoice(70, date(2026, 2, 3), date(2026, 3, 3), customer=contact)
        self.assertFalse(self.get_rows(contact))
        self.assertEqual(self.get_rows()[0].invoiced, 1070)

    def test_drafts_and_cancelled_invoices_do_not_count(self):
        invoice = self.make_invoice(1000, date(2026, 2, 3), date(2026, 3, 3))
        invoice.button_draft()
        self.assertFalse(self.get_rows())
        invoice.button_cancel()
        self.assertFalse(self.get_rows())

    def test_an_imported_invoice_without_its_date_counts_by_that_of_the_entry(self):
        invoice = self.make_invoice(1000, date(2026, 2, 3), date(2026, 3, 3))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET invoice_date = NULL WHERE id = %s", invoice.ids
        )
        self.assertRecordValues(
            self.get_rows(), [{"date": date(2026, 1, 1), "invoiced": 1000}]
        )

    def test_work_for_nobody_has_a_row_of_no_customer(self):
        project = self.env["project.project"].create(
            {"name": "Ourselves", "company_id": self.company.id}
        )
        self.make_work(3).project_id = project
        own = self.portfolio.search([("commercial_partner_id", "=", False)])
        self.assertEqual(sum(own.mapped("hours")), 3)
        self.assertTrue(all(row.band is False for row in own))
        self.assertIn("No customer", own[0].display_name)

    def test_meetings_signals_and_gifts_are_added_up(self):
        contact = self.make_customer(
            name="Contact", is_company=False, parent_id=self.customer.id
        )
        for day, people in (
            ("2026-08-03 09:00:00", self.customer + contact),
            # Yet to come
            ("2026-09-03 09:00:00", contact),
        ):
            self.env["calendar.event"].create(
                {
                    "name": "Meeting",
                    "start": day,
                    "stop": fields.Datetime.add(
                        fields.Datetime.to_datetime(day), hours=2
                    ),
                    "user_id": self.salesperson.id,
                    "partner_ids": [Command.set(people.ids)],
                }
            )
        self.make_signal("abusive")
        self.make_signal("confrontational").with_user(self.manager)._contest("No")
        self.make_signal("refers_others")
        for amount, state in ((100, "absorbed"), (30, "declined"), (20, "detected")):
            self.env["scope.change"].create(
                {
                    "partner_id": self.customer.id,
                    "description": state,
                    "reason": "For peace",
                    "amount": amount,
                    "date": date(2026, 8, 1),
                    "state": state,
                }
            )
        self.assertRecordValues(
            self.get_rows(),
            [{"meeting_hours": 2, "signals": 1, "scope_given": 120, "hours": 0}],
        )

    def test_days_late_are_weighted_by_the_amount(self):
        first = self.make_invoice(300, date(2026, 1, 1), date(2026, 1, 31))
        self.pay(first, 300, date(2026, 2, 10))
        self.make_invoice(100, date(2026, 3, 1), date(2026, 8, 10))
        # Not due yet
        self.make_invoice(900, date(2026, 3, 1), date(2026, 12, 31))
        row = self.get_rows()
        self.assertEqual(row.amount_due, 400)
        self.assertEqual(row.days_late, 10)
        second = self.make_invoice(400, date(2026, 7, 1), date(2026, 7, 31))
        self.pay(second, 400, date(2026, 7, 1))
        ((days,),) = self.portfolio._read_group(
            [("commercial_partner_id", "=", self.customer.id)], [], ["days_late:avg"]
        )
        # Of the sums: the mean of the quarters would have been the same here.
        self.assertEqual(days, 5)

    def test_a_quotient_of_many_rows_is_one_of_their_sums(self):
        self.make_year()
        ((rate,),) = self.portfolio._read_group(
            [("commercial_partner_id", "=", self.customer.id)],
            [],
            ["margin_per_hour:avg"],
        )
        self.assertEqual(rate, (600 - 1100) / 50)

    # -- where it stood ----------------------------------------------------------------

    def make_standing(self):
        """Two snapshots, of March and of April, and another band now."""
        self.make_year()
        self.make_invoice(10, date(2025, 11, 1), date(2025, 11, 1))
        self.make_invoice(10, TODAY, TODAY)
        self.make_signal("abusive")
        score = self.get_score().sudo()
        score.snapshot_ids.unlink()
        score.write(
            {
                "score": 90,
                "credit": 10,
                "band": "toxic",
                "customer_class": "draining",
            }
        )
        self.env["toxicity.score.snapshot"].sudo().create(
            [
                {
                    "score_id": score.id,
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": day,
                    "score": strain,
                    "credit": 60,
                    "band": band,
                }
                for day, strain, band in (
                    (date(2026, 1, 31), 3, "healthy"),
                    (date(2026, 3, 31), 30, "watch"),
                )
            ]
        )

    def test_a_past_quarter_shows_where_the_customer_stood_then(self):
        self.make_standing()
        self.assertRecordValues(
            self.get_rows(),
            [
                # Nothing was kept then: as now
                {"band": "toxic", "customer_class": "draining", "score": 90},
                {"band": "watch", "customer_class": "preferred", "score": 30},
                # The last that was known
                {"band": "watch", "customer_class": "preferred", "score": 30},
                {"band": "toxic", "customer_class": "draining", "score": 90},
            ],
        )
        groups = self.portfolio._read_group(
            [("commercial_partner_id", "=", self.customer.id)],
            ["customer_class"],
            ["hours:sum", "invoiced:sum"],
        )
        self.assertEqual(
            {name: sums for name, *sums in groups},
            {"preferred": [50, 1500], "draining": [0, 20]},
        )

    def test_the_class_then_goes_by_the_thresholds_of_today(self):
        self.make_standing()
        self.company.toxicity_watch_threshold = 10
        self.company.toxicity_strained_threshold = 20
        self.assertEqual(self.get_rows()[1].customer_class, "demanding")

    def test_of_whom_nothing_is_known_the_band_is_unknown(self):
        self.make_year()
        self.get_score().sudo().unlink()
        self.assertEqual({*self.get_rows().mapped("band")}, {"unknown"})

    def test_the_salesperson_is_the_customers_or_whoever_sold_last(self):
        self.make_invoice(
            10, date(2026, 5, 1), date(2026, 5, 1), invoice_user_id=self.manager.id
        )
        self.make_invoice(
            10, date(2026, 6, 1), date(2026, 6, 1), invoice_user_id=self.salesperson.id
        )
        self.assertEqual(self.get_rows().user_id, self.salesperson)
        self.customer.user_id = self.manager
        self.customer.industry_id = self.env["res.partner.industry"].create(
            {"name": "Boats"}
        )
        self.assertEqual(self.get_rows().user_id, self.manager)
        self.assertEqual(self.get_rows().industry_id.name, "Boats")

    # -- reading -----------------------------------------------------------------------

    def test_only_the_facts_asked_for_are_read(self):
        tables = {
            "invoiced:sum": "account_move_line",
            "hours:sum": "account_analytic_line",
            "meeting_hours:sum": "calendar_event",
            "days_late:avg": "account_partial_reconcile",
            "signals:sum": "FROM toxicity_signal",
            "scope_given:sum": "scope_change",
            "score:avg": "toxicity_score_snapshot",
        }
        for measure in tables:
            if measure == "score:avg":
                continue
            asking = self.portfolio._asking([], ["date:quarter"], [measure, "__count"])
            code = asking._table_query.code
            found = {name for name, table in tables.items() if table in code}
            if measure == "days_late:avg":
                found -= {"invoiced:sum"}
            self.assertEqual(found, {measure})
        asking = self.portfolio._asking([("band", "=", "toxic")], ["hours:sum"])
        self.assertIn("toxicity_score_snapshot", asking._table_query.code)
        # Rows alone are counted by all that they are made of.
        asking = self.portfolio._asking([], ["date:quarter"], ["__count"])
        for table in tables.values():
            self.assertIn(table, asking._table_query.code)

    def test_a_condition_on_a_measure_reads_it_too(self):
        self.make_year()
        groups = self.portfolio._read_group(
            [
                ("commercial_partner_id", "=", self.customer.id),
                ("margin", "<", 0),
            ],
            ["date:quarter"],
            ["meeting_hours:sum", "__count"],
            having=[("hours:sum", ">", 20)],
            order="invoiced:sum desc",
        )
        self.assertEqual(groups, [(date(2026, 4, 1), 0, 1)])

    def test_what_comes_out_of_a_group_does_not_remember_what_was_asked(self):
        self.make_year()
        ((customer, rows, _hours),) = self.portfolio._read_group(
            [("commercial_partner_id", "=", self.customer.id)],
            ["commercial_partner_id"],
            ["id:recordset", "hours:sum"],
        )
        self.assertEqual(customer, self.customer)
        for record in (customer, rows):
            self.assertNotIn(ASKED, record.env.context)
        self.assertEqual(sum(rows.mapped("invoiced")), 1500)

    def test_several_groupings_at_once_agree(self):
        self.make_year()
        total, by_quarter = self.portfolio._read_grouping_sets(
            [("commercial_partner_id", "=", self.customer.id)],
            [[], ["date:quarter"]],
            ["hours:sum", "margin:sum"],
        )
        self.assertEqual(total, [(50, -500)])
        self.assertEqual(
            sorted(by_quarter),
            [(date(2026, 1, 1), 10, 600), (date(2026, 4, 1), 40, -1100)],
        )

    def test_a_row_is_known_by_its_id_again(self):
        self.make_year()
        rows = self.get_rows()
        again = self.portfolio.browse(rows.ids)
        self.assertEqual(again.mapped("invoiced"), [1000, 500])
        self.make_invoice(10, date(2025, 2, 3), date(2025, 3, 3))
        self.assertEqual(self.get_rows()[1:], rows)

    def test_the_building_block_gives_the_sums_of_a_period(self):
        self.make_year()
        query = self.env["customer.portfolio"]._get_totals(
            ["hours", "invoiced"], since=date(2026, 4, 1), until=date(2026, 6, 29)
        )
        rows = {row["customer_id"]: row for row in self.env.execute_query_dict(query)}
        self.assertEqual(
            rows[self.customer.id],
            {
                "customer_id": self.customer.id,
                "company_id": self.company.id,
                "date": date(2026, 4, 1),
                "invoiced": 500,
                "hours": 0,
            },
        )

    # -- whose -------------------------------------------------------------------------

    def test_the_portfolio_is_for_managers(self):
        for user in (self.salesperson, self.outsider):
            portfolio = self.env["customer.portfolio"].with_user(user)
            with self.assertRaises(AccessError):
                portfolio.search([])
            with self.assertRaises(AccessError):
                portfolio._read_group([], [], ["hours:sum"])

    def test_another_companys_hours_count_where_it_is_switched_on(self):
        self.make_year()
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.make_work(10, worked_on=date(2026, 3, 31)).sudo().write(
            {"company_id": branch.id}
        )
        self.assertEqual(self.get_rows()[0].hours, 10)
        self.manager.company_ids += branch
        both = (self.company + branch).ids
        rows = (
            self.portfolio.with_context(allowed_company_ids=both)
            .search([("commercial_partner_id", "=", self.customer.id)])
            .sorted("id")
        )
        self.assertEqual(
            {(row.company_id.name, row.date): row.hours for row in rows},
            {
                (self.company.name, date(2026, 1, 1)): 10,
                (self.company.name, date(2026, 4, 1)): 40,
                ("Branch", date(2026, 1, 1)): 10,
            },
        )

    def test_each_number_opens_its_records(self):
        self.make_year()
        work = self.make_work(5, worked_on=date(2026, 2, 1))
        row = self.get_rows()[0]
        action = row.action_open_timesheets()
        self.assertEqual(action["res_model"], "account.analytic.line")
        found = self.env["account.analytic.line"].sudo().search(action["domain"])
        self.assertIn(work, found)
        self.assertEqual(sum(found.mapped("unit_amount")), row.hours)
        invoices = row.action_open_invoices()
        self.assertEqual(
            self.env["account.move"].search(invoices["domain"]).amount_untaxed, 1000
        )
        for action in (
            row.action_open_meetings(),
            row.action_open_signals(),
            row.action_open_scope_changes(),
        ):
            self.assertFalse(self.env[action["res_model"]].search(action["domain"]))
        self.assertEqual(
            row.action_open_customer()["res_id"], row.commercial_partner_id.id
        )
