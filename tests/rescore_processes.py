"""Run in Odoo's shell on a copy: rescores that are killed, or run beside users."""

import json
import os
import random
import signal
import sys
import time
from datetime import timedelta

from psycopg2 import errors

from odoo import SUPERUSER_ID, api, fields, sql_db
from odoo.tools import SQL

from odoo.addons.toxic_customer_exit.models import toxicity_score

CUSTOMERS = 60
# Small batches, so that a kill falls before, in and after many of them
BATCH = 4
KILLS = 20
TABLES = {
    "toxicity_norm": "company_id, code, value",
    "toxicity_score": (
        "partner_id, company_id, score, credit, load, coverage, dimension_count,"
        " has_person_word, previous_score, trend, band, capped_by, current_band,"
        " customer_class, parts::text"
    ),
    "toxicity_score_snapshot": (
        "partner_id, company_id, date, score, credit, band, parts::text"
    ),
    "mail_message": "model, body",
}


def seed(env):
    """Customers with signals of all ages and, every third one, a confirmed order."""
    env["ir.cron"].search([]).active = False
    chance = random.Random(19)
    # The fed one and requests against our principles ask for more than we need here.
    indicators = env["toxicity.indicator"].search(
        [("origin", "=", "recorded"), ("is_ethical", "=", False)]
    )
    customers = env["res.partner"].create(
        [{"name": f"Customer {i}", "is_company": True} for i in range(CUSTOMERS)]
    )
    today = fields.Date.today()
    env["toxicity.signal"].create(
        [
            {
                "partner_id": customer.id,
                "indicator_id": chance.choice(indicators).id,
                "severity": chance.choice("123"),
                "description": "Said so at the meeting.",
                "date": today - timedelta(days=chance.randrange(300)),
            }
            for customer in customers
            for _number in range(chance.randrange(1, 5))
        ]
    )
    product = env["product.product"].create({"name": "Advice", "type": "service"})
    orders = env["sale.order"].create(
        [
            {
                "partner_id": customer.id,
                "order_line": [(0, 0, {"product_id": product.id, "price_unit": 100})],
            }
            for customer in customers[::3]
        ]
    )
    orders.action_confirm()
    env["toxicity.score"].search([]).unlink()
    env["toxicity.score.run"].search([]).unlink()
    env.cr.commit()


def rescore(env):
    env["toxicity.score"]._cron_rescore()
    env.cr.commit()


def start(env, work):
    """Begin work(env) in a process of its own; its id."""
    child = os.fork()
    if not child:
        # As Odoo's own workers do: connections do not survive a fork.
        sql_db._Pool = None
        with env.registry.cursor() as cr:
            work(api.Environment(cr, SUPERUSER_ID, {}))
        os._exit(0)
    return child


def rescore_killed(env, after):
    """Rescore in a process of its own, killed after so many seconds; True if it was."""
    child = start(env, rescore)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    wait_alone(env)
    return os.WIFSIGNALED(status)


def wait_alone(env):
    """Wait until PostgreSQL has noticed that the killed process is gone."""
    while True:
        env.cr.rollback()
        env.cr.execute(
            "SELECT COUNT(*) FROM pg_stat_activity"
            " WHERE datname = CURRENT_DATABASE() AND pid != PG_BACKEND_PID()"
        )
        if not env.cr.fetchone()[0]:
            return
        time.sleep(0.01)


def read_tables(env):
    env.invalidate_all()
    tables = {}
    for table, columns in TABLES.items():
        env.cr.execute(f"SELECT {columns} FROM {table}")
        tables[table] = sorted(map(repr, env.cr.fetchall()))
    env.cr.commit()
    return tables


def keep(env):
    """Remember how all of it is now, to begin there again."""
    for table in (*TABLES, "toxicity_score_run"):
        kept = SQL.identifier(f"kept_{table}")
        env.cr.execute(SQL("DROP TABLE IF EXISTS %s", kept))
        env.cr.execute(
            SQL("CREATE TABLE %s AS SELECT * FROM %s", kept, SQL.identifier(table))
        )
    env.cr.commit()


def restore(env):
    env.cr.execute("SET session_replication_role = replica")
    for table in (*TABLES, "toxicity_score_run"):
        name, kept = SQL.identifier(table), SQL.identifier(f"kept_{table}")
        env.cr.execute(SQL("DELETE FROM %s", name))
        env.cr.execute(SQL("INSERT INTO %s SELECT * FROM %s", name, kept))
    env.cr.execute("SET session_replication_role = DEFAULT")
    env.cr.commit()
    env.invalidate_all()


def compare(env, chance, kills):
    """Kill so many rescores that begin as things are; those that left a difference."""
    keep(env)
    started = time.monotonic()
    rescore(env)
    duration = time.monotonic() - started
    undisturbed = read_tables(env)
    killed, stopped_at, different = 0, set(), []
    while killed < kills:
        restore(env)
        after = chance.uniform(0, duration)
        if not rescore_killed(env, after):
            continue
        killed += 1
        run = env["toxicity.score.run"].search([], limit=1)
        stopped_at.add(run.position if not run.finished_at else "end")
        rescore(env)
        tables = read_tables(env)
        different += [
            f"{table} after a kill at {after:.3f} s: "
            f"{set(tables[table]) ^ set(undisturbed[table])}"[:500]
            for table in TABLES
            if tables[table] != undisturbed[table]
        ]
    return {
        "rows": {table: len(rows) for table, rows in undisturbed.items()},
        "different": different,
        "stopped_at": len(stopped_at),
    }


def check(env):
    toxicity_score.BATCH_SIZE = BATCH
    chance = random.Random()
    seed(env)
    first = compare(env, chance, KILLS // 2)
    # Everything moves: bands fall and rise, and the chatter tells of it.
    env["toxicity.indicator"].search([("origin", "=", "recorded")]).weight = 1.5
    env["toxicity.score.run"].search([]).unlink()
    env.cr.commit()
    again = compare(env, chance, KILLS - KILLS // 2)
    sys.stdout.write("RESULT " + json.dumps({"first": first, "again": again}))


def rescore_for_ever(env):
    """Rescore again and again, with everything to be written each time."""
    weights = [1.5, 0.1]
    while True:
        weights.reverse()
        env.cr.execute("UPDATE toxicity_indicator SET weight = %s", weights[:1])
        env.invalidate_all()
        rescore(env)


def post_invoices(env, customers):
    """Post an invoice per customer, each in a transaction; how many had to wait."""
    failures = 0
    for customer in customers:
        try:
            move = env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_line_ids": [(0, 0, {"name": "Advice", "price_unit": 100})],
                }
            )
            move.action_post()
            env.cr.commit()
        except errors.SerializationFailure:
            failures += 1
            env.cr.rollback()
    return failures


def check_beside(env):
    toxicity_score.BATCH_SIZE = BATCH
    seed(env)
    customers = env["res.partner"].search([("name", "=like", "Customer %")])
    child = start(env, rescore_for_ever)
    runs = env["toxicity.score.run"]
    while not runs.search_count([("finished_at", "!=", False)]):
        env.cr.rollback()
    failures = post_invoices(env, customers)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    result = {
        "failures": failures,
        "posted": env["account.move"].search_count(
            [("partner_id", "in", customers.ids), ("state", "=", "posted")]
        ),
        "rescores": runs.search_count([("finished_at", "!=", False)]),
    }
    sys.stdout.write("RESULT " + json.dumps(result))
