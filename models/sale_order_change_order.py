from odoo import models


class SaleOrder(models.Model):
    """What the printed change order says; customers read it."""

    _inherit = "sale.order"

    def _get_change_order(self):
        """What was agreed, what changes, and what that makes, as plain values."""
        self.ensure_one()
        # Whoever may read an order may ask for its printouts, its customer too; this
        # one is for us to hand over.
        self.env["scope.change"].check_access("read")
        root = self._get_contract_root().sudo()
        earlier = root.amendment_ids.filtered(
            lambda order: order.state == "sale" and order != self
        ).sorted("id")
        return {
            "root": root,
            "earlier": earlier,
            "items": self._get_change_order_items(),
            "since": root.amount_untaxed - root.baseline_amount,
            "total": sum((root | earlier | self).mapped("amount_untaxed")),
            "hours": sum(order._get_ordered_hours() for order in root | earlier | self),
        }

    def _get_change_order_items(self):
        """[{what, name, old, new}] of what this order changes, in neutral words."""
        # sudo: the lines of the printout, and nothing else of the register
        items = self.sudo().amended_change_ids._get_asked_items()
        labels = dict(items._fields["what"]._description_selection(self.env))
        return [
            {
                "what": labels[item.what],
                "name": item.name,
                "old": item.old_value or "",
                "new": item.new_value or "",
            }
            for item in items
        ]
