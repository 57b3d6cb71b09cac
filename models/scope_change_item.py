from dataclasses import replace

from odoo import api, fields, models

from .line_terms import LineTerms


class ScopeChangeItem(models.Model):
    """One old → new of a scope change; its items add up to the change."""

    _name = "scope.change.item"
    _description = "Scope change item"
    _order = "change_id, id"

    change_id = fields.Many2one(
        "scope.change", required=True, ondelete="cascade", index=True
    )
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

    name = fields.Char("On", required=True)
    what = fields.Selection(
        [
            ("line", "New line"),
            ("quantity", "Quantity"),
            ("price", "Unit price"),
            ("discount", "Discount"),
            ("order", "Order confirmed again"),
        ],
        required=True,
    )
    old_value = fields.Char("Before")
    new_value = fields.Char("After")
    old_number = fields.Float("Before (number)", digits=0, aggregator=None)
    new_number = fields.Float("After (number)", digits=0, aggregator=None)

    hours = fields.Float()
    amount = fields.Monetary(
        help="By how much this item moves the untaxed amount of the order."
    )
    gift_amount = fields.Monetary(
        "Unpaid at List Price",
        help="What the customer gets at list price, less what the order bills for it.",
    )

    def _is_unpaid(self):
        """Tell whether this item gives the customer more without billing for it."""
        self.ensure_one()
        gets_more = self.what in ("price", "discount") or (
            self.new_number > self.old_number
        )
        return gets_more and self.currency_id.compare_amounts(self.amount, 0) <= 0

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
            base = replace(before, **{item.what: item.old_number for item in live})
            names = base.get_changed(after, line._get_scope_digits())
            amounts = base.split(after, names, total, line.currency_id.round)
        return [
            self._prepare_item_vals(line, what, base, after, amount, hours)
            for what, amount in amounts.items()
        ]

    @api.model
    def _prepare_item_vals(self, line, what, base, after, amount, hours):
        name = "quantity" if what == "line" else what
        old, new = getattr(base, name), getattr(after, name)
        extra = new - old if name == "quantity" else 0.0
        worth = line._get_list_price() * extra if extra else 0.0
        return {
            "order_line_id": line.id,
            "name": (line.name or line.product_id.name or "").split("\n")[0],
            "what": what,
            "old_value": what != "line" and line._format_term(name, old),
            "new_value": line._format_term(name, new),
            "old_number": old,
            "new_number": new,
            "hours": hours if extra else 0.0,
            "amount": amount,
            "gift_amount": worth - amount,
        }
