from odoo import fields, models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    # Odoo's own text field `referred` carries the label Referred By.
    referred_by_id = fields.Many2one(
        "res.partner",
        string="Referring customer",
        index="btree_not_null",
        ondelete="restrict",
        groups="toxic_customer_exit.group_toxicity_user",
        help="The customer who brought this lead to us: once won, it speaks for it.",
    )
