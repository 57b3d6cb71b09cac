from odoo import models


class SaleOrder(models.Model):
    """Shows the quarantine of its customer, and goes on all the same."""

    _name = "sale.order"
    _inherit = ["sale.order", "customer.quarantine.banner"]
