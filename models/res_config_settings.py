from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    toxicity_watch_threshold = fields.Integer(
        related="company_id.toxicity_watch_threshold", readonly=False
    )
    toxicity_strained_threshold = fields.Integer(
        related="company_id.toxicity_strained_threshold", readonly=False
    )
    toxicity_toxic_threshold = fields.Integer(
        related="company_id.toxicity_toxic_threshold", readonly=False
    )
    toxicity_window_days = fields.Integer(
        related="company_id.toxicity_window_days", readonly=False
    )
    exit_self_approval = fields.Boolean(
        related="company_id.exit_self_approval",
        readonly=False,
        groups="toxic_customer_exit.group_toxicity_manager",
    )
