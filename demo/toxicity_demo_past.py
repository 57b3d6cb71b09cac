from odoo import api, fields, models

REVIEWS = (
    {
        "did_exit": "yes",
        "circumstances": "Every report was disputed and paid only after the third "
        "reminder; two of us asked not to be sent there again.",
        "pressure": "some",
        "pressure_note": "We were asked to leave the inspection of the roofs out.",
        "feeling": "2",
        "feeling_note": "Relieved, and sorry for their caretakers.",
        "outcome": "They found another surveyor within the month.",
        "regret": "no",
    },
    {
        "did_exit": "yes",
        "circumstances": "As three months ago.",
        "pressure": "no",
        "feeling": "4",
        "outcome": "The hours went to two customers who had waited for us.",
        "regret": "no",
    },
)
# Days ago on which the exit took its steps.
STEPS = {
    "draft": 262,
    "options": 251,
    "approved": 236,
    "wrap_up": 234,
    "invoiced": 215,
    "closed": 212,
}
# Days ago on which the one took its steps that ended well.
KEPT_STEPS = {"draft": 604, "options": 600, "retained": 589, "kept": 497}


class ToxicityDemoPast(models.AbstractModel):
    """A customer who was left seven months ago, one who stayed, and what came of it."""

    _inherit = "toxicity.demo"

    @api.model
    def _get_stories(self):
        return [
            *super()._get_stories(),
            self._tell_left,
            self._tell_kept,
            self._know_impact,
        ]

    @api.model
    def _know_impact(self):
        """Approvals were given when all other customers were there."""
        cases = self.env["customer.exit"].sudo().search([("state", "=", "wrap_up")])
        cases._freeze_impact()

    @api.model
    def _tell_left(self):
        """Disputed whatever was delivered; left by agreement, looked back at twice."""
        customer = self._get("res.partner", "pellworth")
        self._sell_and_bill(customer, 330, 48, "state of the buildings", paid_after=64)
        case = self.env["customer.exit"].with_user(self._get_salesperson())
        case = case.create(
            {
                "partner_id": customer.id,
                "date_opened": self._day(STEPS["draft"]),
                "main_reason_id": self.env.ref(
                    "toxic_customer_exit.indicator_confrontational"
                ).id,
                "reasons": "<p>All four reports were disputed after they had been "
                "accepted, and paid after the third reminder.</p>",
                "desired_outcome": "They have all reports, we are paid, and both "
                "sides may speak well of each other.",
            }
        )
        self._take_past_steps(case.sudo())
        self._answer_reviews(case.sudo().review_ids)

    @api.model
    def _take_past_steps(self, case):
        """As they were taken; the buttons would ask for what was settled long ago."""
        case.write(
            {
                "approval_reason": "Three talks changed nothing; no deadline is near.",
                "ethics_checked": True,
                "settlement_reason": "Everything was invoiced and paid.",
            }
        )
        case._move_to("options")
        case._move_to(
            "approved",
            approver_id=self._get_manager().id,
            approval_date=self._at(STEPS["approved"], 9),
        )
        case._move_to("wrap_up")
        case._move_to("invoiced")
        case._move_to("closed", date_closed=self._day(STEPS["closed"]))
        case.effective_date = self._day(STEPS["closed"])
        case.date_closing_letter = self._day(STEPS["wrap_up"])
        self._date_steps(case, STEPS)

    @api.model
    def _date_steps(self, case, days_ago):
        dates = [self._at(days, 9) for days in days_ago.values()]
        for step, start, end in zip(
            case.step_ids, dates, [*dates[1:], False], strict=True
        ):
            step.write({"date_from": start, "date_to": end})

    @api.model
    def _tell_kept(self):
        """Nearly left over endless rounds; what she signed held, and she stayed."""
        customer = self._get("res.partner", "okafor")
        case = self.env["customer.exit"].with_user(self._get_salesperson())
        case = case.create(
            {
                "partner_id": customer.id,
                "date_opened": self._day(KEPT_STEPS["draft"]),
                "main_reason_id": self.env.ref(
                    "toxic_customer_exit.indicator_challenges_every_proposal"
                ).id,
                "reasons": "<p>Every plan went through five rounds, and nobody knew "
                "which one was the last.</p>",
                "desired_outcome": "One round of questions for each plan, in writing.",
            }
        )
        self._keep_what_was_signed(case.sudo())

    @api.model
    def _keep_what_was_signed(self, case):
        """As it went: an option was accepted, both sides kept it, and it was over."""
        accepted, other = self._offer_options(
            case, KEPT_STEPS["options"], ("rescope", "pause")
        )
        signed_on = self._at(KEPT_STEPS["retained"], 10)
        accepted.write(
            {
                "state": "accepted",
                "date_answered": signed_on,
                "signed_on": signed_on,
                "signed_by": self._get("res.partner", "okafor_adaeze").name,
            }
        )
        other.write({"state": "withdrawn", "date_withdrawn": signed_on})
        case._make_commitments(accepted)
        case._move_to_retained()
        case.commitment_ids.action_keep()
        for commitment in case.commitment_ids:
            day = self._day(KEPT_STEPS["retained"] - 30)
            commitment.write({"date_due": day, "date_decided": day})
        case.date_review = self._day(KEPT_STEPS["kept"])
        case.action_retain_for_good("A year's plans took one round each.")
        case.write(
            {
                "date_retained": self._day(KEPT_STEPS["retained"]),
                "date_closed": self._day(KEPT_STEPS["kept"]),
                "target_score": 45,
            }
        )
        self._date_steps(case, KEPT_STEPS)

    @api.model
    def _answer_reviews(self, reviews):
        for review, answers in zip(reviews, REVIEWS, strict=False):
            review.write(answers)
            review.with_user(self._get_manager()).action_done()
            review.date_done = fields.Date.add(review.date_due, days=2)
