from odoo import api, fields, models


class ToxicityScore(models.Model):
    """Our own part, beside the reasons of a score."""

    _inherit = "toxicity.score"

    own_part = fields.Html("Is it us?", compute="_compute_own_part", sanitize=False)

    @api.depends("partner_id", "company_id")
    @api.depends_context("lang")
    def _compute_own_part(self):
        keys = {score: (score.partner_id.id, score.company_id.id) for score in self}
        shown = self.env["own.part"]._render(keys.values())
        for score in self:
            score.own_part = shown.get(keys[score], False)
