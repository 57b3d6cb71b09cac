from odoo import models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def action_scan_history(self):
        """Look in the history of these orders for drift that nobody noted."""
        # The method is public, and customers can read their orders.
        self.env["scope.change"].check_access("create")
        self.check_access("read")
        confirmed = self.filtered(lambda order: order.state == "sale")
        if self and not confirmed:
            raise UserError(
                self.env._(
                    "%(order)s is cancelled or not confirmed: only what was agreed can "
                    "drift, so choose confirmed orders.",
                    order=self[:1].name,
                )
            )
        # sudo: who sells need not be allowed to read the projects behind it
        projects = self.env["project.project"].sudo()
        orders = confirmed.sudo()
        contracts = orders.union(*orders._get_contracts().values())
        projects = projects.search(
            [
                "|",
                ("sale_line_id.order_id", "in", contracts.ids),
                ("reinvoiced_sale_order_id", "in", contracts.ids),
            ]
        )
        return self.env["scope.change.scan"]._scan_chosen(confirmed, projects)
