from odoo import api, fields, models


class ToxicityTuningLine(models.TransientModel):
    """What one indicator would weigh in the company."""

    _name = "toxicity.tuning.line"
    _description = "Weight that is proposed"
    # As indicators are ordered: strain before credit, dimension by dimension.
    _order = "polarity desc, dimension, sequence, id"
    _transient_max_hours = 24.0

    tuning_id = fields.Many2one(
        "toxicity.tuning", required=True, ondelete="cascade", index=True
    )
    indicator_id = fields.Many2one(
        "toxicity.indicator", required=True, readonly=True, ondelete="cascade"
    )
    polarity = fields.Selection(related="indicator_id.polarity", store=True)
    dimension = fields.Selection(related="indicator_id.dimension", store=True)
    sequence = fields.Integer(related="indicator_id.sequence", store=True)
    origin = fields.Selection(related="indicator_id.origin")
    default_weight = fields.Float(related="indicator_id.weight", string="Default")
    weight_now = fields.Float(compute="_compute_weight_now", string="Now")
    weight = fields.Float(string="Proposed", help="0 takes it out of the scores.")
    is_changed = fields.Boolean(compute="_compute_is_changed")
    is_default = fields.Boolean(compute="_compute_is_changed")

    @api.depends("indicator_id", "tuning_id.company_id")
    def _compute_weight_now(self):
        for tuning, lines in self.grouped("tuning_id").items():
            weights = self.env["toxicity.weight"]._get_weights(
                tuning.company_id, lines.indicator_id
            )
            for line in lines:
                line.weight_now = weights[line.indicator_id]

    @api.depends("weight", "weight_now", "default_weight")
    def _compute_is_changed(self):
        for line in self:
            line.is_changed = line.weight != line.weight_now
            line.is_default = line.weight == line.default_weight

    def action_default(self):
        """Propose the default again; published, the indicator follows it."""
        for line in self:
            line.weight = line.default_weight
