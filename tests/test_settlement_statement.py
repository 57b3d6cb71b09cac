from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import html2plaintext

from .test_final_invoice import FinalInvoiceCommon, money


class StatementCommon(FinalInvoiceCommon):
    def settle_history(self):
        """Two orders: an advance, an interim bill, a goodwill credit and payments."""
        tax = self.env["account.tax"].create({"name": "21", "amount": 21})
        self.service_ordered.taxes_id = tax
        first = self.make_order(
            (self.service_ordered, 10, 87.35, 12.5), (self.service_delivered, 5, 33.33)
        )
        self.make_down_payment(first, amount=30)
        second = self.make_order(
            (self.service_delivered, 8, 99.99), client_order_ref="PO 12"
        )
        second.order_line.qty_delivered = 6
        interim = self.make_invoices(second)
        self.make_credit_note(interim, {self.service_delivered: 2})
        first.order_line[0].qty_delivered = 3.25
        first.order_line[1].qty_delivered = 4
        second.order_line.qty_delivered = 7
        exit_case = self.make_exit()
        final = self.issue(exit_case)
        self.pay(interim, 123.45, fields.Date.today())
        self.pay(final[:1], 77.77, fields.Date.today())
        return exit_case, first | second


@tagged("post_install", "-at_install")
class TestSettlementStatement(StatementCommon):
    """The statement says what the documents say, to the cent."""

    def test_its_totals_agree_with_the_documents(self):
        exit_case, orders = self.settle_history()
        (statement,) = exit_case._get_statement()
        moves = orders.invoice_ids
        expected = defaultdict(Decimal)
        for move in moves:
            sign = 1 if move.move_type == "out_invoice" else -1
            kind = "billed" if sign > 0 else "credited"
            expected[kind] += money(move.amount_untaxed)
            expected["total"] += sign * money(move.amount_total)
            expected["open"] += sign * money(move.amount_residual)
        expected["paid"] = expected["total"] - expected["open"]
        for name, amount in expected.items():
            with self.subTest(name=name):
                self.assertEqual(money(getattr(statement.total, name)), amount)
                rows = sum(money(getattr(row, name)) for row in statement.orders)
                self.assertEqual(rows, amount)
        receivable = self.env["account.move.line"].search(
            [("move_id", "in", moves.ids), ("account_type", "=", "asset_receivable")]
        )
        self.assertEqual(
            money(statement.total.open),
            money(sum(receivable.mapped("amount_residual"))),
        )
        self.assertEqual(
            sum(money(row.open) for row in statement.documents), expected["open"]
        )

    def test_each_order_says_what_was_delivered_and_billed_of_it(self):
        exit_case, orders = self.settle_history()
        (statement,) = exit_case._get_statement()
        first, second = statement.orders
        self.assertEqual(second.name, f"{orders[1].name} (PO 12)")
        self.assertEqual(
            money(first.delivered), self.owed((3.25, 87.35, 12.5), (4, 33.33))
        )
        self.assertEqual(money(first.billed - first.credited), self.billed(orders[0]))
        # Two of the seven were credited in goodwill, and one came after.
        self.assertEqual(money(second.delivered), self.owed((7, 99.99)))
        self.assertEqual(money(second.billed - second.credited), self.owed((5, 99.99)))

    def test_currencies_are_never_added_up(self):
        currency = self.setup_other_currency("CHF", rates=[("1900-01-01", 3.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "CHF", "currency_id": currency.id}
        )
        home = self.make_order((self.service_delivered, 5))
        abroad = self.make_order((self.service_delivered, 5), pricelist_id=pricelist.id)
        home.order_line.qty_delivered = 2
        abroad.order_line.qty_delivered = 3
        exit_case = self.make_exit()
        self.issue(exit_case)
        totals = [
            (statement.currency, statement.total.billed)
            for statement in exit_case._get_statement()
        ]
        self.assertEqual(totals, [(home.currency_id, 200), (currency, 300)])

    def test_one_invoice_for_two_orders_is_shared_out_to_the_cent(self):
        orders = self.make_order((self.service_delivered, 3, 33.33))
        orders |= self.make_order((self.service_delivered, 3, 66.67))
        orders.order_line.qty_delivered = 1
        exit_case = self.make_exit()
        invoice = self.issue(exit_case)
        self.pay(invoice, 50.01, fields.Date.today())
        (statement,) = exit_case._get_statement()
        self.assertEqual([row.total for row in statement.orders], [33.33, 66.67])
        self.assertEqual([row.paid for row in statement.orders], [16.67, 33.34])
        self.assertEqual(statement.total.open, 49.99)

    def test_other_documents_that_are_open_are_named_apart(self):
        order = self.make_order((self.service_delivered, 3))
        order.order_line.qty_delivered = 1
        today = fields.Date.today()
        other = self.make_invoice(40, today, today)
        paid = self.make_invoice(60, today, today)
        self.pay(paid, 60, today)
        exit_case = self.make_exit()
        self.issue(exit_case)
        (statement,) = exit_case._get_statement()
        self.assertEqual([row.open for row in statement.orders], [100, 40])
        names = [row.name for row in statement.documents]
        self.assertIn(other.name, names)
        self.assertNotIn(paid.name, names)

    def test_what_was_paid_on_account_is_counted_and_keeps_the_gate_closed(self):
        exit_case, _order = self.settle_other()
        (before,) = exit_case._get_statement()
        self.assertNotIn("unallocated_payments", exit_case._get_gate()[exit_case])
        bank = self.company_data["default_journal_bank"]
        entry = self.env["account.move"].create(
            {
                "journal_id": bank.id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": exit_case.partner_id.id,
                            "debit": max(amount, 0),
                            "credit": max(-amount, 0),
                        }
                    )
                    for account, amount in (
                        (bank.default_account_id, 30),
                        (self.company_data["default_account_receivable"], -30),
                    )
                ],
            }
        )
        entry.action_post()
        (after,) = exit_case._get_statement()
        self.assertEqual(money(before.total.open - after.total.open), 30)
        self.assertEqual(money(after.total.paid - before.total.paid), 30)
        self.assertEqual(
            money(sum(row.open for row in after.documents)), money(after.total.open)
        )
        gate = exit_case._get_gate()[exit_case]
        paid = entry.line_ids.filtered("credit")
        self.assertEqual(gate["unallocated_payments"], paid.ids)

    def test_a_refund_is_said_to_be_one(self):
        order = self.make_order((self.service_ordered, 10))
        self.pay(self.make_invoices(order), 1000, fields.Date.today())
        order.order_line.qty_delivered = 4
        exit_case = self.make_exit()
        self.issue(exit_case)
        (statement,) = exit_case._get_statement()
        self.assertEqual(statement.total.open, -600)
        self.assertIn("To be refunded", self.render(exit_case))

    def render(self, exit_case):
        report = self.env["ir.actions.report"].with_user(self.salesperson)
        html, _kind = report._render_qweb_html(
            "toxic_customer_exit.settlement_statement", exit_case.ids
        )
        # What is on paper; the frame of the page names the model that is printed.
        return html2plaintext(html.decode().partition("<main")[2])

    def test_what_is_printed_says_nothing_of_the_case(self):
        exit_case, orders = self.settle_history()
        exit_case.sudo().reasons = "They shout"
        html = self.render(exit_case)
        self.assertIn(orders[0].name, html)
        self.assertIn("Still owed", html)
        for word in (exit_case.name, "They shout", "Enough", "goodwill", "strain"):
            self.assertNotIn(word, html)
        self.assertNotRegex(html.lower(), r"\btoxic\b|\bexit\b|\bscore\b")

    def test_colleagues_outside_the_group_cannot_print_it(self):
        exit_case, _orders = self.settle_history()
        with self.assertRaises(AccessError):
            exit_case.with_user(self.outsider).action_print_statement()

    def test_it_is_shown_to_the_customer_by_a_manager_after_the_final_invoice(self):
        exit_case = self.make_exit()
        with self.assertRaisesRegex(UserError, "is not settled"):
            exit_case.with_user(self.manager).action_share_statement()
        exit_case, _orders = self.settle_other()
        with self.assertRaisesRegex(UserError, "manager of customer exits shows"):
            exit_case.with_user(self.salesperson).action_share_statement()
        exit_case.with_user(self.manager).action_share_statement()
        self.assertTrue(exit_case.with_user(self.manager).statement_url)
        with self.assertRaises(AccessError):
            exit_case.with_user(self.salesperson).read(["statement_url"])
        with self.assertRaises(AccessError):
            exit_case.with_user(self.manager).read(["statement_token"])

    def settle_other(self):
        customer = self.make_customer(name="Other Ltd")
        order = self.make_order((self.service_delivered, 3), partner_id=customer.id)
        order.order_line.qty_delivered = 1
        exit_case = self.make_exit(customer)
        self.issue(exit_case)
        return exit_case, order


