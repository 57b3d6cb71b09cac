from odoo import Command
from odoo.exceptions import RedirectWarning, UserError
from odoo.tests import tagged

from .test_final_invoice import FinalInvoiceCommon


@tagged("post_install", "-at_install")
class TestFinalInvoiceCases(FinalInvoiceCommon):
    """The law where Odoo's invoicing is at its most peculiar."""

    def log_time(self, line, hours):
        employee = self.env["hr.employee"].sudo().create({"name": "Ada"})
        project = self.env["project.project"].create(
            {
                "name": "Works",
                "partner_id": self.customer.id,
                "allow_billable": True,
                "sale_line_id": line.id,
                "company_id": self.company.id,
            }
        )
        task = self.env["project.task"].create(
            {"name": "Work", "project_id": project.id, "sale_line_id": line.id}
        )
        self.env["account.analytic.line"].create(
            {
                "name": "Work",
                "task_id": task.id,
                "project_id": project.id,
                "unit_amount": hours,
                "employee_id": employee.id,
            }
        )

    def test_hours_logged_are_billed_and_linked(self):
        service = self.make_service("Hours", "delivered_timesheet")
        order = self.make_order((service, 10, 120))
        self.log_time(order.order_line, 3.5)
        invoice = self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((3.5, 120)))
        self.assertEqual(invoice.timesheet_ids.unit_amount, 3.5)

    def test_prepaid_hours_not_logged_are_refunded(self):
        order = self.make_order((self.service_ordered, 10, 120))
        self.make_invoices(order)
        self.log_time(order.order_line, 3.5)
        self.assertEqual(self.issue(self.make_exit()).move_type, "out_refund")
        self.assertEqual(self.billed(order), self.owed((3.5, 120)))
        self.assertEqual(order.order_line.qty_delivered, 3.5)

    def make_milestones(self, line, *parts):
        project = self.env["project.project"].create(
            {
                "name": "Stages",
                "partner_id": self.customer.id,
                "allow_billable": True,
                "allow_milestones": True,
            }
        )
        for part, is_reached in parts:
            self.env["project.milestone"].create(
                {
                    "name": "Stage",
                    "project_id": project.id,
                    "sale_line_id": line.id,
                    "quantity_percentage": part,
                    "is_reached": is_reached,
                }
            )

    def test_milestones_reached_count_as_delivered(self):
        service = self.make_service("Stage", "delivered_manual")
        service.service_type = "milestones"
        order = self.make_order((service, 10, 99.9))
        self.make_milestones(order.order_line, (0.4, True), (0.6, False))
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((4, 99.9)))

    def test_prepaid_milestones_keep_their_ordered_quantity(self):
        service = self.make_service("Stage", "ordered_prepaid")
        service.service_type = "milestones"
        order = self.make_order((service, 10, 99.9))
        self.make_invoices(order)
        self.make_milestones(order.order_line, (0.4, True), (0.6, False))
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((4, 99.9)))
        self.assertEqual(order.order_line.product_uom_qty, 10)
        self.assertEqual(order.order_line.qty_to_invoice, 0)

    def test_an_expense_is_billed_although_nobody_ordered_it(self):
        order = self.make_order((self.service_delivered, 1))
        train = self.env["product.product"].create(
            {
                "name": "Train",
                "type": "service",
                "invoice_policy": "order",
                "expense_policy": "cost",
                "taxes_id": [Command.clear()],
            }
        )
        expense = self.env["sale.order.line"].create(
            {
                "order_id": order.id,
                "product_id": train.id,
                "product_uom_qty": 0,
                "price_unit": 61.4,
                "is_expense": True,
            }
        )
        account = self.env["account.analytic.account"].create(
            {
                "name": "Travel",
                "plan_id": self.env["account.analytic.plan"].search([], limit=1).id,
            }
        )
        self.env["account.analytic.line"].create(
            {
                "name": "Train",
                "account_id": account.id,
                "product_id": train.id,
                "product_uom_id": train.uom_id.id,
                "unit_amount": 2,
                "amount": -122.8,
                "so_line": expense.id,
            }
        )
        self.assertEqual(expense.qty_delivered, 2)
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((2, 61.4)))

    # Credit notes

    def credited_order(self):
        order = self.make_order((self.service_delivered, 10))
        order.order_line.qty_delivered = 10
        self.make_credit_note(self.make_invoices(order), {self.service_delivered: 3})
        return order

    def open_preview(self, exit_case):
        action = exit_case.with_user(self.manager).action_preview_final_invoice()
        return (
            self.env["final.invoice.preview"]
            .with_user(self.manager)
            .browse(action["res_id"])
        )

    def test_a_goodwill_credit_alone_leaves_nothing_to_bill(self):
        order = self.credited_order()
        self.assertEqual(order.order_line.qty_to_invoice, 3)
        self.assert_refused(self.make_exit(), "nothing_to_bill")

    def test_what_was_credited_is_billed_again_when_chosen(self):
        order = self.credited_order()
        exit_case = self.make_exit()
        preview = self.open_preview(exit_case)
        self.assertFalse(preview.can_issue)
        line = preview.line_ids
        self.assertRecordValues(
            line, [{"credited": 3, "forgiven": 3, "to_bill": 0, "amount": 0}]
        )
        line.rebill = True
        self.assertRecordValues(line, [{"forgiven": 0, "to_bill": 3, "amount": 300}])
        self.assertTrue(preview.can_issue)
        preview.action_issue()
        self.assertEqual(exit_case.state, "invoiced")
        self.assertEqual(self.billed(order), self.owed((10, 100)))

    def test_what_was_forgiven_is_not_billed_by_odoo_either(self):
        order = self.credited_order()
        order.order_line.qty_delivered = 11
        self.issue(self.make_exit())
        with self.assertRaises(UserError):
            order._create_invoices(final=True)
        self.assertEqual(order.invoice_status, "no")

    def test_a_credit_for_what_was_never_delivered_forgives_nothing(self):
        order = self.make_order((self.service_ordered, 10))
        invoice = self.make_invoices(order)
        self.make_credit_note(invoice, {self.service_ordered: 3})
        order.order_line.qty_delivered = 4
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((4, 100)))

    def test_down_payments_stand_below_the_lines_of_all_orders(self):
        for _order in range(2):
            order = self.make_order((self.service_delivered, 10))
            self.make_down_payment(order, amount=10)
            order.order_line.filtered("product_id").qty_delivered = 10
        invoice = self.issue(self.make_exit())
        lines = invoice.invoice_line_ids.sorted(lambda item: (item.sequence, item.id))
        kinds = [(item.display_type, item.is_downpayment) for item in lines]
        advance = [("line_section", False), ("product", True)]
        self.assertEqual(kinds, [("product", False)] * 2 + advance * 2)

    # Discounts on the whole order

    def test_a_discount_on_the_order_follows_what_was_delivered(self):
        order = self.make_order((self.service_delivered, 3, 100), confirm=False)
        self.discount(order, discount_type="so_discount", discount_percentage=0.1)
        order.action_confirm()
        order.order_line[0].qty_delivered = 1
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((1, 100), (1, -10)))

    def test_a_discount_already_billed_shrinks_with_the_refund(self):
        order = self.make_order((self.service_ordered, 4, 100), confirm=False)
        self.discount(order, discount_type="so_discount", discount_percentage=0.1)
        order.action_confirm()
        self.make_invoices(order)
        order.order_line[0].qty_delivered = 1
        moves = self.issue(self.make_exit())
        self.assertEqual(moves.amount_untaxed, 270)
        self.assertEqual(self.billed(order), self.owed((1, 100), (0.25, -40)))

    def test_a_discount_falls_with_an_order_of_which_nothing_came(self):
        order = self.make_order((self.service_ordered, 4, 100), confirm=False)
        self.discount(order, discount_type="amount", discount_amount=50)
        order.action_confirm()
        self.assert_refused(self.make_exit(), "nothing_to_bill")

    # Taxes and rounding

    def make_tax(self, **values):
        return self.env["account.tax"].create(
            {"name": "Tax", "amount": 21, "type_tax_use": "sale", **values}
        )

    def test_prices_with_tax_in_them_are_compared_untaxed(self):
        tax = self.make_tax(price_include_override="tax_included")
        self.service_ordered.taxes_id = tax
        order = self.make_order((self.service_ordered, 7, 121))
        self.make_invoices(order)
        order.order_line.qty_delivered = 3
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((3, 100)))

    def test_rounding_per_document_holds_the_law(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        tax = self.make_tax()
        (self.service_ordered | self.service_delivered).taxes_id = tax
        order = self.make_order(
            (self.service_ordered, 7, 3.333),
            (self.service_delivered, 7, 3.333),
            (self.service_delivered, 7, 3.333),
        )
        order.order_line[1].qty_delivered = 1.11
        self.make_invoices(order)
        for line in order.order_line:
            line.qty_delivered = 2.17
        self.issue(self.make_exit())
        exact = 3 * 2.17 * 3.333
        self.assertAlmostEqual(float(self.billed(order)), exact, delta=0.03)

    # Quantities and addresses

    def test_an_invoice_in_days_of_an_order_in_hours_counts_in_hours(self):
        order = self.make_order((self.service_delivered, 10))
        order.order_line.qty_delivered = 16
        invoice = order._create_invoices()
        invoice.invoice_line_ids.write(
            {
                "product_uom_id": self.env.ref("uom.product_uom_day").id,
                "quantity": 1,
                "price_unit": 800,
            }
        )
        invoice.action_post()
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((16, 100)))

    def test_negative_quantities_are_settled_as_delivered(self):
        order = self.make_order(
            (self.service_delivered, 10), (self.service_delivered, -2, 30)
        )
        order.order_line[0].qty_delivered = 4
        order.order_line[1].qty_delivered = -1
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((4, 100), (1, -30)))

    def test_each_invoice_address_gets_its_own_document(self):
        address = self.make_customer(
            name="Accounts", is_company=False, parent_id=self.customer.id
        )
        first = self.make_order(
            (self.service_ordered, 10), partner_invoice_id=address.id
        )
        second = self.make_order((self.service_ordered, 10))
        self.make_invoices(first)
        (first | second).order_line.write({"qty_delivered": 4})
        moves = self.issue(self.make_exit())
        self.assertEqual(
            {move.partner_id: move.move_type for move in moves},
            {address: "out_refund", self.customer: "out_invoice"},
        )
        self.assertEqual(self.billed(first | second), self.owed((8, 100)))

    def test_a_combo_is_billed_by_its_items(self):
        item = self.make_service("Item", "ordered_prepaid")
        combo = self.env["product.combo"].create(
            {
                "name": "Choice",
                "combo_item_ids": [Command.create({"product_id": item.id})],
            }
        )
        menu = self.env["product.product"].create(
            {"name": "Menu", "type": "combo", "combo_ids": [Command.link(combo.id)]}
        )
        order = self.make_order((menu, 2, 0), confirm=False)
        line = self.env["sale.order.line"].create(
            {
                "order_id": order.id,
                "product_id": item.id,
                "product_uom_qty": 2,
                "price_unit": 80,
                "linked_line_id": order.order_line.id,
                "combo_item_id": combo.combo_item_ids.id,
            }
        )
        order.action_confirm()
        line.qty_delivered = 1
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((1, 80)))

    def test_a_later_exit_bills_what_was_delivered_since(self):
        order = self.make_order((self.service_ordered, 10))
        self.make_invoices(order)
        order.order_line.qty_delivered = 4
        exit_case = self.make_exit()
        self.issue(exit_case)
        exit_case.write(
            {"open_amount_decision": "left_open", "open_amount_reason": "Refund due"}
        )
        exit_case.action_close()
        order.order_line.qty_delivered = 7
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((7, 100)))

    # Companies

    def test_each_company_settles_its_own_orders(self):
        other = self.setup_other_company()["company"]
        home = self.make_order((self.service_delivered, 5))
        home.order_line.qty_delivered = 5
        away = self.make_order((self.service_delivered, 8), company_id=other.id)
        away.order_line.qty_delivered = 2
        self.manager.company_ids |= other
        self.salesperson.company_ids |= other
        self.issue(self.make_exit())
        self.assertEqual(self.billed(home), self.owed((5, 100)))
        self.assertEqual(self.billed(away), 0)
        exit_case = self.make_exit(company_id=other.id)
        moves = self.issue(exit_case)
        self.assertEqual(moves.company_id, other)
        self.assertEqual(self.billed(away), self.owed((2, 100)))

    # Around it

    def test_the_cut_is_recorded_as_an_agreed_scope_change(self):
        order = self.make_order((self.service_ordered, 10))
        order.order_line.qty_delivered = 4
        exit_case = self.make_exit()
        self.issue(exit_case)
        self.assertRecordValues(
            order.scope_change_ids,
            [{"state": "agreed", "requested_by": "us", "amount": -600}],
        )
        self.assertIn(exit_case.name, order.scope_change_ids.reason)

    def test_an_order_gets_one_note_about_all_its_cut_lines(self):
        other = self.make_service("Other advice", "ordered_prepaid")
        order = self.make_order((self.service_ordered, 10), (other, 8))
        order.order_line[0].qty_delivered = 4
        before = order.message_ids
        self.issue(self.make_exit())
        notes = (order.message_ids - before).filtered(
            lambda message: "quantities" in message.body
        )
        self.assertEqual(len(notes), 1)
        self.assertIn("Other advice: 8.0 → 0.0", notes.body)
        self.assertEqual(notes.subtype_id, self.env.ref("mail.mt_note"))

    def test_a_preview_that_is_out_of_date_issues_nothing(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        exit_case = self.make_exit()
        preview = self.open_preview(exit_case)
        order.order_line.qty_delivered = 5
        with self.assertRaisesRegex(UserError, "changed since"):
            preview.action_issue()
        self.assertEqual(exit_case.state, "wrap_up")
        self.assertFalse(order.invoice_ids)

    def run_action(self, xmlid, records):
        action = self.env.ref(f"toxic_customer_exit.{xmlid}").with_user(self.manager)
        return action.with_context(
            active_model=records._name, active_id=records.id, active_ids=records.ids
        ).run()

    def test_the_server_action_on_an_exit_opens_the_preview(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        action = self.run_action("customer_exit_action_final_invoice", self.make_exit())
        preview = self.env["final.invoice.preview"].browse(action["res_id"])
        self.assertEqual(preview.line_ids.amount, 300)
        self.assertFalse(order.invoice_ids)

    def test_the_server_action_on_a_project_finds_the_approved_exit(self):
        project = self.env["project.project"].create(
            {
                "name": "Works",
                "partner_id": self.customer.id,
                "company_id": self.company.id,
            }
        )
        xmlid = "customer_exit_action_project_final_invoice"
        with self.assertRaisesRegex(RedirectWarning, "no open exit"):
            self.run_action(xmlid, project)
        draft = self.make_exit(state="draft")
        with self.assertRaisesRegex(RedirectWarning, draft.name):
            self.run_action(xmlid, project)
        draft.action_cancel()
        exit_case = self.make_exit()
        action = self.run_action(xmlid, project)
        preview = self.env["final.invoice.preview"].browse(action["res_id"])
        self.assertEqual(preview.exit_ids.ids, exit_case.ids)

    def test_a_project_without_customer_is_named(self):
        project = self.env["project.project"].create({"name": "Own works"})
        with self.assertRaisesRegex(UserError, "Own works"):
            self.run_action("customer_exit_action_project_final_invoice", project)
