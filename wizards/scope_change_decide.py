from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class ScopeChangeDecide(models.TransientModel):
    """Decides on several scope changes at once, for one reason."""

    _name = "scope.change.decide"
    _description = "Decide on scope changes"

    change_ids = fields.Many2many("scope.change", required=True)
    decision = fields.Selection(
        [
            ("negotiating", "Negotiate"),
            ("agreed", "Agree"),
            ("absorbed", "Absorb"),
            ("declined", "Decline"),
            ("withdrawn", "Withdraw"),
        ],
        required=True,
        default="absorbed",
    )
    reason = fields.Text()
    obstacles = fields.Text(compute="_compute_obstacles")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "scope.change":
            chosen = self.env.context.get("active_ids") or []
            values["change_ids"] = [Command.set(chosen)]
        return values

    @api.depends("change_ids", "decision", "reason")
    def _compute_obstacles(self):
        for wizard in self:
            wizard.obstacles = "\n".join(wizard._get_obstacles())

    def _get_obstacles(self):
        """What stands in the way, one sentence each; a reason is asked for here."""
        self.ensure_one()
        given = (self.reason or "").strip()
        return [
            sentence
            for change in self.change_ids
            for code, sentence in (
                change._get_transition_obstacles(self.decision)
                or change._get_obstacles(self.decision)
            ).items()
            if not (code == "no_reason" and given)
        ]

    def action_decide(self):
        """Decide on all of them, or on none."""
        self.ensure_one()
        if not self.change_ids:
            raise UserError(self.env._("Choose the scope changes to decide on."))
        vals = {"state": self.decision}
        if (self.reason or "").strip():
            vals["reason"] = self.reason
        self.change_ids.write(vals)
