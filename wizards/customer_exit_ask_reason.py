from odoo import api, fields, models


class CustomerExitAskReason(models.TransientModel):
    """Asks why, before an exit takes a step that goes back or ends it."""

    _name = "customer.exit.ask.reason"
    _description = "Reason of a step"

    exit_id = fields.Many2one("customer.exit", required=True, readonly=True)
    step = fields.Selection(
        [
            ("reopen", "Reopen"),
            ("reopen_settlement", "Back to the wrap-up"),
            ("retain_for_good", "Retained for good"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Text(
        required=True, help="It stays with the step, in the history of the exit."
    )
    obstacles = fields.Html(compute="_compute_obstacles", sanitize=False)

    @api.model
    def _open_for(self, exit_case, step):
        exit_case.check_access("read")
        labels = dict(self._fields["step"]._description_selection(self.env))
        return {
            "type": "ir.actions.act_window",
            "name": labels[step],
            "res_model": self._name,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_exit_id": exit_case.id, "default_step": step},
        }

    @api.depends_context("uid", "lang")
    @api.depends("exit_id", "step")
    def _compute_obstacles(self):
        for wizard in self:
            button = wizard.exit_id and wizard.exit_id._get_buttons().get(
                f"action_{wizard.step}"
            )
            wizard.obstacles = button and wizard.exit_id._render_obstacles(
                button.get_obstacles()
            )

    def action_confirm(self):
        """Take the step, for the reason given; it refuses as the form says."""
        self.ensure_one()
        steps = {
            "reopen": self.exit_id.action_reopen,
            "reopen_settlement": self.exit_id.action_reopen_settlement,
            "retain_for_good": self.exit_id.action_retain_for_good,
        }
        steps[self.step](self.reason)
        return {"type": "ir.actions.act_window_close"}
