from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from .customer_exit import DECIDED_STATES, UNDECIDED_STATES

# More than these nobody reads before deciding.
MAX_DEADLINES = 12


class Deadline(NamedTuple):
    """A day on which the customer counts on us, and what for, as a sentence."""

    date: object
    sentence: str


class CustomerExit(models.Model):
    """Notice and effective date of an exit, and the deadlines that fall within.

    Deadlines warn and do not block: whether someone is left alone at a critical
    moment is for the approving manager to judge.
    """

    _inherit = "customer.exit"

    effective_date = fields.Date(
        tracking=True,
        help="Left empty, it is the day of the approval and the notice period.",
    )
    notice_days = fields.Integer(
        "Notice period (days)",
        compute="_compute_notice_days",
        store=True,
        readonly=False,
        precompute=True,
        aggregator="avg",
        tracking=True,
    )
    legal_deadline = fields.Date(
        "Legal deadline",
        copy=False,
        help="A day by which the law or a third party asks something of the customer "
        "that depends on our work: a filing, an audit, a tender.",
    )
    legal_deadline_note = fields.Char("What is due by then", copy=False)
    deadline_warnings = fields.Html(
        compute="_compute_deadline_warnings", sanitize=False
    )

    is_before_effect = fields.Boolean(compute="_compute_is_before_effect")
    early_closing_reason = fields.Text(
        "Ended before it takes effect because",
        copy=False,
        tracking=True,
        help="A manager's reason, for example that the customer asked for it. Without "
        "one nobody walks away, ends their access or closes before the day.",
    )

    _notice_days_range = models.Constraint(
        "CHECK (notice_days BETWEEN 0 AND 3650)",
        "The notice period lies between 0 and 3650 days.",
    )

    @api.depends("company_id")
    def _compute_notice_days(self):
        for record in self:
            # sudo: the default is for everyone who opens an exit
            record.notice_days = record.company_id.sudo().exit_notice_days

    @api.depends("effective_date")
    @api.depends_context("tz")
    def _compute_is_before_effect(self):
        today = fields.Date.context_today(self)
        for record in self:
            day = record.effective_date
            record.is_before_effect = bool(day) and day > today

    def _get_closing_obstacles(self):
        return {**super()._get_closing_obstacles(), **self._get_early_obstacles()}

    def _get_early_obstacles(self):
        """Notice was given until the effective date: the customer counts on it.

        For whatever ends the relationship: walking away, ending their access, closing.
        """
        if not self.is_before_effect or (self.early_closing_reason or "").strip():
            return {}
        return {
            "too_early": self.env._(
                "%(exit)s takes effect on %(date)s: wait until then, or have a manager "
                "note under Decision why it ends earlier.",
                exit=self.display_name,
                date=format_date(self.env, self.effective_date),
            )
        }

    @api.constrains("effective_date")
    def _check_effective_date(self):
        today = fields.Date.context_today(self)
        for record in self.filtered("effective_date"):
            if record.effective_date < today and record.state in (
                *UNDECIDED_STATES,
                *DECIDED_STATES,
            ):
                raise ValidationError(record._get_past_date_sentence())

    def _get_past_date_sentence(self):
        return self.env._(
            "%(exit)s cannot take effect on %(date)s, which is past: choose today or a "
            "later day.",
            exit=self.display_name,
            date=format_date(self.env, self.effective_date),
        )

    def _get_approval_obstacles(self):
        """Also what is wrong with the effective date."""
        obstacles = super()._get_approval_obstacles()
        if not self.effective_date:
            return obstacles
        today = fields.Date.context_today(self)
        if self.effective_date < today:
            obstacles["past_date"] = self._get_past_date_sentence()
        elif self.effective_date < self._get_end_of_notice(today):
            obstacles["short_notice"] = self.env._(
                "%(exit)s would take effect on %(date)s, before the notice of %(days)s "
                "days is over on %(end)s: choose a later day or a shorter notice.",
                exit=self.display_name,
                date=format_date(self.env, self.effective_date),
                days=self.notice_days,
                end=format_date(self.env, self._get_end_of_notice(today)),
            )
        return obstacles

    def _get_end_of_notice(self, day):
        return day + timedelta(days=self.notice_days)

    def _move_to(self, state, reason="", **vals):
        if state == "approved":
            today = fields.Date.context_today(self)
            for record in self.filtered(lambda record: not record.effective_date):
                # sudo: set by the approval, like the step itself
                record.sudo().effective_date = record._get_end_of_notice(today)
        return super()._move_to(state, reason, **vals)

    # Deadlines of the customer within the notice

    @api.depends(
        "commercial_partner_id",
        "company_id",
        "state",
        "effective_date",
        "notice_days",
        "legal_deadline",
        "legal_deadline_note",
    )
    @api.depends_context("lang", "tz", "uid")
    def _compute_deadline_warnings(self):
        for record in self:
            sentences = record._get_deadline_sentences()
            record.deadline_warnings = self._render_obstacles(sentences)

    def _get_deadline_sentences(self):
        """What the customer counts on us for until the exit takes effect."""
        if self.state not in (*UNDECIDED_STATES, *DECIDED_STATES):
            return []
        deadlines = sorted(self._get_deadlines())
        sentences = [deadline.sentence for deadline in deadlines[:MAX_DEADLINES]]
        if more := len(deadlines) - len(sentences):
            sentences.append(self.env._("and %(more)s more", more=more))
        return sentences

    def _get_notice_period(self):
        today = fields.Date.context_today(self)
        return today, self.effective_date or self._get_end_of_notice(today)

    def _get_deadlines(self):
        """Hook: the deadlines within the notice, as a list of Deadline."""
        self.ensure_one()
        if not self.commercial_partner_id:
            return []
        start, end = self._get_notice_period()
        deadlines = [
            Deadline(day, sentence)
            for day, sentence in (
                *self._get_legal_deadlines(),
                *self._get_order_deadlines(start, end),
                *self._get_project_deadlines(start, end),
                *self._get_milestone_deadlines(start, end),
                *self._get_task_deadlines(start, end),
            )
        ]
        return [deadline for deadline in deadlines if start <= deadline.date <= end]

    def _get_legal_deadlines(self):
        if self.legal_deadline:
            yield (
                self.legal_deadline,
                self.env._(
                    "%(date)s: %(what)s (legal deadline)",
                    date=format_date(self.env, self.legal_deadline),
                    what=self.legal_deadline_note or self.env._("not named"),
                ),
            )

    def _get_order_deadlines(self, start, end):
        orders = self._search_theirs(
            "sale.order", "partner_id", "commitment_date", start, end
        )
        for order in orders.filtered(
            lambda order: (
                order.state == "sale"
                and any(
                    line.qty_delivered < line.product_uom_qty
                    for line in order._get_settlement_lines()
                )
            )
        ):
            day = fields.Datetime.context_timestamp(self, order.commitment_date).date()
            yield (
                day,
                self.env._(
                    "%(date)s: delivery of the order %(order)s",
                    date=format_date(self.env, day),
                    order=self._name_for_reader(order),
                ),
            )

    def _get_project_deadlines(self, start, end):
        for project in self._search_theirs(
            "project.project", "partner_id", "date", start, end
        ):
            yield (
                project.date,
                self.env._(
                    "%(date)s: end of the project %(project)s",
                    date=format_date(self.env, project.date),
                    project=self._name_for_reader(project),
                ),
            )

    def _get_milestone_deadlines(self, start, end):
        milestones = self._search_theirs(
            "project.milestone", "project_id.partner_id", "deadline", start, end
        )
        for milestone in milestones.filtered(lambda stone: not stone.is_reached):
            yield (
                milestone.deadline,
                self.env._(
                    "%(date)s: milestone %(milestone)s of %(project)s",
                    date=format_date(self.env, milestone.deadline),
                    milestone=self._name_for_reader(milestone),
                    project=self._name_for_reader(milestone.project_id),
                ),
            )

    def _get_task_deadlines(self, start, end):
        # Tasks of a project that is not billed may name no customer of their own.
        tasks = self.env["project.task"].union(
            *(
                self._search_theirs("project.task", path, "date_deadline", start, end)
                for path in ("partner_id", "project_id.partner_id")
            )
        )
        is_other = self._is_of_another_customer
        for task in tasks.filtered(
            lambda task: not task.is_closed and not is_other(task.partner_id)
        ):
            day = fields.Datetime.context_timestamp(self, task.date_deadline).date()
            yield (
                day,
                self.env._(
                    "%(date)s: task %(task)s",
                    date=format_date(self.env, day),
                    task=self._name_for_reader(task),
                ),
            )

    def _name_for_reader(self, record):
        """Whoever decides is told of every deadline, but of no title not theirs."""
        readable = record.sudo(False)._filtered_access("read")
        return readable.display_name or self.env._("(not for you to read)")

    def _is_of_another_customer(self, partner):
        return partner and partner.commercial_partner_id != self.commercial_partner_id

    def _search_theirs(self, model, customer_path, date_path, start, end):
        """The customer's records with such a date; a day more on both sides.

        Days begin at other hours in other time zones: who asks looks at them again.
        """
        companies = (
            Domain("project_id.company_id", "in", [self.company_id.id, False])
            if model == "project.milestone"
            else Domain("company_id", "in", [self.company_id.id, False])
        )
        # sudo: whoever decides is told of every deadline, also of others' projects
        return (
            self.env[model]
            .sudo()
            .search(
                Domain(
                    f"{customer_path}.commercial_partner_id",
                    "=",
                    self.commercial_partner_id.id,
                )
                & companies
                & Domain(date_path, ">=", start - timedelta(days=1))
                & Domain(date_path, "<=", end + timedelta(days=2)),
                order="id",
            )
        )
