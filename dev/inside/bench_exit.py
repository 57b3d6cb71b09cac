"""A customer with a long history, and both ways to bill what is left of it."""

import time
from datetime import timedelta

from odoo import Command, fields

CUSTOMER = "Bench of the final invoice"
ORDERS = 50
# Of twenty lines: sold by logged time, ordered, and delivered by hand.
TIMED, ORDERED, MANUAL = 10, 5, 5
TIMESHEETS = 20
ADVANCES = 10
# What was delivered of the five lines of two that are billed as ordered.
DELIVERED = (2, 1, 1, 0.5, 0)


class FinalInvoice:
    """Tasks of the worker; what they bill is undone, the customer stays."""

    def make_exit_customer(self):
        """50 orders, 1 000 lines, 10 000 timesheets, ten of them paid in advance."""
        with self.environment() as env:
            if not env["res.partner"].search_count([("name", "=", CUSTOMER)]):
                orders = make_orders(env)
                log_time(env, orders)
                deliver(orders)
                pay_in_advance(env, orders[:ADVANCES])
                env.cr.execute(
                    "ANALYZE sale_order, sale_order_line, account_analytic_line,"
                    " account_move, account_move_line, sale_order_line_invoice_rel"
                )
                env.cr.commit()
            orders = get_orders(env)
            return {
                "orders": len(orders),
                "lines": len(orders.order_line.filtered("product_id")),
                "timesheets": env["account.analytic.line"].search_count(
                    [("so_line", "in", orders.order_line.ids)]
                ),
            }

    def invoice_by_wizard(self):
        """Odoo's wizard over all orders of the customer, and posting."""

        def bill(env):
            wizard = env["sale.advance.payment.inv"].create(
                {
                    "advance_payment_method": "delivered",
                    "sale_order_ids": [Command.set(get_orders(env).ids)],
                }
            )
            return wizard._create_invoices(wizard.sale_order_ids)

        return self._bill(bill)

    def issue_final_invoice(self):
        """Ours, from the lock to the proof."""

        def prepare(env):
            customer = env["res.partner"].search([("name", "=", CUSTOMER)])
            vals = {"partner_id": customer.id, "state": "wrap_up"}
            return env["customer.exit"].create(vals)

        def bill(env):
            exit_case = env["customer.exit"].search(
                [("state", "=", "wrap_up"), ("partner_id.name", "=", CUSTOMER)]
            )
            exit_case.action_issue_final_invoice()
            return exit_case.invoice_ids

        return self._bill(bill, prepare)

    def _bill(self, bill, prepare=None):
        with self.environment() as env:
            if prepare:
                prepare(env)
            settle(env)
            env.invalidate_all()
            queries, started = env.cr.sql_log_count, time.perf_counter()
            moves = bill(env)
            if drafts := moves.filtered(lambda move: move.state == "draft"):
                drafts.action_post()
            settle(env)
            return {
                "seconds": time.perf_counter() - started,
                "queries": env.cr.sql_log_count - queries,
                "lines": len(moves.invoice_line_ids),
                "states": sorted(set(moves.mapped("state"))),
            }


def settle(env):
    """Write what is pending, as the end of a request does."""
    env.flush_all()
    env.cr.precommit.run()
    env.flush_all()


def get_orders(env):
    return env["sale.order"].search([("partner_id.name", "=", CUSTOMER)], order="id")


def make_orders(env):
    customer = env["res.partner"].create({"name": CUSTOMER, "is_company": True})
    products = {
        policy: env["product.product"].create(
            {
                "name": policy,
                "type": "service",
                "service_policy": policy,
                "uom_id": env.ref("uom.product_uom_hour").id,
                "list_price": 100,
            }
        )
        for policy in ("delivered_timesheet", "ordered_prepaid", "delivered_manual")
    }
    lines = [
        product
        for product, count in zip(
            products.values(), (TIMED, ORDERED, MANUAL), strict=True
        )
        for _number in range(count)
    ]
    orders = env["sale.order"].create(
        [
            {
                "partner_id": customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": 2,
                            "price_unit": 80 + number,
                        }
                    )
                    for number, product in enumerate(lines)
                ],
            }
            for _order in range(ORDERS)
        ]
    )
    orders.action_confirm()
    return orders


def log_time(env, orders):
    employee = env["hr.employee"].create({"name": "Bench of time"})
    today = fields.Date.today()
    for order in orders:
        project = env["project.project"].create(
            {
                "name": order.name,
                "partner_id": order.partner_id.id,
                "allow_billable": True,
                "sale_line_id": order.order_line[0].id,
                "company_id": order.company_id.id,
            }
        )
        tasks = env["project.task"].create(
            [
                {
                    "name": line.name,
                    "project_id": project.id,
                    "sale_line_id": line.id,
                }
                for line in order.order_line[:TIMED]
            ]
        )
        env["account.analytic.line"].create(
            [
                {
                    "name": "Work",
                    "task_id": task.id,
                    "project_id": project.id,
                    "employee_id": employee.id,
                    "unit_amount": 0.25,
                    "date": today - timedelta(days=number),
                }
                for task in tasks
                for number in range(TIMESHEETS)
            ]
        )
        env.flush_all()
        env.invalidate_all()


def deliver(orders):
    for order in orders:
        by_hand = order.order_line[TIMED:]
        for line, delivered in zip(by_hand, DELIVERED * 2, strict=True):
            line.qty_delivered = delivered


def pay_in_advance(env, orders):
    for order in orders:
        wizard = env["sale.advance.payment.inv"].create(
            {
                "advance_payment_method": "percentage",
                "amount": 20,
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        wizard._create_invoices(order).action_post()
