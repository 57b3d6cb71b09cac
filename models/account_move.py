from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    exit_id = fields.Many2one(
        "customer.exit",
        string="Settled exit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="toxic_customer_exit.group_toxicity_user",
    )
