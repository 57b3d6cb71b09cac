import random
from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestGoodwillLedger(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project_service = cls.make_service(
            "Project work", "ordered_prepaid", service_tracking="task_in_project"
        )
        cls.employee = (
            cls.env["hr.employee"]
            .sudo()
            .create({"name": "Employee", "hourly_cost": 40})
        )

    def get_entries(self, *kinds, customer=None):
        # Each look at the ledger reads it anew.
        self.env["goodwill.entry"].invalidate_model()
        entries = (
            self.env["goodwill.entry"]
            .with_user(self.salesperson)
            .search(
                [("commercial_partner_id", "=", (customer or self.customer).id)],
                order="date, id",
            )
        )
        return entries.filtered(lambda e: e.kind in kinds) if kinds else entries

    def log(self, task, hours, day=None, **values):
        return self.env["account.analytic.line"].create(
            {
                "name": "Work",
                "task_id": task.id,
                "project_id": task.project_id.id,
                "employee_id": self.employee.id,
                "unit_amount": hours,
                "date": day or date(2026, 2, 3),
                **values,
            }
        )

    def absorb(self, change, **values):
        change.write({"reason": "For peace", **values})
        change.action_absorb()
        return change

    def make_change(self, amount, **values):
        change = self.env["scope.change"].create(
            {
                "partner_id": self.customer.id,
                "description": "He shouted until he had it",
                "amount": amount,
                **values,
            }
        )
        return self.absorb(change)

    def edit(self, line, **values):
        line.write(
            {
                "product_uom_qty": line.product_uom_qty,
                "price_unit": line.price_unit,
                "discount": line.discount,
                **values,
            }
        )
        return line.order_id.scope_change_ids[:1]

    # -- what counts -----------------------------------------------------------------

    def test_an_absorbed_change_is_a_gift_at_list_price(self):
        change = self.make_change(300, hours=3, date=date(2026, 5, 6))
        self.assertRecordValues(
            self.get_entries(),
            [
                {
                    "kind": "scope",
                    "date": date(2026, 5, 6),
                    "amount": 300,
                    "amount_currency": 300,
                    "hours": 3,
                    "company_id": self.company.id,
                    "res_model": "scope.change",
                    "res_id": change.id,
                }
            ],
        )

    def test_what_is_undecided_or_declined_is_none(self):
        change = self.env["scope.change"].create(
            {"partner_id": self.customer.id, "amount": 300, "description": "More"}
        )
        self.assertFalse(self.get_entries())
        change.action_decline()
        self.assertFalse(self.get_entries())

    def test_a_price_below_the_list_is_a_discount_whichever_way_it_is_given(self):
        order = self.make_order(
            (self.service_ordered, 10, 100, 20),
            (self.service_ordered, 5, 80),
            (self.service_ordered, 2, 0),
            (self.service_ordered, 1, 150, 10),
        )
        self.assertRecordValues(
            self.get_entries(),
            [
                {"kind": "discount", "amount": 200, "document": order.name},
                {"kind": "discount", "amount": 100, "document": order.name},
                {"kind": "discount", "amount": 200, "document": order.name},
            ],
        )

    def test_a_discount_line_is_a_discount(self):
        order = self.make_order((self.service_ordered, 10), confirm=False)
        wizard = self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "amount",
                "discount_amount": 150,
            }
        )
        wizard.action_apply_discount()
        self.assertFalse(self.get_entries())
        order.action_confirm()
        self.assertRecordValues(
            self.get_entries(), [{"kind": "discount", "amount": 150}]
        )

    def test_a_list_price_that_rose_since_makes_no_gift(self):
        self.make_order((self.service_ordered, 10))
        self.service_ordered.list_price = 180
        self.assertFalse(self.get_entries())

    def test_who_sells_outside_the_group_keeps_the_list_price_too(self):
        group = "toxic_customer_exit.group_toxicity_user"
        seller = self.env.ref("sales_team.group_sale_salesman")
        seller.implied_ids -= self.env.ref(group)
        clerk = self.make_user("clerk", "sales_team.group_sale_salesman_all_leads")
        self.assertFalse(clerk.has_group(group))
        order = self.env["sale.order"].with_user(clerk)
        order = order.create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        self._prepare_order_line_vals(self.service_ordered, 10, 80)
                    )
                ],
            }
        )
        order.action_confirm()
        with self.assertRaises(AccessError):
            order.order_line.read(["list_price_unit"])
        self.assertEqual(order.sudo().order_line.list_price_unit, 100)
        seller.implied_ids += self.env.ref(group)
        self.assertEqual(self.get_entries().amount, 200)

    def test_lines_older_than_the_module_are_read_by_their_own_prices(self):
        order = self.make_order((self.service_ordered, 10, 90, 10))
        order.order_line.list_price_unit = 0
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order_line SET list_price_unit = NULL, "
            "technical_price_unit = 95 WHERE id = %s",
            order.order_line.ids,
        )
        self.assertAlmostEqual(self.get_entries().amount, 950 - 810)

    def test_taxes_in_the_price_are_no_gift(self):
        tax = self.env["account.tax"].create(
            {
                "name": "In the price",
                "amount": 25,
                "price_include_override": "tax_included",
            }
        )
        taxed = self.make_service(
            "Taxed", "ordered_prepaid", taxes_id=[Command.set(tax.ids)]
        )
        self.make_order((taxed, 10, 100, 20))
        self.assertAlmostEqual(self.get_entries().amount, 160)

    def test_quotations_and_cancelled_orders_give_nothing(self):
        self.make_order((self.service_ordered, 10, 100, 20), confirm=False)
        order = self.make_order((self.service_ordered, 10, 100, 20))
        order.action_cancel()
        self.assertFalse(self.get_entries())

    def test_hours_beyond_those_sold_count_from_the_day_they_are_reached(self):
        order = self.make_order((self.project_service, 10))
        task = order.order_line.task_id
        self.log(task, 8, date(2026, 2, 3))
        last = self.log(task, 5, date(2026, 4, 7))
        self.log(task, 2, date(2026, 3, 5))
        later = self.log(task, 1, date(2026, 8, 1))
        self.assertRecordValues(
            self.get_entries(),
            [
                {
                    "kind": "overrun",
                    "date": date(2026, 4, 7),
                    "hours": 5,
                    "amount": 500,
                    "res_id": last.id,
                },
                {
                    "kind": "overrun",
                    "date": date(2026, 8, 1),
                    "hours": 1,
                    "amount": 100,
                    "res_id": later.id,
                },
            ],
        )

    def test_hours_billed_as_worked_are_no_gift(self):
        billed = self.make_service(
            "As worked", "delivered_timesheet", service_tracking="task_in_project"
        )
        order = self.make_order((billed, 10))
        self.log(order.order_line.task_id, 15)
        self.assertFalse(self.get_entries())

    def test_hours_that_an_amendment_sells_are_no_gift_any_more(self):
        order = self.make_order((self.project_service, 10))
        self.log(order.order_line.task_id, 14)
        self.assertEqual(sum(self.get_entries().mapped("hours")), 4)
        order.scope_change_ids.action_renegotiate()
        order.amendment_ids.action_confirm()
        self.assertFalse(self.get_entries())

    def test_hours_marked_as_not_billable_count_at_the_rate_of_the_project(self):
        order = self.make_order((self.project_service, 10))
        sheet = self.log(order.order_line.task_id, 2)
        sheet.write({"so_line": False, "is_so_line_edited": True})
        self.assertRecordValues(
            self.get_entries(),
            [{"kind": "unbilled", "hours": 2, "amount": 200, "res_id": sheet.id}],
        )

    def test_a_credit_note_counts_as_far_as_what_it_credits_was_delivered(self):
        order = self.make_order((self.service_delivered, 10))
        order.order_line.qty_delivered = 10
        invoice = self.make_invoices(order)
        refund = self.make_credit_note(invoice, {self.service_delivered: 3})
        self.assertRecordValues(
            self.get_entries(),
            [
                {
                    "kind": "credit",
                    "amount": 300,
                    "res_model": "account.move",
                    "res_id": refund.id,
                    "document": refund.name,
                }
            ],
        )
        # One of the three is billed again.
        again = order._create_invoices()
        again.invoice_line_ids.filtered("product_id").quantity = 1
        again.action_post()
        self.assertAlmostEqual(self.get_entries().amount, 200)

    def test_a_credit_note_that_is_billed_again_is_no_gift(self):
        order = self.make_order((self.service_delivered, 10))
        order.order_line.qty_delivered = 10
        invoice = self.make_invoices(order)
        self.make_credit_note(invoice, {self.service_delivered: 10})
        self.assertAlmostEqual(self.get_entries().amount, 1000)
        self.make_invoices(order)
        self.assertFalse(self.get_entries())

    def test_a_credit_for_what_was_never_delivered_is_no_gift(self):
        order = self.make_order((self.service_ordered, 10))
        invoice = self.make_invoices(order)
        self.make_credit_note(invoice, {self.service_ordered: 10})
        self.assertFalse(self.get_entries())

    def test_a_credit_note_without_an_order_counts_whole(self):
        invoice = self.make_invoice(400, date(2026, 3, 1), date(2026, 3, 1))
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": date(2026, 7, 9)})
        )
        reversal.refund_moves()
        reversal.new_move_ids.action_post()
        self.assertRecordValues(
            self.get_entries(),
            [{"kind": "credit", "amount": 400, "date": date(2026, 7, 9)}],
        )

    # -- no gift twice ---------------------------------------------------------------

    def test_an_absorbed_discount_counts_as_the_change_alone(self):
        order = self.make_order((self.service_ordered, 10, 100, 5))
        self.absorb(self.edit(order.order_line, discount=25))
        self.assertRecordValues(
            self.get_entries().sorted("kind"),
            [{"kind": "discount", "amount": 50}, {"kind": "scope", "amount": 200}],
        )

    def test_absorbed_overrun_hours_count_as_the_change_alone(self):
        order = self.make_order((self.project_service, 10))
        task = order.order_line.task_id
        self.log(task, 14)
        self.absorb(order.scope_change_ids)
        self.assertRecordValues(
            self.get_entries(), [{"kind": "scope", "hours": 4, "amount": 400}]
        )
        # The next ones are not what was absorbed.
        self.log(task, 0.5, date(2026, 3, 1))
        self.assertEqual(self.get_entries().mapped("kind"), ["overrun", "scope"])
        self.assertEqual(self.get_entries("overrun").amount, 50)

    def test_absorbed_hours_of_a_task_are_not_unbilled_hours_too(self):
        order = self.make_order((self.project_service, 10))
        project = order.project_ids
        task = self.env["project.task"].create(
            {"name": "A shop", "project_id": project.id, "allocated_hours": 3}
        )
        self.log(task, 4, so_line=False, is_so_line_edited=True)
        self.assertEqual(self.get_entries().mapped("amount"), [400])
        task.allocated_hours = 3
        task.action_flag_out_of_scope()
        change = self.absorb(order.scope_change_ids)
        self.assertEqual(change.hours, 4)
        self.assertRecordValues(self.get_entries(), [{"kind": "scope", "amount": 400}])

    def test_hours_taken_back_lower_what_they_were_counted_in(self):
        order = self.make_order((self.project_service, 10))
        task = order.order_line.task_id
        self.log(task, 13, date(2026, 2, 3))
        self.log(task, -2, date(2026, 2, 4))
        self.assertEqual(sum(self.get_entries("overrun").mapped("hours")), 1)

    # -- whose, and in what ----------------------------------------------------------

    def test_amounts_of_another_currency_come_to_that_of_the_company(self):
        currency = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Foreign", "currency_id": currency.id}
        )
        order = self.make_order(
            (self.service_ordered, 10, 50, 20), pricelist_id=pricelist.id
        )
        self.assertEqual(order.order_line.list_price_unit, 50)
        self.assertRecordValues(
            self.get_entries(),
            [
                {
                    "amount_currency": 100,
                    "amount": 200,
                    "document_currency_id": currency.id,
                    "currency_id": self.company.currency_id.id,
                }
            ],
        )

    def test_what_contacts_were_given_is_the_customers(self):
        contact = self.make_customer(
            name="Ann", is_company=False, parent_id=self.customer.id
        )
        self.make_order((self.service_ordered, 1, 50), partner_id=contact.id)
        self.assertRecordValues(
            self.get_entries(),
            [{"partner_id": contact.id, "commercial_partner_id": self.customer.id}],
        )

    def test_our_own_company_is_no_customer(self):
        own = self.company.partner_id
        self.make_order((self.service_ordered, 1, 50), partner_id=own.id)
        self.assertFalse(self.get_entries(customer=own))

    def test_other_companies_and_other_users_read_nothing(self):
        self.make_change(300)
        other = self.setup_other_company()["company"]
        stranger = self.make_user("stranger", "sales_team.group_sale_manager")
        stranger.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        ledger = self.env["goodwill.entry"]
        self.assertTrue(self.get_entries())
        self.assertFalse(ledger.with_user(stranger).search([]))
        for method in (
            lambda: ledger.with_user(self.outsider).search([]),
            lambda: self.customer.with_user(self.outsider).action_view_goodwill(),
            lambda: self.env["goodwill.statement"].with_user(self.outsider).create({}),
            lambda: ledger.with_user(self.manager).create({}),
        ):
            with self.assertRaises(AccessError):
                method()

    def test_every_row_has_an_id_of_its_own_and_opens_its_record(self):
        self.give_at_random(random.Random(7))
        entries = self.env["goodwill.entry"].with_user(self.env.user).search([])
        self.assertEqual(len(entries), len(set(entries.ids)))
        for entry in entries:
            action = entry.action_open_document()
            document = self.env[action["res_model"]].browse(action["res_id"])
            self.assertTrue(document.exists())
            if entry.order_id and entry.kind == "discount":
                self.assertEqual(document, entry.order_id)
            else:
                self.assertEqual(document._name, entry.res_model)
            self.assertNotIn("shouted", entry.description)

    # -- against an independent computation ------------------------------------------

    def give_at_random(self, dice):
        self.orders = self.env["sale.order"]
        for _index in range(8):
            order = self.make_order(
                *[
                    (
                        dice.choice((self.project_service, self.service_delivered)),
                        dice.randint(1, 12),
                        dice.choice((80, 100, 110)),
                        dice.choice((0, 0, 10, 25)),
                    )
                    for _line in range(dice.randint(1, 3))
                ]
            )
            self.orders |= order
            for line in order.order_line:
                self.work_at_random(dice, line)
            self.bill_at_random(dice, order)
            for change in order.scope_change_ids:
                if dice.random() < 0.5 and change.gift_amount > 0:
                    self.absorb(change)
        for _index in range(3):
            day = date(2026, dice.randint(1, 12), 5)
            self.make_change(dice.randint(1, 500), date=day)

    def work_at_random(self, dice, line):
        if not line.task_id:
            line.qty_delivered = dice.randint(0, 12)
            return
        for _index in range(dice.randint(0, 4)):
            day = date(2026, dice.randint(1, 12), dice.randint(1, 28))
            sheet = self.log(line.task_id, dice.randint(1, 6), day)
            if dice.random() < 0.3:
                sheet.write({"so_line": False, "is_so_line_edited": True})
        if dice.random() < 0.4:
            self.edit(line, discount=line.discount + 15)

    def bill_at_random(self, dice, order):
        line = order.order_line.filtered(
            lambda line: (
                line.product_id == self.service_delivered and line.qty_to_invoice > 0
            )
        )[:1]
        if not line:
            return
        invoice = self.make_invoices(order)
        if dice.random() < 0.7:
            credited = {self.service_delivered: 1}
            self.make_credit_note(invoice, credited)
        if dice.random() < 0.3 and line.qty_to_invoice > 0:
            self.make_invoices(order)

    def test_random_gifts_add_up_to_what_the_records_say(self):
        for seed in (1, 2, 3):
            with self.subTest(seed=seed):
                savepoint = self.env.cr.savepoint()
                self.give_at_random(random.Random(seed))
                self.env.flush_all()
                self.env.invalidate_all()
                sums = dict.fromkeys(
                    ("scope", "discount", "overrun", "unbilled", "credit"), 0
                )
                for entry in self.get_entries():
                    sums[entry.kind] += entry.amount
                expected = self.add_up()
                for kind, amount in expected.items():
                    self.assertAlmostEqual(sums[kind], amount, 2, kind)
                savepoint.rollback()

    def add_up(self):
        """Each kind from the records, one after the other, as one would by hand."""
        changes = self.env["scope.change"].search(
            [("partner_id", "=", self.customer.id), ("state", "=", "absorbed")]
        )
        expected = {
            "scope": sum(changes.mapped("gift_amount")),
            "discount": 0,
            "overrun": 0,
            "unbilled": 0,
            "credit": 0,
        }
        for order in self.orders:
            absorbed = changes.filtered(lambda c, order=order: c.order_id == order)
            for line in order.order_line:
                expected["discount"] += self.add_up_discount(line, absorbed)
                expected["credit"] += self.add_up_credit(line)
            for kind, hours in self.add_up_hours(order, absorbed).items():
                expected[kind] += 100 * hours
        return expected

    def add_up_discount(self, line, absorbed):
        items = absorbed.item_ids.filtered(lambda i: i.order_line_id == line)
        below = 100 * line.product_uom_qty - line.price_subtotal
        return max(0, below - max(0, sum(items.mapped("gift_amount"))))

    def add_up_credit(self, line):
        bills = line.invoice_lines.filtered(lambda i: i.parent_state == "posted")
        taken = bills.filtered(lambda i: i.move_id.move_type == "out_refund")
        credited = sum(taken.mapped("quantity"))
        if not credited:
            return 0
        billed = sum((bills - taken).mapped("quantity")) - credited
        forgiven = min(credited, max(0, line.qty_delivered - billed))
        return sum(taken.mapped("price_subtotal")) * forgiven / credited

    def add_up_hours(self, order, absorbed):
        prepaid = order.order_line.filtered(
            lambda line: line.product_id == self.project_service
        )
        left = sum(prepaid.mapped("product_uom_qty"))
        given = sum(
            item.hours
            for item in absorbed.item_ids
            if item.what in ("overrun", "task", "customer_task", "allocated_hours")
        )
        hours = {"overrun": 0, "unbilled": 0}
        sheets = self.env["account.analytic.line"].search(
            [("task_id", "in", prepaid.task_id.ids)], order="date, id"
        )
        for sheet in sheets:
            free = sheet.unit_amount
            if sheet.so_line:
                free = max(0, free - max(0, left))
                left -= sheet.unit_amount
            known = min(free, given)
            given -= known
            hours["overrun" if sheet.so_line else "unbilled"] += free - known
        return hours

    # -- the statement ---------------------------------------------------------------

    def make_statement(self, **values):
        return (
            self.env["goodwill.statement"]
            .with_user(self.salesperson)
            .create(
                {
                    "partner_id": self.customer.id,
                    "date_from": date(2020, 1, 1),
                    "date_to": date(2030, 12, 31),
                    **values,
                }
            )
        )

    def render(self, statement):
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "toxic_customer_exit.goodwill_statement", statement.ids
        )
        return html.decode()

    def test_the_statement_adds_up_to_the_ledger(self):
        self.give_at_random(random.Random(5))
        entries = self.get_entries()
        statement = self.make_statement()
        quarters = statement._get_quarters()
        total = sum(quarter["amount"] for quarter in quarters)
        self.assertAlmostEqual(total, sum(entries.mapped("amount")), 2)
        self.assertAlmostEqual(statement.amount, total, 2)
        self.assertEqual(
            [entry for quarter in quarters for entry in quarter["entries"]],
            list(statement._get_entries()),
        )
        for quarter in quarters:
            for entry in quarter["entries"]:
                self.assertEqual(entry.date.year, quarter["year"])
                self.assertEqual((entry.date.month - 1) // 3 + 1, quarter["number"])
        html = self.render(statement)
        self.assertIn(f"{total:,.2f}", html)
        self.assertEqual(html.count("Sum of the quarter"), len(quarters))

    def test_the_statement_is_of_its_period(self):
        self.make_change(300, date=date(2026, 3, 31))
        self.make_change(200, date=date(2026, 4, 1))
        statement = self.make_statement(
            date_from=date(2026, 4, 1), date_to=date(2026, 6, 30)
        )
        self.assertEqual(statement.amount, 200)
        self.assertEqual(statement.entry_count, 1)

    def test_the_statement_says_nothing_but_courtesies_and_facts(self):
        self.make_change(300)
        self.make_order((self.service_ordered, 1, 50))
        html = self.render(self.make_statement()).lower()
        for word in ("toxic", "strain", "score", "creep", "shouted", "signal"):
            self.assertNotIn(word, html)
        self.assertIn("ordered advice", html)

    def test_the_statement_speaks_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.make_change(300, date=date(2026, 3, 31))
        statement = self.make_statement()
        self.assertIn("31/03/2026", self.render(statement))

    def test_there_is_nothing_to_print_where_nothing_was_given(self):
        with self.assertRaisesRegex(UserError, "choose another period"):
            self.make_statement().action_print()
        with self.assertRaisesRegex(ValidationError, "turn the dates round"):
            self.make_statement(date_to=date(2019, 1, 1))

    def test_the_statement_begins_with_the_rows_chosen(self):
        self.make_change(300, date=date(2026, 3, 31))
        self.make_change(200, date=date(2026, 5, 1))
        entries = self.get_entries()
        wizard = self.env["goodwill.statement"].with_user(self.salesperson)
        chosen = wizard.with_context(
            active_model="goodwill.entry", active_ids=entries.ids
        )
        self.assertRecordValues(
            chosen.create({}),
            [
                {
                    "partner_id": self.customer.id,
                    "date_from": date(2026, 3, 31),
                    "date_to": date(2026, 5, 1),
                }
            ],
        )
        other = self.make_customer(name="Other Ltd")
        self.make_change(10, partner_id=other.id)
        entries |= self.get_entries(customer=other)
        with self.assertRaisesRegex(UserError, "choose the rows of one"):
            wizard.with_context(
                active_model="goodwill.entry", active_ids=entries.ids
            ).create({})

    def test_the_statement_is_printed_by_the_group_alone(self):
        self.make_change(300)
        statement = self.make_statement()
        action = statement.action_print()
        self.assertEqual(action["type"], "ir.actions.report")
        with self.assertRaises(AccessError):
            statement.with_user(self.outsider).action_print()
        with self.assertRaises(AccessError):
            statement.with_user(self.manager).read(["amount"])
