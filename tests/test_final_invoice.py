from decimal import ROUND_HALF_UP, Decimal

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ToxicityCommon

CENT = Decimal("0.01")


def money(value):
    """A float as the decimal a person would write."""
    return Decimal(str(round(value, 6)))


def rounded(value):
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


@tagged("post_install", "-at_install")
class FinalInvoiceCommon(ToxicityCommon):
    """The law, computed from what a person would read on paper."""

    def billed(self, orders, currency=None):
        """Σ posted invoices − Σ credit notes over the lines of the orders."""
        total = Decimal(0)
        lines = orders.order_line
        moves = self.env["account.move"].search(
            [("state", "=", "posted"), ("line_ids.sale_line_ids", "in", lines.ids)]
        )
        for move in moves:
            sign = {"out_invoice": 1, "out_refund": -1}[move.move_type]
            for item in move.invoice_line_ids:
                if item.display_type != "product" or not item.sale_line_ids & lines:
                    continue
                if currency and move.currency_id != currency:
                    continue
                total += sign * money(item.price_subtotal)
        return rounded(total)

    def owed(self, *parts):
        """Σ quantity × price × (1 − discount), each part rounded like a line."""
        total = Decimal(0)
        for part in parts:
            quantity, price, discount = (*part, 0, 0)[:3]
            total += rounded(
                money(quantity) * money(price) * (1 - money(discount) / 100)
            )
        return total

    def issue(self, exit_case):
        exit_case.with_user(self.manager).action_issue_final_invoice()
        self.assertEqual(exit_case.state, "invoiced")
        return exit_case.sudo().invoice_ids

    def discount(self, order, **values):
        self.env["sale.order.discount"].create(
            {"sale_order_id": order.id, **values}
        ).action_apply_discount()
        return order.order_line.filtered(lambda line: line.price_unit < 0)

    def assert_refused(self, exit_case, code, orders=None):
        """The obstacle is shown, the button refuses with it, nothing changes."""
        exit_case = exit_case.with_user(self.manager)
        sentence = exit_case._get_invoice_obstacles()[code]
        before = self.picture(exit_case, orders)
        with self.assertRaises(UserError) as caught:
            exit_case.action_issue_final_invoice()
        self.assertIn(sentence, str(caught.exception))
        self.env.invalidate_all()
        self.assertEqual(self.picture(exit_case, orders), before)
        return sentence

    def picture(self, exit_case, orders=None):
        orders = orders or exit_case.sudo()._get_settlement_orders()
        names = ["product_uom_qty", "price_unit", "discount", "qty_to_invoice"]
        return (
            exit_case.state,
            [line.read(names) for line in orders.order_line],
            orders.mapped("locked"),
            orders.invoice_ids.mapped("state"),
        )


