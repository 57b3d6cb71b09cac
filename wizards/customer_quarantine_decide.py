from odoo import fields, models
from odoo.exceptions import UserError


class CustomerQuarantineDecide(models.TransientModel):
    """What the review of a quarantine says: extend it, lift it, or leave."""

    _name = "customer.quarantine.decide"
    _description = "Review of a quarantine"

    quarantine_id = fields.Many2one(
        "customer.quarantine", required=True, ondelete="cascade"
    )
    decision = fields.Selection(
        [("extend", "Extend it"), ("lift", "Lift it"), ("exit", "Open an exit")],
        required=True,
        default="lift",
    )
    date_to = fields.Date(
        "New last day",
        default=lambda self: fields.Date.add(fields.Date.context_today(self), months=1),
    )
    conclusion = fields.Text("What the review says", required=True)

    def action_confirm(self):
        self.ensure_one()
        case = self.quarantine_id
        if self.decision == "extend":
            self._refuse_early_end()
            case._extend(self.date_to, self.conclusion)
        elif self.decision == "lift":
            case._lift(self.conclusion)
        else:
            case._turn_into_exit(self.conclusion)
            return case.action_view_exit()
        return {"type": "ir.actions.act_window_close"}

    def _refuse_early_end(self):
        today = fields.Date.context_today(self)
        if not self.date_to or self.date_to <= today:
            raise UserError(
                self.env._(
                    "%(quarantine)s is extended to a day after today.",
                    quarantine=self.quarantine_id.display_name,
                )
            )
