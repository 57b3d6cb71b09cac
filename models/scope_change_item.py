import textwrap
from dataclasses import replace

from odoo import api, fields, models

from .line_terms import LineTerms

# The terms of a line that say how much the customer gets.
QUANTITIES = ("uom", "quantity", "line")
LINE_TERMS = (*QUANTITIES, "price", "discount")
# What moves the order itself: baseline + these items = the order as it stands.
ON_ORDER = (*LINE_TERMS, "order", "untaxed", "moved")
# Work beyond what was sold: worth its hours at list price, and billed by nothing.
TASKS = ("task", "customer_task")
EXTRA_WORK = (*TASKS, "allocated_hours", "overrun")
OWNER = ("partner_id", "commercial_partner_id", "company_id", "currency_id")
FROM_CHANGE = (*OWNER, "order_id")


class ScopeChangeItem(models.Model):
    """One old → new of a scope change; its items add up to the change."""

    _name = "scope.change.item"
    _description = "Scope change item"
    _order = "change_id, id"

    change_id = fields.Many2one(
        "scope.change", required=True, ondelete="cascade", index=True
    )
    # From the change, see create().
    partner_id = fields.Many2one(
        related="change_id.partner_id", store=True, ondelete="restrict"
    )
    commercial_partner_id = fields.Many2one(
        related="change_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(related="change_id.company_id", store=True)
    currency_id = fields.Many2one(related="change_id.currency_id", store=True)
    order_id = fields.Many2one(
        related="change_id.order_id", store=True, index="btree_not_null"
    )
    order_line_id = fields.Many2one(
        "sale.order.line", ondelete="set null", index="btree_not_null"
    )
    project_id = fields.Many2one(
        "project.project", ondelete="set null", index="btree_not_null"
    )
    task_id = fields.Many2one(
        "project.task", ondelete="set null", index="btree_not_null"
    )

    name = fields.Char("On", required=True)
    what = fields.Selection(
        [
            ("line", "New line"),
            ("quantity", "Quantity"),
            ("uom", "Unit"),
            ("price", "Unit price"),
            ("discount", "Discount"),
            ("order", "Order confirmed again"),
            ("untaxed", "Untaxed amount"),
            ("moved", "Moved to an amendment"),
            ("commitment_date", "Delivery date"),
            ("deadline", "Deadline"),
            ("allocated_hours", "Allocated hours"),
            ("objectives", "Objectives"),
            ("task", "Additional task"),
            ("customer_task", "Task opened by the customer"),
            ("overrun", "Hours beyond those ordered"),
        ],
        required=True,
    )
    old_value = fields.Char("Before")
    new_value = fields.Char("After")
    old_number = fields.Float("Before (number)", digits=0, aggregator=None)
    new_number = fields.Float("After (number)", digits=0, aggregator=None)

    hours = fields.Float()
    days = fields.Float(help="By how many days this item moves the end.")
    amount = fields.Monetary(
        help="By how much this item moves the untaxed amount of the order."
    )
    gift_amount = fields.Monetary(
        "Unpaid at List Price",
        help="What the customer gets at list price, less what the order bills for it.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        # Giving what items have from their change costs a save less than computing it.
        changes = [
            self.env["scope.change"].browse(vals.get("change_id")) for vals in vals_list
        ]
        return super().create(
            [
                {**vals, **{name: change[name].id for name in FROM_CHANGE}}
                for vals, change in zip(vals_list, changes, strict=True)
            ]
        )

    def _get_line(self):
        """This item in one line: the name of a line or task says enough by itself."""
        self.ensure_one()
        labels = dict(self._fields["what"]._description_selection(self.env))
        named = self.what in (*LINE_TERMS, *TASKS)
        # Objectives may be whole pages.
        old, new = (
            textwrap.shorten(value or "", 60, placeholder="…") or "–"
            for value in (self.old_value, self.new_value)
        )
        return f"{self.name if named else labels[self.what]}: {old} → {new}"

    def _is_unpaid(self):
        """Tell whether this item gives the customer more without billing for it."""
        self.ensure_one()
        if self.what in EXTRA_WORK:
            return self.currency_id.compare_amounts(self.gift_amount, 0) > 0
        if self.what not in ON_ORDER:
            # Dates and objectives bill nothing: only a signature agrees to them.
            return True
        gets_more = self.what in ("price", "discount") or (
            self.new_number > self.old_number
        )
        amount = self.amount
        if self.what == "uom":
            # Another unit is paid for by another price.
            items = self.change_id.item_ids
            amount = sum(
                items.grouped("order_line_id")[self.order_line_id].mapped("amount")
            )
        return gets_more and self.currency_id.compare_amounts(amount, 0) <= 0

    def _get_added_worth(self):
        """What these items, of one line, give the customer more; 0 if it is less.

        At list price, or what the order asks for it where the product has none.
        """
        amount, gift = sum(self.mapped("amount")), sum(self.mapped("gift_amount"))
        gets_more = any(
            item.what in (*QUANTITIES, "untaxed") and item.new_number > item.old_number
            for item in self
        )
        return max(0.0, gift, *((amount + gift or amount,) if gets_more else ()))

    @api.model
    def _prepare_line_items(self, line, before, after, live):
        """Return the values of the items by which *live* is to be replaced.

        live: the items that this line already has in the change that goes on, so
        that the old values stay those of the first edit and the new ones those of
        the last. Back to the old values, nothing is left.
        """
        started = before or LineTerms()
        total = sum(live.mapped("amount")) + after.subtotal - started.subtotal
        hours = sum(live.mapped("hours")) + after.hours - started.hours
        if before is None or "line" in live.mapped("what"):
            base = after.without_quantity()
            amounts = {"line": total} if after.quantity else {}
        else:
            base = replace(before, **live._get_old_terms())
            names = base.get_changed(after, line._get_scope_digits())
            amounts = base.split(after, names, total, line.currency_id.round)
        # The hours stand with the last of the terms that make them.
        timed = [what for what in amounts if what in QUANTITIES][-1:]
        return [
            {
                **self._prepare_item_vals(line, what, base, after, amount),
                "hours": hours if what in timed else 0.0,
            }
            for what, amount in amounts.items()
        ]

    def _get_old_terms(self):
        """What LineTerms of a line were before the first of these items."""
        terms = {item.what: item.old_number for item in self}
        if units := self.filtered(lambda item: item.what == "uom"):
            terms["uom_name"] = units[:1].old_value or ""
        return terms

    @api.model
    def _prepare_item_vals(self, line, what, base, after, amount):
        name = "quantity" if what == "line" else what
        old, new = getattr(base, name), getattr(after, name)
        worth = 0.0
        if name == "uom":
            worth = line._get_list_worth(base.quantity, new) - line._get_list_worth(
                base.quantity, old
            )
        elif name == "quantity":
            worth = line._get_list_worth(new - old, after.uom)
        return {
            "order_line_id": line.id,
            "name": (line.name or line.product_id.name or "").split("\n")[0],
            "what": what,
            "old_value": what != "line" and line._format_term(name, base),
            "new_value": line._format_term(name, after),
            "old_number": old,
            "new_number": new,
            "amount": amount,
            # Who gets less is given nothing, even off a price above the list's.
            "gift_amount": min(0.0, worth - amount) if worth < 0 else worth - amount,
        }

    @api.model
    def _get_order_totals(self, orders):
        """{order: (hours, amount)} by which the register says that it moved."""
        rows = self._read_group(
            [("order_id", "in", orders.ids), ("what", "in", ON_ORDER)],
            ["order_id"],
            ["hours:sum", "amount:sum"],
        )
        return {order: (hours, amount) for order, hours, amount in rows}

    def _become(self, vals_list):
        """Make what is noted of a line say that: (the items left, values to create).

        In place, which costs a save less than to delete items and create others.
        """
        known = {item.what: item for item in self}
        missing, kept = [], self.browse()
        for vals in vals_list:
            item = known.get(vals["what"])
            if item:
                item.write(vals)
                kept |= item
            else:
                missing.append(vals)
        (self - kept).unlink()
        return kept, missing

    def _settle_rounding(self):
        """Take up the cents by which an order's total is not the sum of its lines.

        Odoo rounds the total at once where the company says so, or taxes are in the
        prices; the register is to make the order as it is, to the cent.
        """
        orders = self.order_id.filtered(
            lambda order: order.date_baseline and order._is_rounded_as_a_whole()
        )
        totals = self._get_order_totals(orders) if orders else {}
        for order in orders:
            noted = order.baseline_amount + totals.get(order, (0.0, 0.0))[1]
            cents = order.currency_id.round(order.amount_untaxed - noted)
            # More than rounding is history that nobody noted.
            limit = order.currency_id.rounding * (len(order.order_line) + 1)
            if cents and abs(cents) <= limit:
                self.filtered(lambda item, order=order: item.order_id == order)[
                    -1:
                ].amount += cents

    def _leads_to(self, event):
        """Tell whether the event goes on from where this item ended."""
        self.ensure_one()
        same = self.what == event.what or (self.what in TASKS and event.what in TASKS)
        # Hours beyond those ordered come one after the other.
        return (
            same
            and event.what != "overrun"
            and all(self[name].id == id_ for name, id_ in event.links.items())
        )

    def _continue_with(self, event):
        """Go on to where the event leads; back at the start, nothing is left."""
        self.ensure_one()
        is_task = event.what in TASKS
        if not is_task and self.old_value == event.new_value:
            self.unlink()
            return
        self.write(
            {
                "what": "task" if "task" in (self.what, event.what) else event.what,
                "new_value": event.new_value,
                "new_number": event.new_number,
                "hours": event.hours,
                "days": self.days + event.days,
            }
        )
        self._set_gift()

    def _set_gift(self):
        """Value the hours beyond the order at list price."""
        for item in self.filtered(lambda item: item.what in EXTRA_WORK):
            worth = item.change_id._get_list_worth(item.hours)
            item.gift_amount = item.currency_id.round(worth)

    def _is_known_extra_work(self):
        """Whether the hours are noted and not yet sold by an amendment."""
        self.ensure_one()
        change = self.change_id
        return (
            change.state not in ("declined", "withdrawn")
            and change.amendment_id.state != "sale"
        )
