"""One Odoo process on one database: does what a line of JSON on its input names, and
answers with a line of JSON. Every task is timed here, beside what it measures.

Started with the settings file and the database.
"""

import json
import os
import sys
import time
import traceback
from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

# Beside this file
from bench_exit import FinalInvoice  # isort: skip
from bench_meeting import Meetings  # isort: skip
from bench_work import USER, OrdinaryWork  # isort: skip

# What one rescore writes to know where it is: bookkeeping, not results.
BOOKKEEPING = ("toxicity_score_run", "ir_cron_progress")


class Worker(Meetings, FinalInvoice, OrdinaryWork):
    """The tasks: each public method is one, takes JSON and returns JSON."""

    def __init__(self, database):
        self.registry = Registry(database)

    @contextmanager
    def environment(self, login=None):
        """An environment whose changes are undone, for the superuser or the user."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if login:
                user = env["res.users"].search([("login", "=", login)])
                # The web client always says for which companies.
                companies = {"allowed_company_ids": user.company_id.ids}
                env = env(user=user.id, context={**user.context_get(), **companies})
            yield env
            env.cr.rollback()

    # -- the engine ----------------------------------------------------------------

    def read_once(self, statement):
        """The floor: the statement on its own."""
        with self.environment() as env:
            started = time.perf_counter()
            env.cr.execute(statement)  # pylint: disable=sql-injection
            row = env.cr.fetchone()
            return {"seconds": time.perf_counter() - started, "rows": row}

    def forget(self):
        """No score was ever computed."""
        with self.environment() as env:
            env.cr.execute(
                "TRUNCATE toxicity_score, toxicity_score_run, toxicity_score_snapshot,"
                " toxicity_norm RESTART IDENTITY CASCADE;"
                "DELETE FROM mail_message WHERE model = 'toxicity.score'"
            )
            env.cr.commit()
        return {}

    def age(self, days):
        """All evidence is older by some days."""
        with self.environment() as env:
            env.cr.execute("UPDATE toxicity_signal SET date = date - %s", [days])
            # The last run is another day's, to either side: the next repeats none.
            env.cr.execute(
                "UPDATE toxicity_score_run"
                " SET started_at = started_at - %s * INTERVAL '1 day'",
                [abs(days)],
            )
            env.cr.commit()
            env.cr.connection.autocommit = True
            env.cr.execute("VACUUM ANALYZE toxicity_signal")
            env.cr.connection.autocommit = False
        return {}

    def rescore_all(self):
        """The nightly run, committing as it does; what it wrote by the server's count.

        All writes of the server are counted, but for the run's own bookkeeping.
        """
        before = self._count_writes()
        with self.environment() as env:
            started = time.perf_counter()
            env["toxicity.score"]._cron_rescore()
            env.cr.commit()
            seconds = time.perf_counter() - started
        after = self._count_writes()
        tables = {
            table: rows - before.get(table, 0)
            for table, rows in after.items()
            if rows != before.get(table, 0)
        }
        return {"seconds": seconds, "written": sum(tables.values()), "tables": tables}

    def _count_writes(self):
        with self.environment() as env:
            # What this process did since is only reported when it is at rest.
            if env.cr.connection.server_version >= 150000:
                env.cr.execute("SELECT pg_stat_force_next_flush()")
                env.cr.commit()
            else:
                time.sleep(1.1)
                env.cr.execute("SELECT 1")
                env.cr.commit()
                time.sleep(0.6)
            env.cr.execute(
                """
                SELECT relname, n_tup_ins + n_tup_upd + n_tup_del
                  FROM pg_stat_user_tables
                 WHERE schemaname = 'public' AND NOT relname = ANY(%s)
                """,
                [list(BOOKKEEPING)],
            )
            return dict(env.cr.fetchall())

    def count_results(self):
        with self.environment() as env:
            return {
                model: env[model].search_count([])
                for model in ("toxicity.score", "toxicity.score.line")
            }

    def pick_customers(self, count):
        """Customers that have a score, spread over all of them."""
        with self.environment() as env:
            scores = env["toxicity.score"].search([], order="partner_id")
            step = max(1, len(scores) // count)
            return scores[::step].partner_id.ids[:count]

    def rescore_some(self, ids):
        with self.environment() as env:
            partners = env["res.partner"].browse(ids)
            started = time.perf_counter()
            env["toxicity.score"]._rescore(partners)
            env.flush_all()
            return {"seconds": time.perf_counter() - started}

    def memory_of_rescore(self):
        """The peak of this process in the nightly run, over what it held before."""
        with self.environment() as env:
            env["toxicity.score"].search([], limit=80).read(["score"])
        # The kernel forgets the earlier peak.
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        idle = read_status("VmRSS")
        self.rescore_all()
        return {"mib": (read_status("VmHWM") - idle) / 1024, "idle": idle / 1024}

    # -- screens -------------------------------------------------------------------

    def tag_toxic(self):
        """Give the toxic customers, and no other, a tag; its id as ids."""
        with self.environment() as env:
            tag = env["res.partner.category"].search([("name", "=", USER)])
            tag = tag or tag.create({"name": USER})
            toxic = env["res.partner"].search([("toxicity_band", "=", "toxic")])
            tag.partner_ids = toxic
            env.cr.commit()
            return {"ids": tag.ids}

    def list_customers(self, domain, order, own_columns):
        """Read the first page of the list as the web client does."""
        with self.environment(USER) as env:
            partners = env["res.partner"]
            columns = self._get_columns(env, own_columns)
            env.invalidate_all()
            queries = env.cr.sql_log_count
            started = time.perf_counter()
            page = partners.web_search_read(
                domain, columns, limit=80, order=order, count_limit=10001
            )
            return {
                "seconds": time.perf_counter() - started,
                "queries": env.cr.sql_log_count - queries,
                "records": len(page["records"]),
            }

    def _get_columns(self, env, own_columns):
        """The specification that the client makes of the list's view."""
        from lxml import etree  # noqa: PLC0415 (only here)

        partners = env["res.partner"]
        view = partners.get_views([(False, "list")])["views"]["list"]
        columns = {}
        for node in etree.fromstring(view["arch"]).iter("field"):
            field = partners._fields[node.get("name")]
            if not own_columns and field._module == "toxic_customer_exit":
                continue
            relational = field.type in ("many2one", "many2many", "one2many")
            columns[field.name] = {"fields": {"display_name": {}}} if relational else {}
        return columns

    def group_by_band(self):
        with self.environment(USER) as env:
            # What any grouping reads first: who asks, and in which company.
            env["res.partner"].formatted_read_group([], ["is_company"], ["__count"])
            queries = env.cr.sql_log_count
            started = time.perf_counter()
            groups = env["res.partner"].formatted_read_group(
                [], ["toxicity_band"], ["__count"]
            )
            return {
                "seconds": time.perf_counter() - started,
                "queries": env.cr.sql_log_count - queries,
                "groups": {g["toxicity_band"]: g["__count"] for g in groups},
            }

    def group_portfolio(self, measures):
        """The portfolio by customer and quarter, as a pivot asks for it."""
        return self._group_by_quarter(
            "customer.portfolio", [], "commercial_partner_id", "date", measures
        )

    def group_invoices(self):
        """Odoo's analysis of customer invoices, grouped and filtered likewise."""
        return self._group_by_quarter(
            "account.invoice.report",
            # Its filters *Invoiced* and *Customers*
            [
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
            ],
            "commercial_partner_id",
            "invoice_date",
            ["price_subtotal"],
        )

    def open_matrix(self):
        """What the matrix draws of all customers, ready to be sent."""
        with self.environment(USER) as env:
            started = time.perf_counter()
            data = env["toxicity.score"].get_matrix([])
            seconds = time.perf_counter() - started
        return {"seconds": seconds, "bubbles": len(data["bubbles"])}

    def _group_by_quarter(self, model, domain, customer, day, measures):
        """Seconds until all is ready to be sent, and of these the query's alone."""
        groupby = [customer, f"{day}:quarter"]
        with self.environment(USER) as env:
            aggregates = [
                f"{name}:{env[model]._fields[name].aggregator}" for name in measures
            ]
            queries = []
            read = self._timed(type(env[model])._read_group, queries)
            with patch.object(type(env[model]), "_read_group", read):
                started = time.perf_counter()
                groups = env[model].formatted_read_group(
                    domain, groupby, ["__count", *aggregates]
                )
                seconds = time.perf_counter() - started
        return {"seconds": seconds, "query": sum(queries), "groups": len(groups)}

    # -- OCA's modules ---------------------------------------------------------------

    def compute_risk(self, ids):
        """account_financial_risk: what one customer owes, by kind."""
        with self.environment() as env:
            partners = env["res.partner"].browse(ids)
            env.invalidate_all()
            started = time.perf_counter()
            for partner in partners:
                partner.risk_total  # noqa: B018 (computed as it is read)
            return {"seconds": time.perf_counter() - started}

    def compute_time_to_pay(self, ids):
        """partner_time_to_pay: the average days to pay, computed anew."""
        with self.environment() as env:
            partners = env["res.partner"].browse(ids)
            env.invalidate_all()
            started = time.perf_counter()
            partners._compute_d2x()
            env.flush_all()
            return {"seconds": time.perf_counter() - started}


def read_status(name):
    """A figure of this process that the kernel keeps, in KiB."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    raise KeyError(name)


def main(conf, database):
    # Answers go where they are read; whatever else is printed goes to the log.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    config.parse_config(["-c", conf, "--log-level=warn"], setup_logging=True)
    worker = Worker(database)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"answer": getattr(worker, asked["task"])(**asked["with"])}
        except Exception as error:  # noqa: BLE001 (the other side decides)
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
