from odoo import api, fields, models
from odoo.exceptions import UserError

from .customer_exit import DECIDED_STATES
from .customer_exit_ways import VERBS

# Made by a manager, directly or in the dialog; the others are made by deeds.
WAIVED = "waived"


class CustomerExitWaiver(models.Model):
    """What was decided about something open at the exit gate, by whom and why.

    What was finished or dropped is gone from the gate by itself, and is back there
    should it be reopened. What is waived or handed over stays open and stops counting.
    """

    _name = "customer.exit.waiver"
    _description = "Decision at the exit gate"
    _order = "date desc, id desc"
    _rec_name = "name"

    exit_id = fields.Many2one(
        "customer.exit", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="exit_id.company_id", store=True)
    commercial_partner_id = fields.Many2one(
        related="exit_id.commercial_partner_id", store=True
    )
    code = fields.Char(required=True, string="Kind (technical)")
    label = fields.Char(string="What", compute="_compute_label")
    res_id = fields.Integer(
        string="Record (technical)",
        aggregator=None,
        help="0 stands for everything of this kind, also what comes later.",
    )
    name = fields.Char(string="Which", required=True, default="/")
    decision = fields.Selection(
        [
            ("finished", "Finished"),
            ("handed_over", "Handed over"),
            ("dropped", "Dropped"),
            (WAIVED, "Waived"),
        ],
        required=True,
        default=WAIVED,
    )
    is_exempting = fields.Boolean(
        compute="_compute_is_exempting",
        help="The record stays as it is, and stops counting.",
    )
    to_user_id = fields.Many2one("res.users", string="To whom")
    reason = fields.Text()
    user_id = fields.Many2one(
        "res.users",
        string="Decided by",
        required=True,
        default=lambda self: self.env.user,
    )
    date = fields.Datetime(
        string="On", required=True, default=lambda self: fields.Datetime.now()
    )

    _reason_of_waiver = models.Constraint(
        "CHECK (decision != 'waived' OR length(trim(coalesce(reason, ''))) > 0)",
        "What is waived at the exit gate needs a reason.",
    )

    @api.depends_context("lang")
    @api.depends("code")
    def _compute_label(self):
        labels = {
            check.code: check.label
            for check in self.env["customer.exit"]._get_gate_checks()
        }
        for waiver in self:
            waiver.label = labels.get(waiver.code, waiver.code)

    @api.depends("code", "decision")
    def _compute_is_exempting(self):
        keeping = {
            (check.code, VERBS[verb])
            for check in self.env["customer.exit"]._get_gate_checks()
            for verb in check.keeps_open
        }
        for waiver in self:
            waiver.is_exempting = (
                waiver.decision == WAIVED or (waiver.code, waiver.decision) in keeping
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self._refuse_unnamed(vals_list)
            vals_list = [self._as_own_waiver(vals) for vals in vals_list]
        waivers = super().create(vals_list)
        waivers._refuse_unlawful()
        return waivers

    @api.model
    def _refuse_unnamed(self, vals_list):
        """Forgotten, it would be 0: all of a kind is waived by who says so only."""
        for vals in vals_list:
            if type(vals.get("res_id")) is not int:
                raise UserError(
                    self.env._(
                        "Say what is waived: the id of a record, or 0 for everything "
                        "of its kind."
                    )
                )

    def _as_own_waiver(self, vals):
        """Whoever may create one waives in the own name and now."""
        return {
            **vals,
            "decision": WAIVED,
            "to_user_id": False,
            "user_id": self.env.user.id,
            "date": fields.Datetime.now(),
        }

    def _refuse_unlawful(self):
        for waiver in self:
            waiver.exit_id._get_check(waiver.code)
            case = waiver.exit_id
            case._refuse_if(
                case._get_waiving_obstacles()
                if waiver.decision == WAIVED
                else case._get_gate_refusals()
            )

    def action_take_back(self):
        """Let it count again."""
        self.unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_settled(self):
        for waiver in self:
            if waiver.exit_id.state not in DECIDED_STATES:
                raise UserError(
                    self.env._(
                        "%(exit)s is %(state)s: what was decided about %(name)s stays "
                        "on record.",
                        exit=waiver.exit_id.display_name,
                        state=waiver.exit_id._get_state_label(),
                        name=waiver.name,
                    )
                )
