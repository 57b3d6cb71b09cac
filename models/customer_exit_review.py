from odoo import api, fields, models
from odoo.exceptions import UserError

from .toxicity_internal_thread import MANAGER_GROUP

# Months after closing at which an exit is looked back at.
REVIEW_MONTHS = (3, 6, 12)
# The five questions, in their order: one field each has to be answered.
QUESTIONS = ("did_exit", "circumstances", "pressure", "feeling", "outcome")
ANSWERS = {*QUESTIONS, "pressure_note", "feeling_note", "regret"}
CLOSED_FIELDS = {"exit_id", "months", "state", "date_done", "kept_amount", "kept_hours"}


class CustomerExitReview(models.Model):
    """A look back at an exit, some months after it was closed.

    The answers are for their author and the managers. What was paid since, and where
    the hours went, is in customer_exit_review_figures.py.
    """

    _name = "customer.exit.review"
    _description = "Review of a customer exit"
    _inherit = ["toxicity.internal.thread", "mail.activity.mixin"]
    _order = "date_due, id"

    exit_id = fields.Many2one(
        "customer.exit", required=True, readonly=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        related="exit_id.partner_id",
        string="Customer",
        store=True,
        ondelete="restrict",
        index=True,
    )
    commercial_partner_id = fields.Many2one(
        related="exit_id.commercial_partner_id",
        store=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(related="exit_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    months = fields.Integer(
        "Months after closing", required=True, readonly=True, aggregator=None
    )
    date_due = fields.Date("Due on", required=True)
    user_id = fields.Many2one("res.users", "Author", required=True, index=True)
    state = fields.Selection(
        [("planned", "Planned"), ("done", "Done")],
        required=True,
        readonly=True,
        default="planned",
        index=True,
    )
    date_done = fields.Date("Done on", readonly=True)

    did_exit = fields.Selection(
        [("yes", "Yes"), ("partly", "In part"), ("no", "No")], "Did we exit?"
    )
    circumstances = fields.Text("Under what circumstances?")
    pressure = fields.Selection(
        [("no", "No"), ("some", "Somewhat"), ("yes", "Yes")],
        "Were we pressed to cut corners?",
    )
    pressure_note = fields.Text("By whom, and where?")
    feeling = fields.Selection(
        [
            ("1", "Bad"),
            ("2", "Rather bad"),
            ("3", "Mixed"),
            ("4", "Rather good"),
            ("5", "Good"),
        ],
        "How did it feel?",
    )
    feeling_note = fields.Text("In your words")
    outcome = fields.Text("How did it play out?")
    regret = fields.Selection(
        [("no", "No"), ("yes", "Yes")], "Do we regret it, looking back?"
    )
    obstacles = fields.Html(compute="_compute_obstacles", sanitize=False)

    _exit_months_uniq = models.UniqueIndex("(exit_id, months)")

    @api.depends("exit_id.name", "months")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for review in self:
            review.display_name = self.env._(
                "%(exit)s after %(months)s months",
                exit=review.exit_id.name,
                months=review.months,
            )

    @api.depends("state", *sorted(ANSWERS))
    @api.depends_context("lang", "uid")
    def _compute_obstacles(self):
        for review in self:
            found = review._get_done_obstacles() if review.state == "planned" else {}
            review.obstacles = review.exit_id._render_obstacles(found)

    def write(self, vals):
        if not self.env.su:
            self._refuse_unlawful_values(vals)
        result = super().write(vals)
        if "user_id" in vals or "date_due" in vals:
            self._follow_activity()
        return result

    def _refuse_unlawful_values(self, vals):
        if closed := CLOSED_FIELDS & vals.keys():
            labels = self.fields_get(sorted(closed), ["string"])
            raise UserError(
                self.env._(
                    "%(fields)s of a review cannot be written: use its buttons.",
                    fields=", ".join(field["string"] for field in labels.values()),
                )
            )
        for review in self:
            if review.state == "done":
                raise UserError(
                    self.env._(
                        "%(review)s is done: open it again to change what it says.",
                        review=review.display_name,
                    )
                )
            if "user_id" in vals and any(review[name] for name in ANSWERS):
                raise UserError(
                    self.env._(
                        "%(author)s has begun to answer %(review)s, and the answers "
                        "are for nobody else: have them emptied first.",
                        author=review.user_id.name,
                        review=review.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        if done := self.filtered(lambda review: review.state == "done"):
            raise UserError(
                self.env._(
                    "%(review)s is done and stays on record.",
                    review=done[0].display_name,
                )
            )

    # Doing it

    def _get_done_obstacles(self):
        """Hook: what is missing before the review is done, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state != "planned":
            obstacles["done"] = self.env._(
                "%(review)s is done already.", review=self.display_name
            )
        if not self._is_author_or_manager():
            obstacles["not_author"] = self.env._(
                "%(author)s, or a manager of customer exits, does this review.",
                author=self.user_id.name,
            )
        labels = self.fields_get([*QUESTIONS, "regret"], ["string"])
        for name in (*QUESTIONS, "regret"):
            if not self[name]:
                obstacles[name] = self.env._(
                    "Not answered yet: %(question)s", question=labels[name]["string"]
                )
        return obstacles

    def _is_author_or_manager(self):
        return self.user_id == self.env.user or self.env.user.has_group(MANAGER_GROUP)

    def action_done(self):
        """Keep the answers, and the figures as they are today."""
        self.check_access("write")
        for review in self:
            if obstacles := review._get_done_obstacles():
                raise UserError("\n".join(obstacles.values()))
            # sudo: nobody else writes what a review keeps
            review.sudo().write(
                {
                    "state": "done",
                    "date_done": fields.Date.context_today(self),
                    **review._get_figures_to_keep(),
                }
            )
        self.sudo().activity_feedback([self._activity_type()])

    def action_reopen(self):
        """Open it again: the figures are those of the day once more."""
        self.check_access("write")
        done = self.filtered(lambda review: review.state == "done")
        self.sudo().write({"state": "planned", "date_done": False, "kept_hours": False})
        done._plan_activities()

    def _get_figures_to_keep(self):
        """Hook: {field: value} that the review keeps when it is done."""
        return {}

    # Planning

    @api.model
    def _activity_type(self):
        return "toxic_customer_exit.mail_activity_type_exit_review"

    @api.model
    def _plan_for(self, exits):
        """The reviews of closed exits, each with an activity for its author."""
        managers = self._get_first_managers(exits.company_id)
        reviews = self.create(
            [
                {
                    "exit_id": record.id,
                    "months": months,
                    "date_due": fields.Date.add(record.date_closed, months=months),
                    "user_id": (
                        self._pick_member(record.user_id, record.company_id)
                        or managers[record.company_id]
                        or record.approver_id
                        or self.env.user
                    ).id,
                }
                for record in exits
                for months in REVIEW_MONTHS
            ]
        )
        reviews._plan_activities()
        return reviews

    def _plan_activities(self):
        """Ask the author, once the day has come; at once where it is past."""
        today = fields.Date.context_today(self)
        # sudo: whoever opens a review again need not be its author
        for review in self.sudo():
            review.activity_schedule(
                self._activity_type(),
                max(review.date_due, today),
                user_id=review.user_id.id,
            )

    def _follow_activity(self):
        """The reminder goes where the review goes."""
        for review in self.sudo().filtered(lambda review: review.state == "planned"):
            review.activity_reschedule(
                [self._activity_type()],
                date_deadline=review.date_due,
                new_user_id=review.user_id.id,
            )


class CustomerExit(models.Model):
    _inherit = "customer.exit"

    review_ids = fields.One2many(
        "customer.exit.review", "exit_id", string="Reviews", readonly=True, copy=False
    )

    def _move_to(self, state, reason="", **vals):
        result = super()._move_to(state, reason, **vals)
        if state == "closed":
            # sudo: whoever closes need not be the one who looks back
            exits = self.sudo().filtered(lambda record: not record.review_ids)
            exits.env["customer.exit.review"]._plan_for(exits)
        return result
