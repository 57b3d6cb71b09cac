from markupsafe import Markup

from odoo import Command, fields, models

from .scope_context import ChangeVals

READ_GROUP = "toxic_customer_exit.group_toxicity_user"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    scope_change_ids = fields.One2many(
        "scope.change", "order_id", "Scope Changes", groups=READ_GROUP
    )
    scope_change_count = fields.Integer(
        compute="_compute_scope_change_count", groups=READ_GROUP
    )

    def _compute_scope_change_count(self):
        counts = dict(
            self.env["scope.change"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
        )
        for order in self:
            order.scope_change_count = counts.get(order._origin, 0)

    def action_view_scope_changes(self):
        """Open the scope changes of this order."""
        self.ensure_one()
        return self.env["scope.change"]._get_action_for(
            [("order_id", "=", self.id)],
            {
                "default_order_id": self.id,
                "default_partner_id": self.partner_id.id,
                "default_project_id": self.sudo().project_id.id,
            },
        )

    def _get_settlement_lines(self):
        """The lines that can carry money; a combo's price is on its items."""
        return self.order_line.filtered(
            lambda line: not line.display_type and line.product_id.type != "combo"
        )

    def _get_delivered_share(self):
        """Which part of the agreed value was delivered, between 0 and 1.

        A discount agreed on the whole order is due in this proportion.
        """
        self.ensure_one()
        lines = self._get_settlement_lines().filtered(
            lambda line: (
                not (
                    line.is_downpayment or line.is_expense or line._is_order_discount()
                )
            )
        )
        ordered = sum(
            line.product_uom_qty * line._get_discounted_price() for line in lines
        )
        delivered = sum(
            line.qty_delivered * line._get_discounted_price() for line in lines
        )
        if ordered <= 0:
            return 1.0 if delivered > 0 else 0.0
        return max(0.0, min(1.0, delivered / ordered))

    def _settle_discounts(self, scope_change_vals):
        """Make discounts on the whole order say what is due of them."""
        share = self._get_delivered_share()
        lines = self._get_settlement_lines()
        self._write_lines(
            {
                line: line._prepare_discount_vals(share)
                for line in lines
                if line._follows_delivery()
            },
            scope_change_vals,
        )

    def _cut_to_delivered(self, entries, scope_change_vals):
        """Make lines billed as ordered say what was delivered, down payments what is
        left of them: {line: SettlementLine}.
        """
        vals_by_line = {}
        for line in self._get_settlement_lines():
            entry = entries[line]
            if line.is_downpayment:
                if line.price_unit != entry.price_unit:
                    vals_by_line[line] = {"price_unit": entry.price_unit}
            elif line._is_to_cut(entry.delivered):
                vals_by_line[line] = line._prepare_cut_vals(entry.delivered)
        self._write_lines(vals_by_line, scope_change_vals)

    def _write_lines(self, vals_by_line, scope_change_vals):
        """Write lines of one order, locked or not, as one scope change."""
        self.ensure_one()
        if not vals_by_line:
            return
        locked = self.filtered("locked")
        locked.action_unlock()
        note = self._get_quantities_note(vals_by_line)
        self.with_context(
            scope_change_vals=ChangeVals(scope_change_vals),
            no_update_allocated_hours=True,
            settlement_note=True,
        ).write(
            {
                "order_line": [
                    Command.update(line.id, vals) for line, vals in vals_by_line.items()
                ]
            }
        )
        if note:
            self.message_post(body=note)
        locked.action_lock()

    def _get_quantities_note(self, vals_by_line):
        """One note for the order, where Odoo would post one for each of its lines."""
        items = Markup("").join(
            Markup("<li>%s: %s → %s</li>")
            % (line.product_id.display_name, line.product_uom_qty, quantity)
            for line, vals in vals_by_line.items()
            if (quantity := vals.get("product_uom_qty")) is not None
            and line._differs(line.product_uom_qty, quantity)
        )
        title = self.env._("The ordered quantities were set to what was delivered.")
        return items and Markup("<b>%s</b><ul>%s</ul>") % (title, items)
