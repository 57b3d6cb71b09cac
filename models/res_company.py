from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    exit_self_approval = fields.Boolean(
        string="Managers may approve their own exits",
        groups="toxic_customer_exit.group_toxicity_manager",
        help="For companies of one person: otherwise another manager approves.",
    )