@tagged("post_install", "-at_install")
class TestFinalInvoice(FinalInvoiceCommon):
    def test_what_was_ordered_and_not_delivered_is_not_billed(self):
        order = self.make_order((self.service_ordered, 10), (self.service_delivered, 5))
        order.order_line[0].qty_delivered = 0
        order.order_line[1].qty_delivered = 3
        invoice = self.issue(self.make_exit())
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(self.billed(order), self.owed((3, 100)))

    def test_what_was_partly_delivered_is_billed_at_its_price_and_discount(self):
        order = self.make_order((self.service_ordered, 10, 87.35, 12.5))
        order.order_line.qty_delivered = 3.25
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((3.25, 87.35, 12.5)))
        self.assertRecordValues(
            order.order_line,
            [{"product_uom_qty": 3.25, "price_unit": 87.35, "discount": 12.5}],
        )
        self.assertEqual(order.invoice_status, "invoiced")

    def test_what_was_prepaid_and_not_delivered_is_refunded(self):
        order = self.make_order((self.service_ordered, 10))
        self.make_invoices(order)
        order.order_line.qty_delivered = 4
        moves = self.issue(self.make_exit())
        self.assertEqual(moves.move_type, "out_refund")
        self.assertEqual(moves.amount_untaxed, 600)
        self.assertEqual(self.billed(order), self.owed((4, 100)))

    def test_delivered_above_the_order_is_billed(self):
        order = self.make_order((self.service_ordered, 10))
        order.order_line.qty_delivered = 12
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((12, 100)))

    def test_a_down_payment_in_percent_is_deducted(self):
        order = self.make_order((self.service_ordered, 10), (self.service_delivered, 4))
        self.make_down_payment(order, amount=30)
        order.order_line[0].qty_delivered = 5
        order.order_line[1].qty_delivered = 4
        invoice = self.issue(self.make_exit())
        self.assertEqual(invoice.amount_untaxed, 900 - 420)
        self.assertEqual(self.billed(order), self.owed((5, 100), (4, 100)))

    def test_a_fixed_down_payment_above_the_delivery_is_refunded(self):
        order = self.make_order((self.service_delivered, 10))
        self.make_down_payment(
            order, advance_payment_method="fixed", fixed_amount=450.5
        )
        order.order_line.filtered("product_id").qty_delivered = 2
        moves = self.issue(self.make_exit())
        self.assertEqual(moves.move_type, "out_refund")
        self.assertEqual(moves.amount_untaxed, 250.5)
        self.assertEqual(self.billed(order), self.owed((2, 100)))

    def test_an_interim_invoice_counts(self):
        order = self.make_order((self.service_delivered, 10, 33.33))
        order.order_line.qty_delivered = 3
        self.make_invoices(order)
        order.order_line.qty_delivered = 7
        invoice = self.issue(self.make_exit())
        self.assertEqual(invoice.invoice_line_ids.quantity, 4)
        self.assertEqual(self.billed(order), self.owed((3, 33.33), (4, 33.33)))

    def test_what_was_credited_in_goodwill_stays_credited(self):
        order = self.make_order((self.service_delivered, 10))
        order.order_line.qty_delivered = 10
        invoice = self.make_invoices(order)
        self.make_credit_note(invoice, {self.service_delivered: 3})
        order.order_line.qty_delivered = 12
        self.issue(self.make_exit())
        self.assertEqual(self.billed(order), self.owed((12 - 3, 100)))
        self.assertEqual(order.order_line.qty_to_invoice, 0)

    def test_orders_of_all_contacts_are_settled_together(self):
        contact = self.make_customer(
            name="Buyer", is_company=False, parent_id=self.customer.id
        )
        contact.active = False
        first = self.make_order((self.service_delivered, 1))
        second = self.make_order(
            (self.service_delivered, 2),
            partner_id=contact.id,
            partner_invoice_id=self.customer.id,
        )
        first.order_line.qty_delivered = 1
        second.order_line.qty_delivered = 2
        exit_case = self.make_exit()
        self.issue(exit_case)
        self.assertEqual(self.billed(first | second), self.owed((3, 100)))

    def test_a_locked_order_is_cut_and_locked_again(self):
        order = self.make_order((self.service_ordered, 10))
        order.order_line.qty_delivered = 2
        order.action_lock()
        self.issue(self.make_exit())
        self.assertTrue(order.locked)
        self.assertEqual(self.billed(order), self.owed((2, 100)))

    def test_two_currencies_get_two_invoices(self):
        currency = self.setup_other_currency("CHF", rates=[("1900-01-01", 3.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "CHF", "currency_id": currency.id}
        )
        home = self.make_order((self.service_ordered, 10, 99.99))
        abroad = self.make_order(
            (self.service_ordered, 10, 10.01), pricelist_id=pricelist.id
        )
        home.order_line.qty_delivered = 3
        abroad.order_line.qty_delivered = 7
        moves = self.issue(self.make_exit())
        self.assertEqual(len(moves), 2)
        self.assertEqual(self.billed(home | abroad, currency), self.owed((7, 10.01)))
        self.assertEqual(
            self.billed(home | abroad, home.currency_id), self.owed((3, 99.99))
        )

    def test_twice_gives_the_same_invoices(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        exit_case = self.make_exit()
        first = exit_case.action_issue_final_invoice()
        order.order_line.qty_delivered = 9
        second = exit_case.action_issue_final_invoice()
        self.assertEqual(first, second)
        self.assertEqual(len(order.invoice_ids), 1)
        self.assertEqual(self.billed(order), self.owed((5, 100)))

    # Refused

    def test_nothing_left_to_bill_is_said_and_changes_nothing(self):
        order = self.make_order((self.service_delivered, 5))
        exit_case = self.make_exit()
        sentence = self.assert_refused(exit_case, "nothing_to_bill", order)
        self.assertIn(self.customer.name, sentence)

    def test_a_draft_down_payment_is_named_and_stands_in_the_way(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        self.make_down_payment(order, amount=30, post=False)
        sentence = self.assert_refused(self.make_exit(), "draft_down_payment")
        self.assertIn(order.name, sentence)

    def test_a_draft_invoice_stands_in_the_way(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        order._create_invoices()
        order.order_line.qty_delivered = 5
        sentence = self.assert_refused(self.make_exit(), "draft_invoice")
        self.assertIn(order.name, sentence)

    def test_a_lock_date_stands_in_the_way(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        self.company.sudo().sale_lock_date = fields.Date.today()
        self.assert_refused(self.make_exit(), "lock_date")

    def test_an_inactive_currency_stands_in_the_way(self):
        currency = self.setup_other_currency("CHF", rates=[("1900-01-01", 3.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "CHF", "currency_id": currency.id}
        )
        order = self.make_order((self.service_delivered, 5), pricelist_id=pricelist.id)
        order.order_line.qty_delivered = 3
        currency.active = False
        sentence = self.assert_refused(self.make_exit(), "inactive_currency")
        self.assertIn(order.name, sentence)

    def test_an_invoice_address_out_of_use_stands_in_the_way(self):
        address = self.make_customer(
            name="Accounts",
            is_company=False,
            parent_id=self.customer.id,
            type="invoice",
        )
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        self.assertEqual(order.partner_invoice_id, address)
        address.active = False
        sentence = self.assert_refused(self.make_exit(), "invoice_address")
        self.assertIn(order.name, sentence)

    def test_an_exit_that_is_not_approved_bills_nothing(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        exit_case = self.make_exit(state="draft")
        self.assert_refused(exit_case, "not_approved")
        exit_case.action_cancel()
        self.assert_refused(self.make_exit(state="approved"), "not_wrapped_up")

    def test_a_manager_without_billing_rights_is_told_who_has_them(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        exit_case = self.make_exit()
        seller = self.make_user("seller_manager", "sales_team.group_sale_manager")
        with self.assertRaises(UserError) as caught:
            exit_case.with_user(seller).action_issue_final_invoice()
        self.assertIn(self.manager.name, str(caught.exception))
        self.assertEqual(exit_case.state, "wrap_up")

    def test_a_price_changed_on_an_invoice_stands_in_the_way(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        invoice = order._create_invoices()
        invoice.invoice_line_ids.price_unit = 80
        invoice.action_post()
        order.order_line.qty_delivered = 5
        exit_case = self.make_exit()
        self.assert_refused(exit_case, "price")
        order.order_line.price_unit = 80
        self.issue(exit_case)
        self.assertEqual(self.billed(order), self.owed((5, 80)))

    def test_a_preparation_that_breaks_the_law_is_undone(self):
        order = self.make_order((self.service_ordered, 10))
        order.order_line.qty_delivered = 4
        exit_case = self.make_exit()
        before = self.picture(exit_case)
        line_class = self.registry["sale.order.line"]
        self.patch(line_class, "_is_to_cut", lambda line, delivered: False)
        self.patch(line_class, "_set_to_invoice", lambda line, quantity: None)
        with self.assertRaisesRegex(UserError, "600"):
            exit_case.action_issue_final_invoice()
        self.assertEqual(self.picture(exit_case), before)
        self.assertFalse(order.invoice_ids)

    def test_the_invoice_says_nothing_of_the_exit_to_the_customer(self):
        order = self.make_order((self.service_ordered, 9))
        order.order_line.qty_delivered = 5
        exit_case = self.make_exit()
        invoice = self.issue(exit_case)
        shown = [
            invoice.name,
            invoice.ref,
            invoice.invoice_origin,
            str(invoice.narration),
            *invoice.message_ids.mapped("body"),
            *order.message_ids.mapped("body"),
            *invoice.message_ids.tracking_value_ids.mapped("new_value_char"),
        ]
        for text in filter(None, shown):
            self.assertNotIn(exit_case.name, text)
            self.assertNotRegex(text.lower(), "toxic|exit")
        self.assertNotIn("exit_id", invoice.with_user(self.outsider).fields_get())
        self.assertEqual(
            invoice.message_partner_ids & self.customer, self.env["res.partner"]
        )
