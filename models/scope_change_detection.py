import json
from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.fields import Domain
from odoo.tools import formatLang

from .scope_context import ChangeVals, LineEdit, Silence

SILENT = ("import_file", "install_mode")
# What code may say about the changes it causes (context key scope_change_vals).
# Nothing else passes: the record is written as superuser for whoever edits an order.
DETECTION_KEYS = {"requested_by", "state", "reason", "description", "kind"}


class ScopeChange(models.Model):
    """How edited orders enter the register; the register itself: scope_change.py."""

    _inherit = "scope.change"

    detection_key = fields.Char(
        "Noted by itself",
        readonly=True,
        copy=False,
        export_string_translation=False,
        help="Set on changes that an edited order made by itself: what they extend.",
    )

    @api.model
    def _is_silent(self):
        """Imports, data files and Odoo's own doing are not what anybody asked for."""
        context = self.env.context
        return isinstance(context.get("scope_change_skip"), Silence) or any(
            map(context.get, SILENT)
        )

    @api.model
    def _join_line_edit(self):
        """The save that goes on, one that begins here, or None where all is silent."""
        edit = self.env.context.get("scope_change_skip")
        if isinstance(edit, LineEdit):
            return edit
        return None if self._is_silent() else LineEdit()

    @api.model
    def _record_line_changes(self, moves, totals):
        """Note what edits did to confirmed orders, one change per order and day.

        moves: {order line: (LineTerms before, or None for a new line, after)}; totals:
        {order: its untaxed amount before}. To be called as superuser: whoever edits an
        order need not know of scope changes.

        Code that edits orders for a known reason says so in the context, and gets a
        change of its own beside the one that people's edits of that day make:
        scope_change_vals=ChangeVals(requested_by="us", state="agreed", reason=...);
        the keys are DETECTION_KEYS. A state set so is not held to the obstacles.
        """
        vals = self._get_detection_vals()
        orders = self.env["sale.order"].union(*(line.order_id for line in moves))
        todays = self._get_detected_today(orders)
        past_items = todays._get_items_by_line()
        changes = self._get_open_changes(orders, todays, vals)
        items, vals_list = self.env["scope.change.item"], []
        noted = defaultdict(float)
        for line, (before, after) in moves.items():
            change = changes[line.order_id]
            live = change._get_live_items(past_items.get(line, items.browse()))
            wanted = live._prepare_line_items(line, before, after, live)
            noted[line.order_id] += sum(vals["amount"] for vals in wanted)
            noted[line.order_id] -= sum(live.mapped("amount"))
            kept, missing = live._become(wanted)
            items |= kept
            vals_list += [{"change_id": change.id, **vals} for vals in missing]
        items |= items.create(vals_list)
        # Where the total moved as its lines did, which is nearly always, no cents are
        # missing, and the save does not wait for a look at the whole register.
        items.filtered(
            lambda item: item.order_id.currency_id.round(
                item.order_id.amount_untaxed
                - totals[item.order_id]
                - noted[item.order_id]
            )
        )._settle_rounding()
        self.union(*changes.values())._settle_detection()

    def _get_items_by_line(self):
        """{order line: its items in these changes}, in one query."""
        items = self.env["scope.change.item"]
        if self:
            items = items.search_fetch([("change_id", "in", self.ids)])
        return items.grouped("order_line_id")

    def _settle_detection(self):
        """Drop what came back to where it was, and see to the rest."""
        idle = self.filtered(lambda change: not change.item_ids)
        idle.unlink()
        left = self - idle
        left._set_project()
        left._weigh_allocated_hours()
        left._follow_creep()

    def _get_detection_vals(self):
        vals = self.env.context.get("scope_change_vals")
        if not isinstance(vals, ChangeVals):
            return {}
        if unknown := set(vals) - DETECTION_KEYS:
            raise ValueError(f"scope_change_vals does not take {sorted(unknown)}")
        return vals

    def _get_detected_today(self, targets):
        order_ids, project_ids = (
            [target.id for target in targets if target._name == model]
            for model in ("sale.order", "project.project")
        )
        domain = Domain("order_id", "in", order_ids)
        if project_ids:
            domain |= Domain("order_id", "=", False) & Domain(
                "project_id", "in", project_ids
            )
        return self.search_fetch(
            domain
            & Domain("date", "=", fields.Date.today())
            & Domain("detection_key", "!=", False),
            [
                *("detection_key", "state", "order_id", "project_id", "currency_id"),
                # What its items have from it
                *("partner_id", "commercial_partner_id", "company_id"),
            ],
        )

    def _get_open_changes(self, targets, todays, vals):
        """Return {target: the change to extend}, made where the day has none yet.

        A target is an order, or a project that belongs to none.
        """
        key = json.dumps(vals, sort_keys=True)
        state = vals.get("state", "detected")
        found = todays.filtered(
            lambda change: change.detection_key == key and change.state == state
        )
        changes = {change._get_target(): change for change in found.sorted("id")}
        missing = [target for target in targets if target not in changes]
        created = self._create_quietly(
            [
                {**vals, **self._prepare_detected_vals(target), "detection_key": key}
                for target in missing
            ]
        )
        return changes | dict(zip(missing, created, strict=True))

    def _get_target(self):
        self.ensure_one()
        return self.order_id or self.project_id

    def _prepare_detected_vals(self, target):
        """All that would be computed else, at some cost to a save."""
        link = "order_id" if target._name == "sale.order" else "project_id"
        company = target.company_id or self.env.company
        currency = target.currency_id if link == "order_id" else company.currency_id
        return {
            link: target.id,
            "partner_id": target.partner_id.id,
            "commercial_partner_id": target.partner_id.commercial_partner_id.id,
            "company_id": company.id,
            "currency_id": currency.id,
            "user_id": target.user_id.id,
        }

    def _create_quietly(self, vals_list):
        # An edit of an order is not an assignment: no mail, no follower, least of all
        # its author, who may be the customer on the portal. Whoever is asked to decide
        # follows then.
        return (
            self.with_context(tracking_disable=True)
            .create(vals_list)
            .with_env(self.env)
        )

    def _get_live_items(self, items):
        """Return those of the line's items of the day that an edit now continues.

        Another change may have moved the line in between; then what this one holds
        about the line is complete, and the edit starts anew.
        """
        newest_of_others = max(
            (
                item.id
                for item in items
                if item.change_id != self or item.what == "moved"
            ),
            default=0,
        )
        return items.filtered(
            lambda item: item.change_id == self and item.id > newest_of_others
        )

    def _set_project(self):
        """Fill in the project where the changed lines lead to a single one."""
        for change in self.filtered(lambda change: not change.project_id):
            lines = change.item_ids.order_line_id
            projects = lines.project_id | lines.task_id.project_id
            project = (projects or change.order_id.project_id)[:2]
            if len(project) == 1 and change._can_concern(project):
                change.project_id = project

    def _can_concern(self, project):
        # A product may name a project shared by all customers, or by companies.
        customer = project.partner_id.commercial_partner_id
        return (not customer or customer == self.commercial_partner_id) and (
            project.company_id in (self.env["res.company"], self.company_id)
        )

    @api.model
    def _record_confirmed_again(self, orders):
        """Note by how much reset orders were changed before confirming them again."""
        totals = self.env["scope.change.item"]._get_order_totals(orders)
        vals_list = []
        for order in orders:
            hours, amount = totals.get(order, (0.0, 0.0))
            item = self._prepare_confirmed_again_item(order, hours, amount)
            if item["hours"] or item["amount"]:
                vals_list.append(
                    {
                        **self._prepare_detected_vals(order),
                        "state": "agreed",
                        "reason": self.env._("The customer confirmed the order again."),
                        "item_ids": [Command.create(item)],
                    }
                )
        self._create_quietly(vals_list)

    def _prepare_confirmed_again_item(self, order, hours, amount):
        currency = order.currency_id
        old = order.baseline_amount + amount
        old_hours = order.baseline_hours + hours
        return {
            "name": order.name,
            "what": "order",
            "old_value": formatLang(self.env, old, currency_obj=currency),
            "new_value": formatLang(
                self.env, order.amount_untaxed, currency_obj=currency
            ),
            "old_number": old,
            "new_number": order.amount_untaxed,
            "hours": round(order._get_ordered_hours() - old_hours, 2),
            "amount": currency.round(order.amount_untaxed - old),
        }
