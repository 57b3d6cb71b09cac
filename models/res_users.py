from odoo import models

from .customer_quarantine import IN_FORCE_STATES


class ResUsers(models.Model):
    """When the single contact of a customer leaves, a manager hears of it at once."""

    _inherit = "res.users"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active") is False:
            # sudo: whoever archives a user need not know of quarantines
            cases = self.env["customer.quarantine"].sudo()
            for case in cases.search(
                [("user_id", "in", self.ids), ("state", "in", IN_FORCE_STATES)]
            ):
                case._miss_contact()
        return result
