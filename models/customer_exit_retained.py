from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .customer_exit import UNDECIDED_STATES

ACTIVITY_REVIEW = "toxic_customer_exit.mail_activity_type_retained"
ACTIVITY_COMMITMENT = "toxic_customer_exit.mail_activity_type_commitment"
REVIEW_DAYS = 90


class CustomerExit(models.Model):
    """The customer accepted an option and stays, watched by what both promised."""

    _inherit = "customer.exit"

    commitment_ids = fields.One2many(
        "customer.exit.commitment", "exit_id", string="Commitments"
    )
    date_retained = fields.Date("Retained on", readonly=True, copy=False)
    date_review = fields.Date(
        "Review on",
        copy=False,
        help="When you look whether the agreement holds; you get an activity then.",
    )
    target_score = fields.Float(
        "Target score",
        copy=False,
        aggregator=None,
        help="Where the score should be by the review, at most.",
    )
    current_score = fields.Float("Score now", compute="_compute_current_score")
    missed_count = fields.Integer("Not kept", compute="_compute_missed_count")

    @api.depends("commercial_partner_id", "company_id")
    def _compute_current_score(self):
        scores = self.env["toxicity.score"].search(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        found = {(score.partner_id, score.company_id): score.score for score in scores}
        for record in self:
            key = (record.commercial_partner_id, record.company_id)
            record.current_score = found.get(key, 0.0)

    @api.depends("commitment_ids.state")
    def _compute_missed_count(self):
        for record in self:
            states = record.commitment_ids.mapped("state")
            record.missed_count = states.count("missed")

    def write(self, vals):
        result = super().write(vals)
        if "date_review" in vals:
            self.filtered(lambda record: record.state == "retained")._plan_review()
        return result

    def _move_to(self, state, reason="", **vals):
        result = super()._move_to(state, reason, **vals)
        # sudo: reminders may be others', and what is over needs no answer
        cases = self.sudo()
        if state != "retained":
            cases.activity_unlink([ACTIVITY_REVIEW, ACTIVITY_COMMITMENT])
        if state not in UNDECIDED_STATES:
            cases.option_ids._withdraw()
        return result

    # Steps

    def _retain(self, option):
        """The option was accepted: its siblings go, its promises get their dates."""
        self.ensure_one()
        (self.option_ids - option)._withdraw()
        self._make_commitments(option)
        self._move_to_retained()
        self._note_answer(
            self.env._(
                "%(option)s was accepted and signed by %(name)s.",
                option=option.name,
                name=option.signed_by,
            )
        )

    def _move_to_retained(self):
        today = fields.Date.context_today(self)
        # sudo: the threshold is the company's; shown to those who work on the exit
        target = self.company_id.sudo().toxicity_watch_threshold
        review = self.date_review
        if not review or review <= today:
            review = today + timedelta(days=REVIEW_DAYS)
        self._move_to(
            "retained",
            date_retained=today,
            date_review=review,
            target_score=self.target_score or target,
        )
        self._plan_review()

    def _plan_review(self):
        for record in self:
            # sudo: the activity may be somebody else's
            record.sudo().activity_unlink([ACTIVITY_REVIEW])
            owner = record._get_owner()
            if owner and record.date_review:
                record.activity_schedule(
                    ACTIVITY_REVIEW, record.date_review, user_id=owner.id
                )

    def action_reopen(self, reason=None):
        """Go back to the options by hand; asks for the reason where none is given."""
        for record in self:
            record._refuse_if(record._get_reopen_obstacles())
        if not (reason or "").strip():
            return self._ask_reason("reopen")
        for record in self:
            record._reopen(reason)
        return None

    def _get_reopen_obstacles(self):
        """Hook: what stands in the way of opening a retained case again."""
        obstacles = self._get_keeper_obstacles()
        if self.state != "retained":
            obstacles["not_retained"] = self.env._(
                "%(exit)s is %(state)s: a retained one is opened again.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        return obstacles

    def _get_keeper_obstacles(self):
        self.ensure_one()
        if self.has_access("write"):
            return {}
        return {
            "not_owner": self.env._("The owner of the exit, or a manager, does this.")
        }

    def _reopen(self, reason):
        """Back to the options, for a reason that stays in the history of steps."""
        self._move_to("options", reason=reason)
        self._note(self.env._("Opened again."), reason)

    def action_retain(self):
        """Retained once more: what was missed has been made good."""
        for record in self:
            record._refuse_if(record._get_retain_obstacles())
            record._move_to_retained()

    def _get_retain_obstacles(self):
        """Hook: what stands in the way of retaining the customer once more."""
        obstacles = self._get_keeper_obstacles()
        if self.state != "options" or not self._has_accepted():
            obstacles["not_accepted"] = self.env._(
                "%(exit)s: the customer accepts an option first.",
                exit=self.display_name,
            )
        missed = self.commitment_ids.filtered(
            lambda record: (
                record.side == "customer"
                and record.option_id
                and record.state == "missed"
            )
        )
        if missed:
            obstacles["missed"] = self.env._(
                "Not kept by the customer: %(commitments)s. Say which were kept after "
                "all.",
                commitments=", ".join(missed.mapped("name")),
            )
        return obstacles

    def _has_accepted(self):
        return "accepted" in self.option_ids.mapped("state")

    # Commitments

    def _make_commitments(self, option):
        today = fields.Date.context_today(self)
        days = {"us": option.our_days, "customer": option.their_days}
        self.env["customer.exit.commitment"].create(
            [
                {
                    "exit_id": self.id,
                    "option_id": option.id,
                    "side": side,
                    "name": promise,
                    "date_due": today + timedelta(days=days[side]),
                    "user_id": self.user_id.id,
                }
                for side, promises in option._get_promises().items()
                for promise in promises
            ]
        )

    def _refuse_commitments_if_not_retained(self):
        if others := self.filtered(lambda record: record.state != "retained"):
            raise UserError(
                self.env._(
                    "%(exit)s is %(state)s: commitments are made by an option that the "
                    "customer accepts, and added while it is retained.",
                    exit=others[0].display_name,
                    state=others[0]._get_state_label(),
                )
            )

    def _remind_of(self, commitments, user):
        """One activity for all that this person is to see to."""
        if user := self._pick_member(user, self.company_id) or self._get_owner():
            self.activity_schedule(
                ACTIVITY_COMMITMENT,
                min(commitments.mapped("date_due")),
                note=self._render_obstacles(
                    commitment._describe() for commitment in commitments
                ),
                user_id=user.id,
            )

    def _settle_reminders(self):
        """What was decided needs no reminder; others of the same person stay."""
        for record in self:
            waiting = record.commitment_ids.filtered(
                lambda commitment: commitment.state == "open" and commitment.is_reminded
            )
            if not waiting:
                # sudo: the reminder may be somebody else's
                record.sudo().activity_unlink([ACTIVITY_COMMITMENT])
