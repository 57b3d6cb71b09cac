from odoo import models


class ToxicityScore(models.Model):
    """Contained from where one sees that it has to be."""

    _inherit = "toxicity.score"

    def action_view_quarantine(self):
        self.ensure_one()
        return self.partner_id.with_company(self.company_id).action_view_quarantine()
