from odoo import api, fields, models


class CustomerExit(models.Model):
    """Our own part, beside the reasons of an exit."""

    _inherit = "customer.exit"

    own_part = fields.Html("Is it us?", compute="_compute_own_part", sanitize=False)

    @api.depends("commercial_partner_id", "company_id")
    @api.depends_context("lang")
    def _compute_own_part(self):
        keys = {
            case: (case.commercial_partner_id.id, case.company_id.id) for case in self
        }
        shown = self.env["own.part"]._render(keys.values())
        for case in self:
            case.own_part = shown.get(keys[case], False)
