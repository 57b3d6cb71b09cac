from odoo import fields, models

READ_GROUP = "toxic_customer_exit.group_toxicity_user"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    scope_change_ids = fields.One2many(
        "scope.change", "order_id", "Scope Changes", groups=READ_GROUP
    )

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
