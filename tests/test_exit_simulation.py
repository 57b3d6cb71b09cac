"""The simulation of exits against an independent computation over the records."""

import random
from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, tagged

from ..models.margin_replacement import compare_monthly, first_covered
from .common import MANAGER_GROUP, ToxicityCommon
from .simulation_books import SimulationBooks


@tagged("post_install", "-at_install")
class TestCompareMonthly(BaseCase):
    def test_the_first_month_that_stays_covered_is_found(self):
        for expected, margin, pipeline, capacity, horizon, notice in (
            # nothing to replace: as soon as they leave
            (0, 0, {}, None, 12, 0),
            (2, -50, {}, None, 12, 2),
            (None, 1200, {}, None, 12, 0),
            # 100 a month: all of it is there at once
            (0, 1200, {0: 1200}, None, 12, 0),
            # covered for ten months is not covered
            (None, 1200, {0: 1000}, None, 12, 0),
            (0, 1200, {0: 1000}, None, 10, 0),
            # what comes in the fourth month covers from then on
            (3, 1200, {3: 1200}, None, 12, 0),
            # freed hours earn as much a month
            (0, 1200, {0: 5000}, 100, 12, 0),
            (None, 1200, {0: 5000}, 99, 12, 0),
            # what is won before they leave waits for the hours
            (4, 1200, {0: 1200}, 300, 12, 4),
            (4, 1200, {5: 300, 4: 100}, 200, 7, 4),
            (6, 1200, {6: 300}, 400, 7, 4),
        ):
            with self.subTest(margin=margin, pipeline=pipeline, notice=notice):
                months = compare_monthly(margin, pipeline, capacity, horizon, notice)
                self.assertEqual(len(months), horizon)
                self.assertEqual(first_covered(months, notice), expected)

    def test_each_month_adds_up_like_a_ledger_kept_by_hand(self):
        chance = random.Random(19)
        for _run in range(300):
            margin = chance.choice((-500, 0, 700, 12_000))
            pipeline = {
                chance.randrange(20): chance.randrange(5000) for _deal in range(4)
            }
            capacity = chance.choice((None, 0, 150, 900))
            notice = chance.randrange(4)
            horizon = notice + chance.randrange(1, 20)
            months = compare_monthly(margin, pipeline, capacity, horizon, notice)
            self.check_ledger(months, margin, pipeline, capacity, notice)

    def check_ledger(self, months, margin, pipeline, capacity, notice):
        for last, month in enumerate(months):
            free = range(notice, last + 1)
            self.assertAlmostEqual(month.lost, len(free) * margin / 12, places=6)
            # The most that the orders which are there, and the hours, allow
            best = sum(pipeline.get(index, 0) for index in range(last + 1))
            if not free:
                best = 0
            if capacity is not None:
                best = min(
                    [len(free) * capacity]
                    + [
                        (last - index) * capacity
                        + sum(pipeline.get(early, 0) for early in range(index + 1))
                        for index in free
                    ]
                )
            self.assertAlmostEqual(month.replaced, best, places=6)


