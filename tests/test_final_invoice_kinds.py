from datetime import date

from odoo import Command
from odoo.tests import tagged

from .test_final_invoice import FinalInvoiceCommon


@tagged("post_install", "-at_install")
class TestFinalInvoiceKinds(FinalInvoiceCommon):
    """Kinds of bills that the histories of test_final_invoice_random.py do not draw."""

    def log_time(self, line, hours_by_day):
        employee = self.env["hr.employee"].sudo().create({"name": "Ada"})
        project = self.env["project.project"].create(
            {"name": "Works", "allow_billable": True, "sale_line_id": line.id}
        )
        task = self.env["project.task"].create(
            {"name": "Work", "project_id": project.id, "sale_line_id": line.id}
        )
        self.env["account.analytic.line"].create(
            [
                {
                    "name": "Work",
                    "task_id": task.id,
                    "project_id": project.id,
                    "date": day,
                    "unit_amount": hours,
                    "employee_id": employee.id,
                }
                for day, hours in hours_by_day.items()
            ]
        )

    def test_hours_billed_by_period_are_not_billed_again(self):
        service = self.make_service("Hours", "delivered_timesheet")
        order = self.make_order((service, 10, 120))
        self.log_time(
            order.order_line,
            {date(2026, 9, 3): 2.5, date(2026, 10, 5): 3, date(2026, 11, 2): 1.25},
        )
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create(
                {
                    "advance_payment_method": "delivered",
                    "date_start_invoice_timesheet": "2026-10-01",
                    "date_end_invoice_timesheet": "2026-10-31",
                }
            )
        )
        october = wizard._create_invoices(order)
        october.action_post()
        self.assertEqual(october.timesheet_ids.mapped("unit_amount"), [3])
        final = self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((3, 120), (3.75, 120)))
        self.assertEqual(sorted(final.timesheet_ids.mapped("unit_amount")), [1.25, 2.5])

    def test_cash_rounding_of_an_earlier_bill_is_no_part_of_the_law(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "Five cents",
                "rounding": 0.05,
                "strategy": "add_invoice_line",
                "profit_account_id": self.company_data["default_account_revenue"].id,
                "loss_account_id": self.company_data["default_account_expense"].id,
            }
        )
        order = self.make_order((self.service_delivered, 10, 33.33))
        order.order_line.qty_delivered = 1
        interim = order._create_invoices()
        interim.invoice_cash_rounding_id = rounding
        interim.action_post()
        self.assertEqual(interim.amount_total, 33.35)
        order.order_line.qty_delivered = 3
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((1, 33.33), (2, 33.33)))

    def test_the_analytic_distribution_of_several_plans_is_kept(self):
        plans = self.env["account.analytic.plan"].create(
            [{"name": "Region"}, {"name": "Team"}]
        )
        north, red = self.env["account.analytic.account"].create(
            [{"name": plan.name, "plan_id": plan.id} for plan in plans]
        )
        order = self.make_order((self.service_ordered, 10))
        distribution = {f"{north.id},{red.id}": 60, str(north.id): 40}
        order.order_line.analytic_distribution = distribution
        order.order_line.qty_delivered = 3
        invoice = self.issue(self.make_exit())
        self.assertEqual(invoice.invoice_line_ids.analytic_distribution, distribution)
        self.assertEqual(self.billed(order), self.owed((3, 100)))
        entries = invoice.line_ids.analytic_line_ids
        self.assertAlmostEqual(sum(entries.mapped("amount")), 300)

    def test_optional_lines_are_billed_when_they_were_delivered(self):
        order = self.make_order(
            (self.service_ordered, 2), (self.service_ordered, 5, 70), confirm=False
        )
        taken, left = order.order_line
        order.order_line = [
            Command.create(
                {
                    "display_type": "line_section",
                    "name": "Options",
                    "is_optional": True,
                    "sequence": 5,
                }
            ),
            Command.create(
                {"display_type": "line_note", "name": "As wished", "sequence": 6}
            ),
            Command.update(taken.id, {"sequence": 7}),
            Command.update(left.id, {"sequence": 8}),
        ]
        order.action_confirm()
        taken.qty_delivered = 2
        # The lines in memory are still in the order in which they were added.
        self.env.flush_all()
        self.env.invalidate_all()
        invoice = self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((2, 100)))
        kinds = invoice.invoice_line_ids.sorted("sequence").mapped("display_type")
        self.assertEqual(kinds, ["line_section", "line_note", "product"])

    def test_several_advances_some_of_them_deducted_already(self):
        order = self.make_order((self.service_delivered, 10))
        self.make_down_payment(order, amount=20)
        order.order_line.filtered("product_id").qty_delivered = 4
        self.make_invoices(order, final=True)
        self.make_down_payment(
            order, advance_payment_method="fixed", fixed_amount=77.77
        )
        order.order_line.filtered("product_id").qty_delivered = 6
        final = self.issue(self.make_exit())
        self.assertEqual(final.amount_untaxed, 200 - 77.77)
        self.assertEqual(self.billed(order), self.owed((6, 100)))

    def make_combo_order(self, quantity, **values):
        """An order of a menu; its item is the line that carries the price."""
        item = self.make_service("Soup", "ordered_prepaid")
        combo = self.env["product.combo"].create(
            {
                "name": "Choice",
                "combo_item_ids": [Command.create({"product_id": item.id})],
            }
        )
        menu = self.env["product.product"].create(
            {"name": "Menu", "type": "combo", "combo_ids": [Command.link(combo.id)]}
        )
        order = self.make_order((menu, quantity, 0), confirm=False, **values)
        order.order_line = [
            Command.create(
                {
                    **self._prepare_order_line_vals(item, quantity, 80),
                    "linked_line_id": order.order_line.id,
                    "combo_item_id": combo.combo_item_ids.id,
                }
            )
        ]
        order.action_confirm()
        return order

    def test_a_menu_is_billed_with_what_of_it_was_delivered(self):
        eaten, untouched = self.make_combo_order(4), self.make_combo_order(4)
        eaten.order_line[1].qty_delivered = 3
        invoice = self.issue(self.make_exit())
        self.assertEqual(
            [(line.name, line.quantity) for line in invoice.invoice_line_ids],
            [("Menu x 3", 3), ("Soup", 3)],
        )
        self.assertEqual(self.billed(eaten | untouched), self.owed((3, 80)))

    def test_a_menu_that_was_forgiven_makes_no_empty_document(self):
        address = self.make_customer(
            name="Accounts", is_company=False, parent_id=self.customer.id
        )
        forgiven = self.make_combo_order(4, partner_invoice_id=address.id)
        soup = forgiven.order_line[1]
        soup.qty_delivered = 4
        self.make_credit_note(self.make_invoices(forgiven), {soup.product_id: 4})
        order = self.make_order((self.service_delivered, 1))
        order.order_line.qty_delivered = 1
        invoice = self.issue(self.make_exit())
        self.assertEqual(invoice.partner_id, self.customer)
        self.assertEqual(invoice.amount_untaxed, 100)
        self.assertEqual(self.billed(forgiven), 0)

    def test_a_branch_settles_its_own_orders(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        (self.manager | self.salesperson | self.env.user).company_ids |= branch
        home = self.make_order((self.service_delivered, 5))
        away = self.make_order((self.service_delivered, 5), company_id=branch.id)
        home.order_line.qty_delivered = 2
        away.order_line.qty_delivered = 3
        invoice = self.issue(self.make_exit(company_id=branch.id))
        self.assertEqual(invoice.company_id, branch)
        self.assertEqual(self.billed(away), self.owed((3, 100)))
        self.assertEqual(self.billed(home), 0)

    def test_a_refused_price_names_the_line_and_the_way_out(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        invoice = order._create_invoices()
        invoice.invoice_line_ids.price_unit = 80
        invoice.action_post()
        order.order_line.qty_delivered = 5
        exit_case = self.make_exit()
        sentence = self.assert_refused(exit_case, "price")
        self.assertIn(order.order_line.display_name, sentence)
        self.assertIn("60.00", sentence)
        self.assertIn("Correct the price", sentence)
        # The other way out: credit the document and bill at the order's price.
        self.make_credit_note(invoice, {self.service_delivered: 3})
        exit_case._choose_rebilled(order.order_line)
        self.issue(exit_case)
        self.assertEqual(self.billed(order), self.owed((5, 100)))


@tagged("post_install", "-at_install")
class TestFinalInvoiceCost(FinalInvoiceCommon):
    """What the final invoice asks the database beyond Odoo's own invoicing."""

    def make_orders(self, count):
        customer = self.make_customer(name=f"{count} orders")
        orders = self.env["sale.order"]
        for _number in range(count):
            orders |= self.make_order(
                (self.service_ordered, 4),
                (self.service_delivered, 4),
                partner_id=customer.id,
            )
        for line in orders.order_line:
            line.qty_delivered = 3
        return customer, orders

    def count_queries(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def get_extra(self, count):
        customer, orders = self.make_orders(count)
        exit_case = self.make_exit(customer).with_user(self.manager)
        ours = self.count_queries(exit_case.action_issue_final_invoice)
        _customer, orders = self.make_orders(count)
        theirs = self.count_queries(
            lambda: orders.sudo()._create_invoices(final=True).action_post()
        )
        return ours - theirs

    def test_each_order_adds_a_constant_number_of_queries(self):
        self.get_extra(1)  # what is read once
        few, some, many = (self.get_extra(count) for count in (2, 6, 14))
        first, then = (some - few) / 4, (many - some) / 8
        self.assertLessEqual(first, 8)
        self.assertLessEqual(then, first + 1)
