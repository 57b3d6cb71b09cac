from odoo import api, fields, models

# Removed when it is done, and named after the customer's people alone
ROWS = ("mail.followers", "project.collaborator")

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
    ("leave_shared", "Left alone: another company of ours needs it"),
]


class CustomerExitDeed(models.Model):
    """One thing done on walking away, with what it takes to undo it."""

    _name = "customer.exit.deed"
    _description = "Deed of walking away"
    _order = "id desc"
    # Not the name, which is nobody's to read as it is
    _rec_name = "kind"

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
    # Titles of what is private are among them: shown as the reader may read them.
    name = fields.Char(required=True, groups=fields.NO_ACCESS)
    shown_name = fields.Char("To what", compute="_compute_shown_name")
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

    @api.depends("name", "res_model", "res_id")
    @api.depends_context("uid", "lang")
    def _compute_shown_name(self):
        hidden = self.env._("(not for you to read)")
        for model, deeds in self.grouped("res_model").items():
            readable = deeds._get_readable_ids(model)
            for deed in deeds:
                is_shown = deed.res_id in readable or model in ROWS
                # sudo: see the field
                deed.shown_name = deed.sudo().name if is_shown else hidden

    @api.depends("shown_name")
    def _compute_display_name(self):
        for deed in self:
            deed.display_name = deed.shown_name

    def _get_readable_ids(self, model):
        """Of what these deeds were done to, what the reader may read; archived too."""
        records = self.env[model].with_context(active_test=False)
        if not records.has_access("read"):
            return set()
        return set(
            records.browse(self.mapped("res_id")).exists()._filtered_access("read").ids
        )

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
