from odoo import models

from .res_partner_exit import HIERARCHY


class ResPartner(models.Model):
    """A customer in quarantine says so; its quarantine follows it."""

    _name = "res.partner"
    _inherit = ["res.partner", "customer.quarantine.banner"]
    _quarantine_customer = "commercial_partner_id"
    # Customers are seen as the current company knows them.
    _quarantine_company = None

    def write(self, vals):
        if HIERARCHY.isdisjoint(vals):
            return super().write(vals)
        quarantines = self.env["customer.quarantine"]._find_in_force_below(self)
        if not quarantines:
            return super().write(vals)
        # Two of one customer must not meet in the database: they keep their customers
        # until one of them is lifted.
        field = quarantines._fields["commercial_partner_id"]
        with self.env.protecting([field], quarantines):
            result = super().write(vals)
        quarantines._follow_customers()
        return result

    def action_view_quarantine(self):
        """Open the quarantine of the customer, or a new one for a manager."""
        self.ensure_one()
        cases = self.env["customer.quarantine"]
        cases.check_access("read")
        customer = self.commercial_partner_id
        case = cases.search(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", self.env.company.id),
                ("state", "in", ("draft", "active", "review")),
            ],
            order="state",
            limit=1,
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Quarantine"),
            "res_model": "customer.quarantine",
            "res_id": case.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {"default_partner_id": customer.id},
        }
