from odoo import fields, models

from .copied_field import copy_if_readable


class CrmLead(models.Model):
    _inherit = "crm.lead"

    # Odoo's own text field `referred` carries the label Referred By.
    referred_by_id = fields.Many2one(
        "res.partner",
        string="Referring customer",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="toxic_customer_exit.group_toxicity_user",
        help="The customer who brought this lead to us: once won, it speaks for it.",
    )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        return copy_if_readable(self, vals_list, "referred_by_id")
