"""Ordinary work, the same with and without the module: orders, invoices and tasks."""

import time
from contextlib import contextmanager

from odoo import Command, fields
from odoo.tests import Form

USER = "bench"
GROUPS = (
    *("sales_team.group_sale_manager", "project.group_project_manager"),
    *("account.group_account_manager", "hr_timesheet.group_timesheet_manager"),
)
OWN_GROUP = "toxic_customer_exit.group_toxicity_user"


class OrdinaryWork:
    """Tasks of the worker, done as its user; all of it is undone."""

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
