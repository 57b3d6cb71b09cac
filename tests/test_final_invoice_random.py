import random
from decimal import Decimal

from odoo.tests import tagged

from .test_final_invoice import FinalInvoiceCommon, money, rounded

CUSTOMERS = 32
SEED = 20261122


@tagged("post_install", "-at_install")
class TestFinalInvoiceRandom(FinalInvoiceCommon):
    """The law over histories that nobody thought of.

    What has to be billed in the end is kept on paper while the history happens:
    `forgiven` from the test's own bookkeeping of deliveries, invoices and credits.
    """

    def test_the_law_holds_for_every_history(self):
        chance = random.Random(SEED)
        for number in range(CUSTOMERS):
            with self.subTest(customer=number):
                self.live_and_settle(chance, number)

    def live_and_settle(self, chance, number):
        customer = self.make_customer(name=f"Customer {number}")
        books = {}
        orders = self.env["sale.order"]
        for _order in range(chance.randint(1, 2)):
            orders |= self.make_history(chance, customer, books)
        exit_case = self.make_exit(customer)
        obstacles = exit_case._get_invoice_obstacles()
        self.assertLessEqual(set(obstacles), {"nothing_to_bill"})
        if obstacles:
            exit_case.settlement_reason = "Nothing left"
            exit_case.action_settle_without_invoice()
        else:
            self.issue(exit_case)
        self.assertEqual(self.billed(orders), self.due(books))
        for line in orders.order_line.filtered("product_id"):
            self.assertAlmostEqual(line.qty_to_invoice, 0)

    def make_history(self, chance, customer, books):
        """One order with deliveries, interim invoices, advances and credits."""
        parts = [
            (
                chance.choice([self.service_ordered, self.service_delivered]),
                chance.randint(1, 40) / chance.choice([1, 2, 4]),
                chance.randint(1, 30000) / 100,
                chance.choice([0, 0, 5, 12.5, 100 / 3]),
            )
            for _line in range(chance.randint(1, 4))
        ]
        order = self.make_order(*parts, partner_id=customer.id)
        lines = order.order_line
        lines.tax_ids = chance.choice([self.env["account.tax"], self.tax_sale_a])
        if chance.random() < 0.4:
            self.make_down_payment(order, amount=chance.choice([10, 30, 50]))
        for line in lines:
            books[line] = {"net": Decimal(0), "credited": Decimal(0), "bills": []}
        for _period in range(chance.randint(0, 2)):
            self.deliver(chance, lines)
            invoice = self.invoice_interim(order, books)
            if invoice and chance.random() < 0.5:
                self.credit(chance, invoice, lines, books)
        self.deliver(chance, lines)
        return order

    def deliver(self, chance, lines):
        for line in lines:
            most = line.product_uom_qty * chance.choice([0, 0.5, 1, 1, 1.25])
            line.qty_delivered = max(line.qty_delivered, round(most, 2))

    def invoice_interim(self, order, books):
        if not order._get_invoiceable_lines():
            return None
        invoice = self.make_invoices(order)
        for item in invoice.invoice_line_ids.filtered("product_id"):
            self.note(books[item.sale_line_ids], money(item.quantity))
        return invoice

    def credit(self, chance, invoice, lines, books):
        """A goodwill credit note over some lines, line by line."""
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        reversal.refund_moves()
        credit_note = reversal.new_move_ids
        for item in credit_note.invoice_line_ids.filtered("product_id"):
            item.quantity = round(item.quantity * chance.choice([0, 0.25, 0.5, 1]), 2)
        credit_note.action_post()
        for item in credit_note.invoice_line_ids.filtered("product_id"):
            book = books[item.sale_line_ids]
            self.note(book, -money(item.quantity))
            book["credited"] += money(item.quantity)

    def note(self, book, quantity):
        book["net"] += quantity
        book["bills"].append(quantity)

    def due(self, books):
        """Σ (delivered − forgiven) × price × (1 − discount), rounded per bill."""
        total = Decimal(0)
        for line, book in books.items():
            delivered = money(line.qty_delivered)
            forgiven = min(book["credited"], max(Decimal(0), delivered - book["net"]))
            last = delivered - forgiven - book["net"]
            price = money(line.price_unit) * (1 - money(line.discount) / 100)
            total += sum(
                rounded(abs(quantity) * price) * (1 if quantity > 0 else -1)
                for quantity in [*book["bills"], last]
            )
        return total
