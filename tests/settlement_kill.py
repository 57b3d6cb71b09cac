"""Run in Odoo's shell on a copy: final invoices whose process is killed halfway."""

import json
import os
import re
import signal
import sys
import time

from odoo import SUPERUSER_ID, Command, api, sql_db
from odoo.tools import SQL

# What changes something or takes a lock. Between two of these the process only reads: a
# kill there leaves what one right after the former leaves.
WRITING = re.compile(
    r"\b(INSERT|UPDATE|DELETE|TRUNCATE|SHARE|SAVEPOINT|RELEASE|ROLLBACK|NEXTVAL|COMMIT)\b",
    re.I,
)
# How a process says that it was not killed
REACHED_THE_END = 7
# What the final invoice writes to, whole but for times and what PostgreSQL counts.
TABLES = {
    "customer_exit": "id, state",
    "sale_order": "id, state, locked, invoice_status, amount_untaxed",
    "sale_order_line": (
        "id, product_uom_qty, qty_delivered, price_unit, discount, qty_invoiced,"
        " qty_to_invoice, invoice_status"
    ),
    "account_move": "partner_id, move_type, state, amount_total, exit_id",
    "account_move_line": "product_id, quantity, balance, amount_residual",
    "sale_order_line_invoice_rel": "order_line_id",
    "scope_change": "order_id, state, amount",
    "scope_change_item": "name, amount",
    "mail_message": "model, res_id",
}


def seed(env):
    """A customer of whom lines are cut, deducted, refunded and forgiven."""
    env["ir.cron"].search([]).active = False
    company = env["res.company"].search([("chart_template", "!=", False)], limit=1)
    env = env(context={"allowed_company_ids": company.ids})
    customer = env["res.partner"].create({"name": "Killed Ltd", "is_company": True})
    products = env["product.product"].create(
        [
            {"name": policy, "type": "service", "service_policy": policy}
            for policy in ("ordered_prepaid", "delivered_manual")
        ]
    )
    orders = env["sale.order"].create(
        [
            {
                "partner_id": customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": 10,
                            "price_unit": 100,
                        }
                    )
                    for product in products
                ],
            }
            for _order in range(3)
        ]
    )
    orders.action_confirm()
    pay_in_advance(env, orders[0])
    forgive(env, orders[1])
    for number, order in enumerate(orders, 3):
        order.order_line.filtered("product_id").qty_delivered = number
    orders[2].action_lock()
    exit_case = env["customer.exit"].create(
        {"partner_id": customer.id, "company_id": company.id, "state": "wrap_up"}
    )
    env.cr.commit()
    return exit_case


def pay_in_advance(env, order):
    values = {"advance_payment_method": "fixed", "fixed_amount": 100}
    wizard = env["sale.advance.payment.inv"].create(
        {**values, "sale_order_ids": [Command.set(order.ids)]}
    )
    wizard._create_invoices(order).action_post()


def forgive(env, order):
    order.order_line.qty_delivered = 2
    invoice = order._create_invoices()
    invoice.action_post()
    reversal = (
        env["account.move.reversal"]
        .with_context(active_model="account.move", active_ids=invoice.ids)
        .create({"journal_id": invoice.journal_id.id})
    )
    reversal.refund_moves()
    reversal.new_move_ids.action_post()


class Killer:
    """Kills this process right after a writing statement that it sends."""

    def __init__(self, last=None):
        self.count, self.statements, self.last = 0, 0, last
        self.execute = sql_db.Cursor.execute

    def __enter__(self):
        killer = self

        def execute(cursor, query, *args, **kwargs):
            result = killer.execute(cursor, query, *args, **kwargs)
            killer.statements += 1
            code = query.code if isinstance(query, SQL) else query
            killer.count += bool(WRITING.search(code))
            if killer.count == killer.last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        sql_db.Cursor.execute = execute
        return self

    def __exit__(self, *_error):
        sql_db.Cursor.execute = self.execute


def press(env, exit_id, last=None, is_killed_after_commit=False):
    """Issue it in a process of its own; return whether that was killed.

    Asked to be killed after a statement that it does not come to, it undoes it all.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        # Connections do not survive a fork; the registry keeps the pool of the parent.
        sql_db._Pool = None
        with sql_db.db_connect(env.cr.dbname).cursor() as cr:
            os.write(writing, str(cr.connection.get_backend_pid()).encode())
            own = api.Environment(cr, SUPERUSER_ID, {})
            with Killer(last):
                own["customer.exit"].browse(exit_id).action_issue_final_invoice()
                cr.flush()
            if last:
                cr.rollback()
                os._exit(REACHED_THE_END)
            if is_killed_after_commit:
                cr.postcommit.add(lambda: os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)
    os.close(writing)
    _pid, status = os.waitpid(child, 0)
    wait_for_end(env, int(os.read(reading, 20)))
    os.close(reading)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status) != (REACHED_THE_END if last else 0):
        raise RuntimeError(f"after {last}: status {status}")
    return False


def wait_for_end(env, backend):
    """Wait until PostgreSQL has noticed that the process is gone."""
    while True:
        env.cr.rollback()
        env.cr.execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = %s", [backend]
        )
        if not env.cr.fetchone()[0]:
            return
        time.sleep(0.01)


def read_tables(env):
    env.cr.rollback()
    tables = {}
    for table, columns in TABLES.items():
        env.cr.execute(f"SELECT {columns} FROM {table}")
        tables[table] = sorted(map(repr, env.cr.fetchall()))
    return tables


def count_statements(env, exit_id):
    """How many statements it takes; what they did is undone."""
    with Killer() as counter:
        env["customer.exit"].browse(exit_id).action_issue_final_invoice()
        env.flush_all()
    env.cr.rollback()
    env.invalidate_all()
    return counter.statements, counter.count


def check(env):
    exit_id = seed(env).id
    before = read_tables(env)
    statements, _writing = count_statements(env, exit_id)
    left, number = [], 1
    while press(env, exit_id, number):
        tables = read_tables(env)
        left += [
            f"{table} after statement {number}: {set(tables[table]) ^ set(rows)}"[:500]
            for table, rows in before.items()
            if tables[table] != rows
        ]
        number += 1
    press(env, exit_id, is_killed_after_commit=True)
    after = read_tables(env)
    press(env, exit_id)
    exit_case = env["customer.exit"].browse(exit_id)
    result = {
        "statements": statements,
        "kills": number - 1,
        "left": left,
        "changed": [table for table in TABLES if after[table] != before[table]],
        "again": [
            table for table, rows in read_tables(env).items() if rows != after[table]
        ],
        "state": exit_case.state,
        "unsettled": exit_case._get_unsettled_lines().mapped("display_name"),
    }
    sys.stdout.write("RESULT " + json.dumps(result))
