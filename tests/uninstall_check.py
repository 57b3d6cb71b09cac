"""Run in Odoo's shell after the removal: what is left that names ours, as JSON."""

import json
import sys

from odoo import Command

# Every text of every table in which users put names of fields, models or groups.
TABLES = (
    *("base_automation", "ir_act_report_xml", "ir_act_server", "ir_act_window"),
    *("ir_embedded_actions", "ir_exports", "ir_exports_line", "ir_filters"),
    *("ir_model", "ir_model_access", "ir_model_data", "ir_model_fields", "ir_rule"),
    *("ir_ui_menu", "ir_ui_view", "ir_ui_view_custom", "mail_template", "res_groups"),
    *("ir_attachment", "mail_activity", "mail_followers", "mail_message", "ir_cron"),
)
WORDS = (
    *("toxic_customer_exit", "toxicity_", "toxicity.", "scope.change", "scope_change"),
    *("customer.exit", "customer_exit", "baseline_amount", "customer_class"),
    *("customer.quarantine", "customer_quarantine", "portfolio.review", "own_part"),
    *("customer.portfolio", "customer_portfolio", "customer_matrix", "meeting.brief"),
    *("pivot.plan", "pivot_plan", "exit.simulation", "exit_simulation"),
)
ODOOS_OWN = ('"module_toxic_customer_exit"', '"url": "/web/assets/')


def find_left(env):
    """Yield table and name of each row that names ours in any of its columns."""
    for table in TABLES:
        env.cr.execute(
            f"SELECT id, to_jsonb(t)::text FROM {table} t"
            " WHERE to_jsonb(t)::text LIKE ANY (%s)",
            [[f"%{word.replace('_', chr(92) + '_')}%" for word in WORDS]],
        )
        for row in env.cr.fetchall():
            # Odoo lists the modules that it could install; ours is one of them. What it
            # made for browsers it makes anew for the next one, and drops what was.
            if not any(part in row[1] for part in ODOOS_OWN):
                yield f"{table} {row[0]}: {row[1][:300]}"


def find_tables(env):
    env.cr.execute(
        "SELECT relname FROM pg_class"
        " WHERE (relkind IN ('r', 'v') AND relname ~ %s)"
        "    OR (relkind = 'i' AND relname ~ 'toxicity')",
        [
            "^(toxicity_|scope_change|customer_(exit|claim|portfolio|quarantine)"
            "|final_invoice|goodwill_|meeting_brief|portfolio_review"
            "|pivot_plan|exit_simulation)"
        ],
    )
    return [name for (name,) in env.cr.fetchall()]


def find_unrestricted(env):
    """What users made for our group and would now be for everyone."""
    names = ("User's rule for our group", "User's access for our group")
    return [
        record.name
        for model in ("ir.rule", "ir.model.access", "ir.actions.server")
        for record in env[model].search([("name", "in", names)])
    ] + env["ir.actions.server"].search(
        [("name", "=", "User's action for our group")]
    ).mapped("name")


def work(env):
    """A new customer, an order for him and its invoice, as before."""
    customer = env["res.partner"].create({"name": "New customer"})
    customer.write({"name": "New customer, renamed"})
    product = env["product.product"].create({"name": "Advice", "type": "service"})
    order = env["sale.order"].create(
        {
            "partner_id": customer.id,
            "order_line": [
                Command.create(
                    {"product_id": product.id, "product_uom_qty": 1, "price_unit": 100}
                )
            ],
        }
    )
    order.action_confirm()
    order.order_line.qty_delivered = 1
    invoice = order._create_invoices()
    invoice.action_post()
    for model in ("res.partner", "sale.order", "account.move", "project.project"):
        env[model].get_views([(False, "form"), (False, "list"), (False, "search")])
    return invoice.state


def check(env):
    result = {
        "left": list(find_left(env)),
        "tables": find_tables(env),
        "unrestricted": find_unrestricted(env),
        "untouched": env["base.automation"].search_count([])
        + env["ir.filters"].search_count([("name", "like", "Untouched")]),
        "invoice": work(env),
    }
    sys.stdout.write(f"RESULT {json.dumps(result)}\n")
    env.cr.rollback()
