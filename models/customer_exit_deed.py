from odoo import fields, models

KINDS = [
    ("lock_order", "Order locked"),
    ("cancel_quotation", "Quotation cancelled"),
    ("settle_activity", "Planned activity taken off"),
    ("lose_lead", "Lead lost"),
    ("close_project", "Project archived"),
    ("revoke_portal", "Portal access revoked"),
    ("revoke_link", "Link revoked"),
    ("remove_collaborator", "Collaborator removed"),
    ("remove_follower", "Subscription removed"),
]


class CustomerExitDeed(models.Model):
    """One thing done on walking away, with what it takes to undo it."""

    _name = "customer.exit.deed"
    _description = "Deed of walking away"
    _order = "id desc"

    exit_id = fields.Many2one(
        "customer.exit", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="exit_id.company_id", store=True)
    commercial_partner_id = fields.Many2one(
        related="exit_id.commercial_partner_id", store=True
    )
    kind = fields.Selection(KINDS, required=True, string="What was done")
    res_model = fields.Char(string="Model (technical)", required=True)
    res_id = fields.Integer(string="Record (technical)", required=True, aggregator=None)
    name = fields.Char(string="To what", required=True)
    # Links that opened documents are among it: nobody reads them here.
    before = fields.Json(groups=fields.NO_ACCESS, copy=False)
    user_id = fields.Many2one(
        "res.users", string="By", required=True, default=lambda self: self.env.user
    )
    date = fields.Datetime(
        string="On", required=True, default=lambda self: fields.Datetime.now()
    )
    undone_by_id = fields.Many2one("res.users", string="Undone by")
    date_undone = fields.Datetime(string="Undone on")

    def _undo(self):
        """Put back what these did, the last first; what is gone is passed over."""
        standing = self.filtered(lambda deed: not deed.date_undone)
        for deed in standing.sorted("id", reverse=True):
            record = self.env[deed.res_model].browse(deed.res_id)
            kind = deed.exit_id._get_deed_kinds()[deed.kind]
            kind.undo(record, deed.before or {})
        standing.write(
            {
                "undone_by_id": self.env.user.id,
                "date_undone": fields.Datetime.now(),
                "before": False,
            }
        )