@tagged("post_install", "-at_install")
class TestExitSimulation(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_customer(name="Kind Ltd")
        cls.third = cls.make_customer(name="Third Ltd")
        today = cls.days_ago(0)
        cls.make_invoice(4000, today, today)
        cls.make_invoice(6000, today, today, cls.other)
        cls.make_invoice(2000, today, today, cls.third)
        cls.make_work(24, cost=50)
        cls.make_work(40, cls.other, cost=50)

    def simulate(self, *customers, user=None, **values):
        partners = self.env["res.partner"].union(*customers)
        return (
            self.env["exit.simulation"]
            .with_user(user or self.manager)
            .create({"partner_ids": partners.ids, **values})
        )

    def make_lead(self, revenue, months, customer=None, **values):
        month = date.today().replace(day=1)
        closing = (month + timedelta(days=31 * months)).replace(day=15)
        return self.env["crm.lead"].create(
            {
                "name": "More advice",
                "type": "opportunity",
                "partner_id": (customer or self.other).id,
                "expected_revenue": revenue,
                "probability": 50,
                "date_deadline": closing,
                **values,
            }
        )

    # The year

    def test_the_year_is_shown_with_them_and_without(self):
        simulation = self.simulate(self.customer)
        self.assertRecordValues(
            simulation,
            [
                {
                    "revenue": 4000,
                    "cost": 1200,
                    "margin": 2800,
                    "hours": 24,
                    "revenue_now": 12000,
                    "revenue_after": 8000,
                    "margin_now": 12000 - 64 * 50,
                    "margin_after": 8000 - 40 * 50,
                    "hours_now": 64,
                    "hours_after": 40,
                    "largest_now_id": self.other.id,
                    "largest_after_id": self.other.id,
                    "share_now": 0.5,
                    "share_after": 0.75,
                }
            ],
        )
        # 1/3² + 1/2² + 1/6², and 3/4² + 1/4²
        self.assertAlmostEqual(simulation.hhi_now, 10_000 * 14 / 36)
        self.assertAlmostEqual(simulation.hhi_after, 6250)

    def test_a_contact_stands_for_its_customer(self):
        contact = self.make_customer(
            name="Boss", is_company=False, parent_id=self.customer.id
        )
        simulation = self.simulate(contact)
        self.assertEqual(simulation.customer_ids, self.customer)
        self.assertEqual(simulation.revenue, 4000)

    def test_one_customer_is_what_the_impact_of_its_exit_says(self):
        self.make_lead(40_000, 1)
        self.make_lead(9_000, 4, self.third)
        self.make_lead(9_000, 0, self.customer)
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        # What work costs is for managers.
        exit_case = self.make_exit(state="draft").with_user(self.manager)
        simulation = self.simulate(self.customer)
        for name, impact in (
            ("revenue", "impact_revenue"),
            ("margin", "impact_margin"),
            ("hours", "impact_hours"),
            ("share_after", "impact_share_after"),
            ("pipeline_revenue", "impact_pipeline"),
            ("months_text", "impact_months_text"),
            ("open_receivable", "open_receivable"),
            ("to_bill", "still_to_bill"),
        ):
            with self.subTest(name):
                self.assertEqual(simulation[name], exit_case[impact])
        self.assertIn("months", simulation.months_text)

    def test_it_agrees_with_sums_over_the_documents_whoever_is_left(self):
        """Two companies, three currencies, credit notes; sums kept in Python."""
        chance = random.Random(6)
        books = SimulationBooks(self, chance)
        for _run in range(6):
            company = chance.choice(books.companies)
            chosen = chance.sample(books.customers, chance.randrange(1, 5))
            simulation = self.simulate(
                *chosen, user=books.manager, company_id=company.id
            )
            self.assertEqual(simulation.currency_id, company.currency_id)
            for name, expected in books.expect(chosen, company).items():
                self.assertAlmostEqual(simulation[name], expected, 2, msg=name)

    # Cash

    def test_the_cash_is_unpaid_and_to_bill_less_what_is_to_refund(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        prepaid = self.make_order((self.service_ordered, 8), partner_id=self.other.id)
        self.make_invoices(prepaid)
        prepaid.order_line.qty_delivered = 2
        exits = self.make_exit(state="draft") + self.make_exit(self.other, "draft")
        simulation = self.simulate(self.customer, self.other)
        self.assertEqual(exits.mapped("still_to_bill"), [500, -600])
        self.assertRecordValues(
            simulation,
            [
                {
                    "open_receivable": 4000 + 6000 + 800,
                    "to_bill": 500,
                    "to_refund": 600,
                    "cash": 10_800 + 500 - 600,
                }
            ],
        )
        self.assertEqual(
            [(entry["name"], entry["to_bill"]) for entry in simulation.customers],
            [("Kind Ltd", -600), ("Difficult Ltd", 500)],
        )

    # The month

    def test_the_month_follows_the_assumptions_and_can_be_reset(self):
        # Others earn (6000 - 40 × 50) / 40 = 100 an hour, 2 h a month are freed; the
        # margin of the pipeline is 2/3.
        self.make_lead(6000, 0)
        simulation = self.simulate(self.customer, notice=0)
        self.assertEqual(simulation.margin_per_hour, 100)
        self.assertAlmostEqual(simulation.margin_rate, 2 / 3)
        # 200 a month do not make up for 2800 a year
        self.assertFalse(simulation.is_covered)
        self.assertRegex(simulation.verdict, "^Not affordable within 12 months")
        simulation.write({"margin_per_hour": 200, "pipeline_weight": 2})
        self.assertTrue(simulation.is_edited)
        self.assertEqual(simulation.covered_on, date.today().replace(day=1))
        self.assertRegex(simulation.verdict, "as soon as they leave")
        simulation.write({"hours_share": 0.5})
        self.assertFalse(simulation.is_covered)
        simulation.action_reset()
        self.assertFalse(simulation.is_edited)
        self.assertEqual(simulation.margin_per_hour, 100)
        self.assertEqual(simulation.notice, 1)

    def test_the_month_is_the_one_when_the_pipeline_has_caught_up(self):
        self.make_lead(9000, 3)
        simulation = self.simulate(
            self.customer, notice=0, horizon=9, margin_per_hour=500
        )
        # 3 000 of margin from the fourth month on, 1 000 a month: 933 are lost by then
        self.assertEqual(
            simulation.covered_on, fields.Date.start_of(self.make_date(3), "month")
        )
        found = simulation.forecast["months"][3]
        self.assertAlmostEqual(found["lost"], 4 * 2800 / 12)
        self.assertEqual(found["replaced"], 1000)
        self.assertEqual(simulation.forecast["found"], 3)
        self.assertFalse(simulation.forecast["months"][2]["is_covered"])

    def make_date(self, months):
        return fields.Date.add(date.today(), months=months)

    def test_the_assumptions_are_edited_on_the_form(self):
        self.make_lead(9000, 0)
        simulation = self.simulate(self.customer)
        with Form(simulation) as form:
            self.assertFalse(form.is_edited)
            form.margin_per_hour = 1000
            form.notice = 0
            self.assertTrue(form.is_edited)
            self.assertTrue(form.verdict)
            form.partner_ids.add(self.third)
            self.assertEqual(form.revenue, 6000)

    # Opening what a number is made of

    def open_figure(self, record, **figure):
        action = record.with_context(**figure).action_open_figure()
        return (
            self.env[action["res_model"]]
            .with_user(record.env.user)
            .with_context(**action["context"])
            .search(action["domain"])
            .sudo()
        )

    def test_each_number_opens_exactly_its_records(self):
        lead = self.make_lead(1000, 1)
        self.make_lead(1000, 1, self.third)
        order = self.make_order((self.service_delivered, 5), (self.service_ordered, 5))
        order.order_line[0].qty_delivered = 5
        simulation = self.simulate(self.customer, self.third)
        moves = self.env["account.move"].search(
            [("move_type", "=", "out_invoice"), ("company_id", "=", self.company.id)]
        )
        theirs = moves.filtered(lambda move: move.partner_id != self.other)
        work = self.env["account.analytic.line"].search(
            [("project_id", "!=", False), ("company_id", "=", self.company.id)]
        )
        their_work = work.filtered(lambda line: line.partner_id == self.customer)
        self.give_timesheets()
        for figure, records in (
            ("revenue", theirs),
            ("revenue_now", moves),
            ("revenue_after", moves - theirs),
            ("cost", their_work),
            ("hours", their_work),
            ("hours_now", work),
            ("hours_after", work - their_work),
            ("share_now", moves),
            ("hhi_after", moves - theirs),
            ("open_receivable", theirs),
            ("to_bill", order.order_line[0]),
            ("pipeline_revenue", lead),
        ):
            with self.subTest(figure=figure):
                self.assertEqual(self.open_figure(simulation, figure=figure), records)
        for figure, name, records in (
            ("revenue_now", "amount_untaxed_signed", moves),
            ("hours_now", "unit_amount", work),
        ):
            self.assertAlmostEqual(simulation[figure], sum(records.mapped(name)))
        of_one = self.open_figure(
            simulation, figure="revenue", customer=self.customer.id
        )
        self.assertEqual(of_one.partner_id, self.customer)

    def give_timesheets(self):
        self.manager.group_ids += self.env.ref(
            "hr_timesheet.group_hr_timesheet_approver"
        )

    def test_what_is_no_figure_opens_nothing(self):
        simulation = self.simulate(self.customer)
        for figure in (False, "unlink", "partner_ids"):
            with self.subTest(figure=figure), self.assertRaisesRegex(UserError, "none"):
                self.open_figure(simulation, figure=figure)
        # Of a customer who was not chosen there is nothing.
        self.assertFalse(
            self.open_figure(simulation, figure="revenue", customer=self.other.id)
        )
        # Nobody sees through a figure what he may not read otherwise.
        user = self.make_user("only_manager", MANAGER_GROUP)
        simulation = self.simulate(self.customer, user=user)
        for figure in ("hours", "revenue", "to_bill", "pipeline_revenue"):
            with self.subTest(figure=figure), self.assertRaises(AccessError):
                self.open_figure(simulation, figure=figure)

    # What cannot be simulated

    def test_everybody_cannot_be_simulated(self):
        everybody = self.customer + self.other + self.third
        with self.assertRaisesRegex(UserError, "These are all customers"):
            self.open_for(everybody)
        simulation = self.simulate(everybody)
        self.assertIn("These are all customers", simulation.obstacles)
        self.assertFalse(simulation.forecast)
        simulation.partner_ids -= self.third
        self.assertFalse(simulation.obstacles)

    def open_for(self, partners, user=None):
        simulations = self.env["exit.simulation"].with_user(user or self.manager)
        action = simulations._open_for(partners.with_user(self.manager), self.company)
        return simulations.browse(action["res_id"])

    def test_a_refusal_names_the_way_out_and_leaves_nothing_behind(self):
        simulations = self.env["exit.simulation"].with_user(self.manager)
        before = simulations.search_count([])
        everybody = self.customer + self.other + self.third
        for partners, named, way_out in (
            (everybody, self.company.name, "Leave out at least one"),
            (self.company.partner_id, self.company.name, "Leave it out"),
        ):
            with self.subTest(way_out), self.assertRaises(UserError) as raised:
                self.open_for(partners)
            self.assertIn(named, str(raised.exception))
            self.assertIn(way_out, str(raised.exception))
            self.assertEqual(simulations.search_count([]), before)

    def test_rows_of_nobody_are_no_customers(self):
        """The portfolio has rows of what belongs to no customer."""
        self.make_work(5, self.company.partner_id)
        rows = self.env["customer.portfolio"].with_user(self.manager)
        nobodys = rows.search([("commercial_partner_id", "=", False)])
        self.assertTrue(nobodys)
        with self.assertRaisesRegex(UserError, "select a row that names one"):
            self.env["exit.simulation"].with_user(self.manager)._open_for_records(
                nobodys
            )

    def test_nobody_chosen_asks_for_a_customer(self):
        action = self.env["exit.simulation"].with_user(self.manager).action_open()
        simulations = self.env["exit.simulation"].with_user(self.manager)
        simulation = simulations.browse(action["res_id"])
        self.assertTrue(simulation.is_empty)
        self.assertEqual(simulation._get_obstacles().keys(), {"none"})
        self.assertFalse(simulation.forecast)

    def test_our_own_company_is_no_customer(self):
        with self.assertRaisesRegex(UserError, "Your own, and no customer"):
            self.open_for(self.company.partner_id + self.customer)

    def test_a_customer_of_another_company_is_simulated_there(self):
        other_company = self.env["res.company"].create({"name": "Elsewhere"})
        self.third.company_id = other_company
        simulation = self.simulate(self.third + self.customer, user=self.env.user)
        self.assertIn("Third Ltd belongs to Elsewhere", simulation.obstacles)
        self.assertFalse(simulation.forecast)

    def test_scores_of_two_companies_do_not_go_together(self):
        other_company = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        self.make_signal("abusive", severity="3")
        score = self.get_score()
        other = score.sudo().copy({"company_id": other_company.id})
        scores = (score + other).with_user(self.manager).sudo()
        with self.assertRaisesRegex(UserError, "do not share books and currency"):
            self.env["exit.simulation"].with_user(self.manager)._open_for_records(
                scores
            )

    def test_wrong_assumptions_are_named(self):
        simulation = self.simulate(self.customer)
        for values, sentence in (
            ({"horizon": 0}, "horizon is longer than the notice"),
            ({"horizon": 61}, "at most 60 months"),
            ({"horizon": 12, "notice": 12}, "horizon is longer than the notice"),
            ({"notice": -1}, "horizon is longer than the notice"),
            ({"notice": 0, "hours_share": 1.2}, "Freed hours that find demand"),
            ({"hours_share": 0, "margin_per_hour": -1}, "Margin per freed hour"),
            ({"margin_per_hour": 0, "pipeline_weight": float("nan")}, "Weight of"),
        ):
            with self.subTest(values=values):
                simulation.write(values)
                self.assertIn(sentence, simulation.obstacles)
                self.assertFalse(simulation.forecast)

    # Who looks, and what it costs

    def test_only_managers_simulate(self):
        partners = self.customer
        for user in (self.salesperson, self.outsider):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.open_for(partners, user)
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.simulate(partners, user=user)

    def test_nobody_simulates_a_company_of_others(self):
        other_company = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaises(AccessError):
            self.simulate(self.customer, company_id=other_company.id)
        values = {"company_id": other_company.id, "partner_ids": []}
        spec = {"company_id": {}, "partner_ids": {}, "revenue_now": {}}
        simulations = self.env["exit.simulation"].with_user(self.manager)
        for context in ({}, {"allowed_company_ids": other_company.ids}):
            with self.subTest(context=context), self.assertRaises(AccessError):
                simulations.with_context(**context).onchange(values, [], spec)

    def test_nobody_reads_the_simulation_of_another_manager(self):
        simulation = self.simulate(self.customer)
        other = self.make_user("other_manager", "sales_team.group_sale_manager")
        with self.assertRaises(AccessError):
            simulation.with_user(other).read(["revenue"])

    def test_actions_open_it_from_customers_scores_and_exits(self):
        self.make_signal("abusive", severity="3")
        exit_case = self.make_exit(state="draft")
        for name, records in (
            ("partner", self.customer),
            ("score", self.get_score()),
            ("exit", exit_case),
            ("portfolio", self.find_portfolio()),
            ("review", self.make_review_line()),
        ):
            with self.subTest(name):
                action = self.env.ref(
                    f"toxic_customer_exit.exit_simulation_action_{name}"
                )
                opened = (
                    action.with_user(self.manager)
                    .with_context(active_model=records._name, active_ids=records.ids)
                    .run()
                )
                simulations = self.env["exit.simulation"].with_user(self.manager)
                simulation = simulations.browse(opened["res_id"])
                self.assertEqual(simulation.partner_ids, self.customer)

    def find_portfolio(self):
        rows = self.env["customer.portfolio"].with_user(self.manager)
        return rows.search([("commercial_partner_id", "=", self.customer.id)])

    def make_review_line(self):
        # sudo: reviews are made by the scheduler alone
        day = fields.Date.start_of(date.today(), "quarter")
        reviews = self.env["portfolio.review"].sudo()
        review = reviews.create({"company_id": self.company.id, "date": day})
        lines = self.env["portfolio.review.line"].sudo()
        return lines.create(
            {
                "review_id": review.id,
                "partner_id": self.customer.id,
                "reason": "worse",
                "is_worse": True,
            }
        )

    def test_the_matrix_simulates_those_who_are_selected(self):
        self.make_signal("abusive", severity="3")
        scores = self.rescore(self.customer) + self.rescore(self.third)
        action = scores.with_user(self.manager).action_simulate_exit()
        simulation = (
            self.env["exit.simulation"].with_user(self.manager).browse(action["res_id"])
        )
        self.assertEqual(simulation.partner_ids, self.customer + self.third)
        with self.assertRaises(AccessError):
            scores.with_user(self.salesperson).action_simulate_exit()

    def test_twenty_customers_ask_no_more_than_two(self):
        crowd = [self.make_customer(name=f"Customer {number}") for number in range(20)]
        for customer in crowd:
            order = self.make_order((self.service_delivered, 5), partner_id=customer.id)
            order.order_line.qty_delivered = 5
            self.make_invoices(order)
            self.make_credit_note(order.invoice_ids, {self.service_delivered: 1})
        few = self.count_queries(*crowd[:2])
        self.assertLessEqual(self.count_queries(*crowd), few + 2)

    def count_queries(self, *customers):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.simulate(*customers).mapped("verdict")
        self.env.flush_all()
        return self.env.cr.sql_log_count - before
