from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .case_batches import work_by_case
from .customer_exit import UNDECIDED_STATES

# So long before it is due the responsible is reminded.
REMIND_DAYS = 3
# Whose changes are kept on the exit
TOLD_FIELDS = {"name", "side", "date_due", "state"}
STEP_FIELDS = {"state", "date_decided", "is_reminded", "exit_id", "option_id"}


class CustomerExitCommitment(models.Model):
    """What one of both sides promised with an accepted option, and whether it held."""

    _name = "customer.exit.commitment"
    _description = "Commitment"
    _order = "date_due, id"

    exit_id = fields.Many2one(
        "customer.exit", required=True, ondelete="cascade", index=True
    )
    option_id = fields.Many2one(
        "customer.exit.option",
        string="Agreed in",
        ondelete="restrict",
        index="btree_not_null",
    )
    partner_id = fields.Many2one(related="exit_id.partner_id")
    commercial_partner_id = fields.Many2one(
        related="exit_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(related="exit_id.company_id", store=True, index=True)
    name = fields.Char("What", required=True)
    side = fields.Selection(
        [("us", "We"), ("customer", "Customer")],
        string="Who",
        required=True,
        default="us",
    )
    date_due = fields.Date("Due on", required=True, index=True)
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        domain=[("share", "=", False)],
        index=True,
        help="Sees to it and is reminded; for what the customer promised, too.",
    )
    state = fields.Selection(
        [("open", "Open"), ("kept", "Kept"), ("missed", "Not kept")],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    date_decided = fields.Date("Decided on", readonly=True)
    is_reminded = fields.Boolean(readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        commitments = super().create(vals_list)
        if not self.env.su:
            commitments._refuse_decided_at_birth()
            commitments.exit_id._refuse_commitments_if_not_retained()
        return commitments

    def _refuse_decided_at_birth(self):
        if self.filtered(lambda record: record.state != "open" or record.option_id):
            raise UserError(
                self.env._("A new commitment is open, and agreed by you alone.")
            )

    def write(self, vals):
        if not self.env.su:
            if STEP_FIELDS & vals.keys():
                raise UserError(
                    self.env._(
                        "Whether a commitment was kept is said with its buttons, and "
                        "with whom it was agreed stays."
                    )
                )
            if {"name", "side"} & vals.keys():
                self._refuse_signed()
        if "date_due" in vals:
            vals = {**vals, "is_reminded": False}
        before = {record: record._describe() for record in self}
        result = super().write(vals)
        if TOLD_FIELDS & vals.keys():
            self._note_changes(before)
        return result

    def _note_changes(self, before):
        """Keep on the exit what a commitment was, and is now; nobody is told."""
        for case, commitments in self.grouped("exit_id").items():
            changes = [
                f"{before[record]} → {record._describe()}"
                for record in commitments
                if before[record] != record._describe()
            ]
            if changes:
                # sudo: the log is for whoever may read the exit
                case.sudo()._message_log(
                    body=self.env["ir.qweb"]._render(
                        "toxic_customer_exit.customer_exit_obstacles",
                        {"obstacles": changes},
                    )
                )

    def _refuse_signed(self):
        if signed := self.filtered("option_id"):
            raise UserError(
                self.env._(
                    "“%(commitment)s” was signed by the customer and stays as it is; "
                    "its date can be moved.",
                    commitment=signed[0].name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        if not self.env.su:
            self._refuse_signed()

    def _describe(self):
        sides = dict(self._fields["side"]._description_selection(self.env))
        text = (
            f"{sides[self.side]}: {self.name} ({format_date(self.env, self.date_due)})"
        )
        if self.state == "open":
            return text
        states = dict(self._fields["state"]._description_selection(self.env))
        return f"{text}, {states[self.state].lower()}"

    # Decisions

    def action_keep(self):
        self._refuse_undecidable()
        self._decide("kept")

    def action_miss(self):
        self._refuse_undecidable()
        self._decide("missed")
        self._reopen_exits()

    def _refuse_undecidable(self):
        self.check_access("read")
        for record in self:
            record.exit_id._refuse_if(record._get_decision_obstacles())

    def _get_decision_obstacles(self):
        """Hook: why it cannot be said whether it was kept, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if not self.has_access("write"):
            obstacles["not_responsible"] = self.env._(
                "“%(commitment)s”: who is responsible for it, the owner of the exit, "
                "or a manager, says whether it was kept.",
                commitment=self.name,
            )
        if self.exit_id.state not in UNDECIDED_STATES:
            obstacles["over"] = self.env._(
                "%(exit)s is %(state)s: what was kept until then stays on record.",
                exit=self.exit_id.display_name,
                state=self.exit_id._get_state_label(),
            )
        return obstacles

    def _decide(self, state):
        # sudo: step fields are closed to everyone's direct writing
        self.sudo().write(
            {"state": state, "date_decided": fields.Date.context_today(self)}
        )
        self.exit_id._settle_reminders()

    def _reopen_exits(self):
        """What the customer agreed to and did not keep opens the case again.

        What we promised, or added without the customer's word, is only shown.
        """
        broken = self.filtered(
            lambda record: record.side == "customer" and record.option_id
        )
        for case, commitments in broken.grouped("exit_id").items():
            if case.state == "retained":
                reason = self.env._(
                    "Not kept by the customer: %(commitments)s.",
                    commitments=", ".join(commitments.mapped("name")),
                )
                case._reopen(reason)
                case._tell_owner(
                    self.env._("A promise was not kept: what now?"), reason
                )

    # Reminders

    @api.model
    def _cron_follow_up(self):
        """Remind of what is due soon, and note what was not kept."""
        missed = [
            *self._get_watched_domain(),
            ("date_due", "<", fields.Date.today()),
        ]
        soon = [
            *self._get_watched_domain(),
            ("is_reminded", "=", False),
            ("date_due", "<=", fields.Date.today() + timedelta(days=REMIND_DAYS)),
        ]
        work_by_case(
            self,
            [
                (missed, lambda commitments: commitments._miss()),
                (soon, lambda commitments: commitments._remind()),
            ],
        )

    @api.model
    def _get_watched_domain(self):
        return [("state", "=", "open"), ("exit_id.state", "=", "retained")]

    def _miss(self):
        self._decide("missed")
        for case, commitments in self.grouped("exit_id").items():
            ours = commitments.filtered(lambda record: record.side == "us")
            if ours:
                case._tell_owner(
                    self.env._("We did not keep what we promised"),
                    self.env._(
                        "Not kept by us: %(commitments)s.",
                        commitments=", ".join(ours.mapped("name")),
                    ),
                )
        self._reopen_exits()

    def _remind(self):
        self.is_reminded = True
        for (case, user), commitments in self._group_by_reminded().items():
            case._remind_of(commitments, user)

    def _group_by_reminded(self):
        return self.grouped(
            lambda record: (record.exit_id, record.user_id or record.exit_id.user_id)
        )
