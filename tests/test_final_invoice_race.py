import threading
from contextlib import contextmanager
from functools import partial

from odoo import api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

PRESSES = 20


@tagged("post_install", "-at_install")
class TestFinalInvoiceRace(BaseCase):
    """The button pressed in several transactions at once, on PostgreSQL for real.

    Test cases share one transaction, in which nothing can race; so the records
    are committed here, every thread has a cursor of its own, and what was made is
    deleted afterwards.
    """

    def setUp(self):
        super().setUp()
        self.attempts = []
        self.registry = Registry(get_db_name())
        with self.committed() as env:
            company = env["res.company"].search(
                [("chart_template", "!=", False)], limit=1
            )
            if not company:
                self.skipTest("no company with accounts in this database")
            self.made = {}
            self.company_id = company.id
            self.addCleanup(self.delete_records)
            self.make_records(env(context={"allowed_company_ids": company.ids}))

    @contextmanager
    def committed(self, uid=api.SUPERUSER_ID):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, uid, {"allowed_company_ids": [self.company_id]})

    company_id = 1

    def make_records(self, env):
        manager = new_test_user(
            env,
            login="race_manager",
            groups="sales_team.group_sale_manager,account.group_account_invoice",
            company_id=self.company_id,
            company_ids=[(6, 0, [self.company_id])],
        )
        customer = env["res.partner"].create({"name": "Racing Ltd"})
        product = env["product.product"].create(
            {
                "name": "Race",
                "type": "service",
                "service_policy": "delivered_manual",
                "taxes_id": [],
            }
        )
        order = env["sale.order"].create(
            {
                "partner_id": customer.id,
                "order_line": [
                    (
                        0,
                        0,
                        {
                            "product_id": product.id,
                            "product_uom_qty": 10,
                            "price_unit": 100,
                        },
                    )
                ],
            }
        )
        order.action_confirm()
        order.order_line.qty_delivered = 7
        exit_case = env["customer.exit"].create(
            {"partner_id": customer.id, "state": "wrap_up"}
        )
        self.made = {
            record._name: record.ids
            for record in (order, exit_case, product, customer, manager)
        }

    def delete_records(self):
        with mute_logger("odoo.models.unlink"), self.committed() as env:
            made = {name: env[name].browse(ids) for name, ids in self.made.items()}
            order = made["sale.order"]
            moves = order.invoice_ids
            moves.filtered(lambda move: move.state == "posted").button_draft()
            moves.exit_id = False
            moves.with_context(force_delete=True).unlink()
            exit_case = made["customer.exit"]
            exit_case.state = "cancelled"
            exit_case.unlink()
            order.scope_change_ids.unlink()
            order.action_cancel()
            order.unlink()
            made["product.product"].product_tmpl_id.unlink()
            made["res.partner"].unlink()
            user = made["res.users"]
            partner = user.partner_id
            user.unlink()
            partner.unlink()

    def race(self, *presses):
        """Run the methods at once, as RPC calls would; their results or errors."""
        barrier = threading.Barrier(len(presses))
        outcomes = [None] * len(presses)

        def run(index, press):
            try:
                with self.committed(self.made["res.users"][0]) as env:
                    env.user.read(["name"])  # takes the transaction's snapshot
                    barrier.wait(timeout=60)
                    outcomes[index] = retrying(partial(press, env), env)
            except Exception as error:  # noqa: BLE001 (handed to the main thread)
                outcomes[index] = error

        threads = [
            threading.Thread(target=run, args=(index, press))
            for index, press in enumerate(presses)
        ]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=120)
        return outcomes

    def press(self, env):
        self.attempts.append(threading.get_ident())
        exit_case = env["customer.exit"].browse(self.made["customer.exit"])
        return exit_case.action_issue_final_invoice()

    def invoice_by_odoo(self, env):
        order = env["sale.order"].browse(self.made["sale.order"])
        moves = order._create_invoices(final=True)
        moves.action_post()
        return moves.ids

    def advance_by_odoo(self, env):
        order = env["sale.order"].browse(self.made["sale.order"])
        wizard = env["sale.advance.payment.inv"].create(
            {
                "advance_payment_method": "fixed",
                "fixed_amount": 100,
                "sale_order_ids": [(6, 0, order.ids)],
            }
        )
        wizard._create_invoices(order).action_post()
        return "advanced"

    def get_result(self):
        """(number of invoices, untaxed amount billed, state of the exit)"""
        with self.committed() as env:
            order = env["sale.order"].browse(self.made["sale.order"])
            exit_case = env["customer.exit"].browse(self.made["customer.exit"])
            moves = order.invoice_ids
            posted = moves.filtered(lambda move: move.state == "posted")
            billed = sum(posted.mapped("amount_untaxed_signed"))
            return len(moves), billed, exit_case.state

    def test_pressed_at_once_gives_everyone_the_same_invoice(self):
        outcomes = self.race(*[self.press] * PRESSES)
        self.assertEqual(self.get_result(), (1, 700, "invoiced"))
        for outcome in outcomes:
            self.assertIsInstance(outcome, dict, outcome)
        self.assertEqual(len({outcome["res_id"] for outcome in outcomes}), 1)

    def test_twenty_at_once_make_one_set_of_invoices_of_several_orders(self):
        with self.committed() as env:
            self.add_order_billed_elsewhere(env)
        outcomes = self.race(*[self.press] * PRESSES)
        self.assertEqual(self.get_result(), (2, 1000, "invoiced"))
        for outcome in outcomes:
            self.assertIsInstance(outcome, dict, outcome)
        with self.committed() as env:
            exit_case = env["customer.exit"].browse(self.made["customer.exit"])
            invoices = exit_case.invoice_ids.ids
        self.assertEqual(outcomes[0]["domain"], [("id", "in", invoices)])
        # One of them issued; all the others are told what it is told.
        self.assertEqual(outcomes[1:], outcomes[:1] * (PRESSES - 1))
        # All had looked before anyone had issued: each of the others came too late with
        # what it had seen, and looked again.
        self.assertGreaterEqual(len(self.attempts), 2 * PRESSES - 1)

    def add_order_billed_elsewhere(self, env):
        """What goes to another address is a document of its own."""
        made = {name: env[name].browse(ids) for name, ids in self.made.items()}
        customer = made["res.partner"]
        address = env["res.partner"].create(
            {"name": "Accounts", "type": "other", "parent_id": customer.id}
        )
        order = made["sale.order"].copy({"partner_invoice_id": address.id})
        order.action_confirm()
        order.order_line.qty_delivered = 3
        # Addresses are deleted before whose they are.
        self.made["res.partner"] = (address | customer).ids
        self.made["sale.order"] += order.ids

    def test_odoo_invoicing_at_the_same_time_bills_nothing_twice(self):
        outcomes = self.race(self.press, self.invoice_by_odoo)
        count, billed, state = self.get_result()
        self.assertEqual((count, billed), (1, 700))
        lost = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        self.assertEqual([type(error) for error in lost], [UserError])
        self.assertEqual(state, "invoiced" if lost == outcomes[1:] else "wrap_up")

    def test_a_down_payment_at_the_same_time_is_deducted_or_comes_after(self):
        outcomes = self.race(self.press, self.advance_by_odoo)
        self.assertEqual(outcomes[1], "advanced")
        self.assertIsInstance(outcomes[0], dict, outcomes[0])
        with self.committed() as env:
            order = env["sale.order"].browse(self.made["sale.order"])
            advance = order.order_line.filtered(
                lambda line: line.is_downpayment and not line.display_type
            )
            settled = order.invoice_ids.filtered("exit_id")
            is_before = bool(settled.invoice_line_ids & advance.invoice_lines)
        billed = self.get_result()[1]
        self.assertEqual(billed, 700 if is_before else 800)
