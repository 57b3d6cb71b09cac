"""Documents at another price than the order says, and the totals of the preview."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_final_invoice import FinalInvoiceCommon

REASON = "Agreed on the phone with Ms Buyer"


class PreviewCommon(FinalInvoiceCommon):
    def open_preview(self, exits):
        action = exits.with_user(self.manager).action_preview_final_invoice()
        preview = self.env["final.invoice.preview"].with_user(self.manager)
        return preview.browse(action["res_id"])

    def get_coming(self, preview):
        return sorted(
            (invoice.untaxed, invoice.tax, invoice.total)
            for invoice in preview._get_coming()
        )

    def get_posted(self, moves):
        signs = {"out_invoice": 1, "out_refund": -1}
        return sorted(
            tuple(
                signs[move.move_type] * amount
                for amount in (move.amount_untaxed, move.amount_tax, move.amount_total)
            )
            for move in moves
        )


@tagged("post_install", "-at_install")
class TestFinalInvoicePrice(PreviewCommon):
    def make_dear_order(self, delivered=5, price=80, **line):
        """Three were billed at another price, then the rest was delivered."""
        order = self.make_order((self.service_delivered, 5))
        order.order_line.write({"qty_delivered": 3, **line})
        self.bill_at(order, price)
        order.order_line.qty_delivered = delivered
        return order

    def bill_at(self, order, price):
        invoice = order._create_invoices()
        invoice.invoice_line_ids.price_unit = price
        invoice.action_post()
        return invoice

    def choose(self, exit_case, choice, reason=False):
        preview = self.open_preview(exit_case)
        self.assertFalse(preview.can_issue)
        preview.line_ids.filtered("price_difference").price_choice = choice
        preview.price_reason = reason
        return preview

    def test_put_right_the_difference_is_billed_on_the_final_invoice(self):
        order = self.make_dear_order()
        exit_case = self.make_exit()
        preview = self.choose(exit_case, "correct")
        self.assertEqual(preview.line_ids.price_difference, -60)
        self.assertEqual(preview.line_ids.amount, 2 * 100 + 60)
        coming = self.get_coming(preview)
        preview.action_issue()
        invoice = exit_case.sudo().invoice_ids
        self.assertEqual(self.get_posted(invoice), coming)
        self.assertEqual(invoice.amount_untaxed, 260)
        self.assertEqual(self.billed(order), self.owed((5, 100)))
        self.assertEqual(order.order_line.qty_invoiced, 5)
        self.assertEqual(
            sorted(invoice.invoice_line_ids.mapped("quantity")), [-3, 2, 3]
        )

    def test_what_was_billed_too_dear_is_given_back(self):
        order = self.make_dear_order(delivered=3, price=120, discount=10)
        exit_case = self.make_exit()
        preview = self.choose(exit_case, "correct")
        coming = self.get_coming(preview)
        preview.action_issue()
        credit = exit_case.sudo().invoice_ids
        self.assertEqual(credit.move_type, "out_refund")
        self.assertEqual(self.get_posted(credit), coming)
        self.assertEqual(self.billed(order), self.owed((3, 100, 10)))
        self.assertFalse(exit_case._get_unsettled_lines())
        self.assertFalse(exit_case._get_price_differences(order.order_line))

    def test_taxes_are_those_it_was_billed_with(self):
        tax = self.env["account.tax"].create({"name": "21", "amount": 21})
        self.service_delivered.taxes_id = tax
        order = self.make_dear_order(delivered=3)
        order.order_line.tax_ids = False
        exit_case = self.make_exit()
        preview = self.choose(exit_case, "correct")
        coming = self.get_coming(preview)
        preview.action_issue()
        final = exit_case.sudo().invoice_ids
        self.assertEqual(self.get_posted(final), coming)
        self.assertAlmostEqual(coming[0][1], -3 * 80 * 0.21)
        self.assertEqual(self.billed(order), self.owed((3, 100)))

    def test_left_with_a_reason_it_stays_as_billed(self):
        order = self.make_dear_order()
        exit_case = self.make_exit()
        preview = self.choose(exit_case, "leave", REASON)
        self.assertTrue(preview.can_issue)
        preview.action_issue()
        self.assertEqual(exit_case.sudo().invoice_ids.amount_untaxed, 200)
        self.assertEqual(self.billed(order), self.owed((3, 80), (2, 100)))
        self.assertEqual(exit_case.price_reason, REASON)
        notes = " ".join(exit_case.sudo().message_ids.mapped("body"))
        self.assertIn(REASON, notes)
        self.assertIn("60.00", notes)

    def test_without_a_reason_nothing_is_left(self):
        order = self.make_dear_order()
        exit_case = self.make_exit()
        preview = self.choose(exit_case, "leave", " ")
        with self.assertRaisesRegex(UserError, "Write why"):
            preview.action_issue()
        self.assertEqual(exit_case.state, "wrap_up")
        self.assertEqual(len(order.invoice_ids), 1)

    def test_without_a_choice_the_button_refuses(self):
        self.make_dear_order()
        exit_case = self.make_exit()
        preview = self.open_preview(exit_case)
        self.assertFalse(preview.can_issue)
        with self.assertRaisesRegex(UserError, "another price"):
            preview.action_issue()
        self.assert_refused(exit_case, "price")

    def test_what_is_left_covers_that_difference_alone(self):
        order = self.make_dear_order(delivered=3)
        exit_case = self.make_exit()
        preview = self.choose(exit_case, "leave", REASON)
        preview.action_keep_choices()
        self.assertNotIn("price", exit_case._get_invoice_obstacles())
        order.order_line.qty_delivered = 4
        self.bill_at(order, 70)
        self.assertIn("price", exit_case._get_invoice_obstacles())

    def test_left_where_nothing_is_to_bill_it_is_settled_without_an_invoice(self):
        order = self.make_dear_order(delivered=3)
        exit_case = self.make_exit().with_user(self.manager)
        preview = self.choose(exit_case, "leave", REASON)
        self.assertFalse(preview.can_issue)
        preview.action_keep_choices()
        exit_case.settlement_reason = "Billed by hand"
        exit_case.action_settle_without_invoice()
        self.assertEqual(exit_case.state, "invoiced")
        self.assertEqual(self.billed(order), self.owed((3, 80)))

    def test_a_price_put_right_where_nothing_else_is_to_bill(self):
        order = self.make_dear_order(delivered=3)
        exit_case = self.make_exit()
        self.choose(exit_case, "correct").action_issue()
        self.assertEqual(exit_case.sudo().invoice_ids.amount_untaxed, 60)
        self.assertEqual(self.billed(order), self.owed((3, 100)))

    def test_a_document_in_another_currency_is_not_put_right_here(self):
        currency = self.setup_other_currency("CHF", rates=[("1900-01-01", 3.0)])
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        invoice = order._create_invoices()
        invoice.currency_id = currency
        invoice.action_post()
        exit_case = self.make_exit()
        preview = self.choose(exit_case, "correct")
        with self.assertRaisesRegex(UserError, "another currency"):
            preview.action_issue()

    def test_only_managers_choose(self):
        order = self.make_dear_order()
        exit_case = self.make_exit().with_user(self.salesperson)
        with self.assertRaises(UserError):
            exit_case._choose_prices(order.order_line, order.order_line.browse(), "")
        for name in ("corrected_line_ids", "price_reason"):
            with self.assertRaises(UserError):
                exit_case.with_user(self.manager).write({name: False})


@tagged("post_install", "-at_install")
class TestFinalInvoiceTotals(PreviewCommon):
    """What the preview announces is what is posted; random histories do so too."""

    def test_each_document_to_come_has_its_totals(self):
        tax = self.env["account.tax"].create({"name": "21", "amount": 21})
        self.service_ordered.taxes_id = tax
        address = self.make_customer(
            name="Accounts", type="invoice", parent_id=self.customer.id
        )
        here = self.make_order((self.service_ordered, 10, 33.33))
        there = self.make_order(
            (self.service_delivered, 2, 10.01), partner_invoice_id=address.id
        )
        here.order_line.qty_delivered = 3
        there.order_line.qty_delivered = 2
        exit_case = self.make_exit()
        preview = self.open_preview(exit_case)
        coming = self.get_coming(preview)
        self.assertEqual(coming, [(20.02, 0, 20.02), (99.99, 21.0, 120.99)])
        for text in ("120.99", "20.02", "141.01", here.name, "Accounts"):
            self.assertIn(text, preview.totals)
        preview.action_issue()
        self.assertEqual(self.get_posted(exit_case.sudo().invoice_ids), coming)

    def test_choosing_in_the_preview_changes_its_totals(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        invoice = self.make_invoices(order)
        self.make_credit_note(invoice, {self.service_delivered: 2})
        preview = self.open_preview(self.make_exit())
        self.assertFalse(preview._get_coming())
        self.assertFalse(preview.totals)
        preview.line_ids.rebill = True
        self.assertEqual(self.get_coming(preview), [(200, 0, 200)])

    def test_looking_changes_nothing(self):
        order = self.make_order((self.service_ordered, 10))
        order.order_line.qty_delivered = 4
        exit_case = self.make_exit()
        before = self.picture(exit_case)
        moves = self.env["account.move"].search_count([])
        self.open_preview(exit_case).read(["totals"])
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.picture(exit_case), before)
        self.assertEqual(self.env["account.move"].search_count([]), moves)


@tagged("post_install", "-at_install")
class TestFinalInvoiceVendorBill(PreviewCommon):
    """Expenses that come by a vendor's bill and are charged to the customer."""

    def charge(self, expense_policy):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 1
        plan = self.env["account.analytic.plan"].search([], limit=1)
        account = self.env["account.analytic.account"].create(
            {"name": "Advice", "plan_id": plan.id}
        )
        project = self.env["project.project"].create(
            {
                "name": "Advice",
                "partner_id": self.customer.id,
                "allow_billable": True,
                "account_id": account.id,
                "reinvoiced_sale_order_id": order.id,
            }
        )
        order.project_id = project
        train = self.make_service(
            "Train",
            "ordered_prepaid",
            expense_policy=expense_policy,
            list_price=75,
            supplier_taxes_id=[Command.clear()],
        )
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.make_customer(name="Railways").id,
                "invoice_date": self.days_ago(1),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": train.id,
                            "quantity": 3,
                            "price_unit": 42.5,
                            "tax_ids": [Command.clear()],
                            "analytic_distribution": {account.id: 100},
                        }
                    )
                ],
            }
        )
        bill.action_post()
        return order

    def test_charged_at_cost_it_is_on_the_final_invoice(self):
        order = self.charge("cost")
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((1, 100), (3, 42.5)))

    def test_charged_at_the_sales_price_it_is_on_the_final_invoice(self):
        order = self.charge("sales_price")
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((1, 100), (3, 75)))

    def test_what_is_not_charged_is_not_billed(self):
        order = self.charge("no")
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((1, 100)))
