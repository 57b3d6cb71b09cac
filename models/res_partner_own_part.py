from odoo import api, fields, models

from .toxicity_internal_thread import USER_GROUP


class ResPartner(models.Model):
    """Our own part at a customer, on its Scoring tab."""

    _inherit = "res.partner"

    toxicity_own_part = fields.Html(
        "Is it us?",
        compute="_compute_toxicity_own_part",
        sanitize=False,
        groups=USER_GROUP,
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "lang")
    def _compute_toxicity_own_part(self):
        company = self.env.company.id
        customers = {(partner.commercial_partner_id.id, company) for partner in self}
        shown = self.env["own.part"]._render(customers)
        for partner in self:
            key = partner.commercial_partner_id.id, company
            partner.toxicity_own_part = shown.get(key, False)
