import base64

from odoo import models


class SaleOrder(models.Model):
    """What the printed change order says; customers read it."""

    _inherit = "sale.order"

    def _process_attachments_for_template_post(self, mail_template):
        """Send the change order with the quotation of an amendment."""
        result = super()._process_attachments_for_template_post(mail_template) or {}
        # A mail without the quotation, as a reminder, is not about its terms.
        orders = self if mail_template.report_template_ids else self.browse()
        for order in orders._filter_offered_amendments():
            values = result.setdefault(order.id, {})
            values.setdefault("attachments", []).append(
                order._render_change_order_attachment()
            )
        return result

    def _filter_offered_amendments(self):
        # sudo: whoever sends a quotation need not know of scope changes
        return self.sudo().filtered(
            lambda order: order.state in ("draft", "sent") and order.amended_order_id
        )

    def _render_change_order_attachment(self):
        """(name, content) of the printout, as mail templates give them."""
        self.ensure_one()
        # sudo: what the customer gets is no secret to whoever sends it
        content, extension = (
            self.env["ir.actions.report"]
            .sudo()
            ._render_qweb_pdf("toxic_customer_exit.change_order_report", self.ids)
        )
        name = self.env._("Change order - %(order)s", order=self.name)
        return f"{name}.{extension}", base64.b64encode(content)

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
