from odoo import fields, models
from odoo.exceptions import ValidationError


class ToxicitySignalContest(models.TransientModel):
    """Asks why signals are contested; they stop counting until a manager decides."""

    _name = "toxicity.signal.contest"
    _description = "Contest signals"

    signal_ids = fields.Many2many("toxicity.signal", required=True)
    reason = fields.Text(required=True, string="Contested because")

    def action_confirm(self):
        self.ensure_one()
        if not (self.reason or "").strip():
            raise ValidationError(self.env._("Write why the signal is contested."))
        self.signal_ids._contest(self.reason)
