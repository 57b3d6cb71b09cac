from odoo import models


class ResPartner(models.Model):
    """A customer in quarantine says so."""

    _name = "res.partner"
    _inherit = ["res.partner", "customer.quarantine.banner"]
    _quarantine_customer = "commercial_partner_id"
    # Customers are seen as the current company knows them.
    _quarantine_company = None

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
