from odoo.tests import tagged

from .test_final_invoice import FinalInvoiceCommon


@tagged("post_install", "-at_install")
class TestFinalInvoiceAdvances(FinalInvoiceCommon):
    """Down payments are deducted by what is left of them, whatever became of them."""

    def make_advanced_order(self, delivered=5, price=None, locked=False):
        """Ten at 100 with 30 % paid in advance, or an advance edited to `price`."""
        order = self.make_order((self.service_delivered, 10))
        order.order_line.qty_delivered = delivered
        if locked:
            order.action_lock()
        advance = self.make_down_payment(order, amount=30, post=False)
        if price:
            self.get_items(advance).price_unit = price
        advance.action_post()
        return order, advance

    def get_items(self, move):
        return move.invoice_line_ids.filtered(
            lambda item: item.display_type == "product"
        )

    def credit(self, invoice, **values):
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        reversal.refund_moves()
        self.get_items(reversal.new_move_ids).write(values)
        reversal.new_move_ids.action_post()

    def assert_deducted(self, order, amount, delivered=5):
        invoice = self.issue(self.make_exit())
        self.assertEqual(invoice.amount_untaxed, delivered * 100 - amount)
        self.assertEqual(self.billed(order), self.owed((delivered, 100)))

    def test_an_advance_edited_before_posting_is_deducted_as_posted(self):
        order, _advance = self.make_advanced_order(price=250)
        self.assert_deducted(order, 250)

    def test_also_when_the_order_was_locked(self):
        order, _advance = self.make_advanced_order(price=250, locked=True)
        self.assert_deducted(order, 250)
        self.assertTrue(order.locked)

    def test_an_advance_credited_in_full_is_not_deducted(self):
        order, advance = self.make_advanced_order()
        self.credit(advance)
        self.assert_deducted(order, 0)

    def test_an_advance_credited_in_price_is_deducted_by_the_rest(self):
        order, advance = self.make_advanced_order()
        self.credit(advance, price_unit=100)
        self.assert_deducted(order, 200)

    def test_an_advance_credited_in_quantity_is_deducted_by_the_rest(self):
        order, advance = self.make_advanced_order()
        self.credit(advance, quantity=0.5)
        self.assert_deducted(order, 150)

    def test_an_advance_already_deducted_is_not_deducted_again(self):
        order, _advance = self.make_advanced_order()
        self.make_invoices(order, final=True)
        order.order_line.filtered("product_id").qty_delivered = 8
        invoice = self.issue(self.make_exit())
        self.assertEqual(invoice.amount_untaxed, 300)
        self.assertEqual(self.billed(order), self.owed((8, 100)))

    def test_an_advance_for_nothing_is_refunded(self):
        order, _advance = self.make_advanced_order(delivered=0)
        refund = self.issue(self.make_exit())
        self.assertEqual(refund.move_type, "out_refund")
        self.assertEqual(self.billed(order), 0)

    def test_advances_with_taxes_of_both_kinds_are_deducted_untaxed(self):
        for kind in ("tax_included", "tax_excluded"):
            with self.subTest(kind=kind):
                self.service_delivered.taxes_id = self.env["account.tax"].create(
                    {"name": kind, "amount": 21, "price_include_override": kind}
                )
                customer = self.make_customer(name=kind)
                price = 121 if kind == "tax_included" else 100
                order = self.make_order(
                    (self.service_delivered, 7, price), partner_id=customer.id
                )
                self.make_down_payment(
                    order, advance_payment_method="fixed", fixed_amount=333.33
                )
                order.order_line.filtered("product_id").qty_delivered = 5
                self.issue(self.make_exit(customer))
                self.assertEqual(self.billed(order), self.owed((5, 100)))

    def test_an_advance_of_half_a_cent_leaves_nothing_to_settle(self):
        order, advance = self.make_advanced_order(price=300.155)
        self.assertEqual(advance.amount_untaxed, 300.16)
        exit_case = self.make_exit()
        invoice = self.issue(exit_case)
        self.assertAlmostEqual(invoice.amount_untaxed, 500 - 300.16)
        self.assertEqual(self.billed(order), self.owed((5, 100)))
        self.assertFalse(exit_case.sudo()._get_unsettled_lines())
