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

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.modules.registry import Registry
from odoo.tests import Form
from odoo.tools import config

from bench_exit import FinalInvoice  # isort: skip (beside this file)

USER = "bench"
GROUPS = (
    *("sales_team.group_sale_manager", "project.group_project_manager"),
    *("account.group_account_manager", "hr_timesheet.group_timesheet_manager"),
)
OWN_GROUP = "toxic_customer_exit.group_toxicity_user"
# What one rescore writes to know where it is: bookkeeping, not results.
BOOKKEEPING = ("toxicity_score_run", "ir_cron_progress")


class Worker(FinalInvoice):
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

    def make_user(self):
        """A salesperson who also bills and runs projects; in the group if it is."""
        with self.environment() as env:
            known = env["res.users"].search([("login", "=", USER)])
            groups = env["res.groups"]
            for name in (*GROUPS, OWN_GROUP):
                groups |= env.ref(name, raise_if_not_found=False) or groups
            if not known:
                env["res.users"].with_context(no_reset_password=True).create(
                    {
                        "name": "Bench",
                        "login": USER,
                        "group_ids": [Command.set(groups.ids)],
                    }
                )
                env.cr.commit()
                self._number_invoices()
        return {}

    def _number_invoices(self):
        """Post one invoice for good: the populated have names that Odoo cannot count
        on from, and a module's demo data would bring the first that it can.
        """
        with self.environment(USER) as env:
            self._make_invoice(env).action_post()
            env.cr.commit()

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

    # -- ordinary work, with or without the module ----------------------------------

    def confirm_order(self):
        with self.environment(USER) as env:
            order = self._make_order(env)
            env.invalidate_all()
            started = time.perf_counter()
            order.action_confirm()
            env.flush_all()
            seconds = time.perf_counter() - started
            return {"seconds": seconds, "state": order.state}

    def handle_order(self):
        """Confirm an order, type and save another quantity, invoice what is delivered.

        The seconds of each: confirm, edit, edit_again (the same line that day), write
        (of the edit, the write alone) and invoice.
        """
        with self.environment(USER) as env:
            order = self._make_order(env)
            parts = {"confirm": self._time(env, order.action_confirm)}
            parts["edit"] = self._type_quantity(order, 5)
            parts["edit_again"] = self._type_quantity(order, 7)
            order.order_line.qty_delivered = 3
            parts["invoice"] = self._time(env, lambda: self._invoice(order))
            if order.invoice_ids.state != "posted" or order.state != "sale":
                raise RuntimeError("The order was not invoiced")
        with self.environment(USER) as env:
            order = self._make_order(env)
            order.action_confirm()
            line = Command.update(order.order_line[0].id, {"product_uom_qty": 5})
            parts["write"] = self._time(
                env, lambda: order.write({"order_line": [line]})
            )
            return parts

    def _invoice(self, order):
        move = order._create_invoices()
        move.invoice_date = fields.Date.today()
        move.action_post()

    def _time(self, env, work):
        """Seconds of some work from an empty memory until all of it is written."""
        self._settle(env)
        env.invalidate_all()
        started = time.perf_counter()
        work()
        self._settle(env)
        return time.perf_counter() - started

    def _type_quantity(self, order, quantity):
        """What the server takes for the form: what follows from the number, to save."""
        self._settle(order.env)
        form = Form(order)
        with self._time_requests(order) as spent:
            with form.order_line.edit(0) as line:
                line.product_uom_qty = quantity
            form.save()
        if order.order_line[0].product_uom_qty != quantity:
            raise RuntimeError("The quantity was not saved")
        return sum(spent)

    @contextmanager
    def _time_requests(self, record):
        """Yield the seconds of each request of a form, as of the web client's."""
        spent, patched = [], []
        for model in (type(record), type(record.order_line)):
            for name in ("onchange", "web_save"):
                patched.append((model, name))
                setattr(model, name, self._timed(getattr(model, name), spent))
        try:
            yield spent
        finally:
            for model, name in patched:
                delattr(model, name)

    def _timed(self, method, spent):
        def request(records, *args, **kwargs):
            # Nothing is in memory as it comes, and all is written as it ends.
            records.env.invalidate_all()
            started = time.perf_counter()
            result = method(records, *args, **kwargs)
            self._settle(records.env)
            spent.append(time.perf_counter() - started)
            return result

        return request

    def _settle(self, env):
        """All that a commit would write."""
        env.flush_all()
        env.cr.precommit.run()
        env.flush_all()

    def _make_order(self, env):
        """A quotation of twenty lines."""
        order = env["sale.order"].create(
            {
                "partner_id": self._get_customer(env).id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": 3})
                    for product in self._get_products(env)
                ],
            }
        )
        env.flush_all()
        return order

    def _make_invoice(self, env):
        return env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self._get_customer(env).id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create({"product_id": product.id, "quantity": 3})
                    for product in self._get_products(env)
                ],
            }
        )

    def post_invoice(self):
        with self.environment(USER) as env:
            move = self._make_invoice(env)
            env.flush_all()
            env.invalidate_all()
            started = time.perf_counter()
            move.action_post()
            env.flush_all()
            seconds = time.perf_counter() - started
            return {"seconds": seconds, "state": move.state}

    def write_tasks(self):
        with self.environment(USER) as env:
            tasks = env["project.task"].search(
                # Not of a sold project: there a new deadline is a scope change, and
                # noting that is what the module is for.
                [
                    ("project_id", "!=", False),
                    ("project_id.sale_line_id", "=", False),
                    ("sale_line_id", "=", False),
                    ("is_closed", "=", False),
                ],
                order="id",
                limit=100,
            )
            env.flush_all()
            env.invalidate_all()
            started = time.perf_counter()
            tasks.write({"priority": "1", "date_deadline": "2030-01-01 12:00:00"})
            env.flush_all()
            return {"seconds": time.perf_counter() - started, "tasks": len(tasks)}

    def _get_customer(self, env):
        """One of the populated, who is the same in every database."""
        return env["res.partner"].search(
            [("is_company", "=", True), ("sale_order_ids", "!=", False)],
            order="id",
            offset=1000,
            limit=1,
        )

    def _get_products(self, env):
        """Twenty: half of them services, none of which makes projects.

        The oldest, which every database has: a module's demo data bring their own.
        """
        found = env["product.product"].search(
            [("sale_ok", "=", True), ("service_tracking", "=", "no")], order="id"
        )
        services = found.filtered(lambda product: product.type == "service")
        ids = [*services.ids[:4] * 3][:10] + [*(found - services).ids[:4] * 3][:10]
        return env["product.product"].concat(
            *(env["product.product"].browse(id) for id in ids)
        )

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
