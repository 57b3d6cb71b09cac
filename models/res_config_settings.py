from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    exit_self_approval = fields.Boolean(
        related="company_id.exit_self_approval",
        readonly=False,
        groups="toxic_customer_exit.group_toxicity_manager",
    )