@tagged("post_install", "-at_install")
class TestSettlementStatementPage(StatementCommon, HttpCase):
    """The customer's link: it shows the figures, ends, and cannot be guessed."""

    def share(self):
        exit_case, orders = self.settle_history()
        exit_case = exit_case.with_user(self.manager)
        exit_case.action_share_statement()
        return exit_case, orders, "/my" + exit_case.statement_url.partition("/my")[2]

    def test_the_link_shows_the_figures_and_nothing_of_the_case(self):
        exit_case, orders, url = self.share()
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn(orders[0].name, answer.text)
        self.assertIn("Still owed", answer.text)
        self.assertNotIn(exit_case.name, answer.text)
        self.assertNotRegex(answer.text.lower(), r"toxic|\bexit\b|\bscore\b")
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")

    def test_a_link_that_ended_looks_like_one_that_never_was(self):
        exit_case, _orders, url = self.share()
        exit_case.sudo().statement_until = fields.Date.today() - timedelta(days=1)
        self.env.flush_all()
        self.assertFalse(exit_case.statement_url)
        past, unknown = self.url_open(url), self.url_open("/my/statement/unknown")
        self.assertEqual((past.status_code, unknown.status_code), (404, 404))
        self.assertNotIn("Difficult", past.text)

    def test_while_it_is_settled_anew_the_link_shows_nothing(self):
        exit_case, _orders, url = self.share()
        exit_case.sudo().state = "wrap_up"
        self.assertEqual(self.url_open(url).status_code, 404)
        self.assertEqual(self.url_open("/my/statement/%00").status_code, 404)

    def test_a_link_withdrawn_stays_withdrawn(self):
        exit_case, _orders, url = self.share()
        exit_case.action_withdraw_statement()
        exit_case.action_share_statement()
        self.assertEqual(self.url_open(url).status_code, 404)
        other = "/my" + exit_case.statement_url.partition("/my")[2]
        self.assertNotEqual(other, url)
        self.assertEqual(self.url_open(other).status_code, 200)

    def test_a_new_link_ends_the_one_before(self):
        exit_case, _orders, url = self.share()
        exit_case.action_share_statement()
        other = "/my" + exit_case.statement_url.partition("/my")[2]
        self.assertNotEqual(other, url)
        self.assertEqual(self.url_open(url).status_code, 404)
        self.assertEqual(self.url_open(other).status_code, 200)
