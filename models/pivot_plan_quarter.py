from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class PivotPlanQuarter(models.Model):
    """A quarter of a plan: the share that is wanted, planned, and what came of it."""

    _name = "pivot.plan.quarter"
    _description = "Quarter of a pivot plan"
    _order = "plan_id, date_from"
    _rec_name = "date_from"

    plan_id = fields.Many2one(
        "pivot.plan", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    date_from = fields.Date(
        "Begins on",
        required=True,
        default=lambda self: self._default_date_from(),
        help="Any day of it will do: the quarter begins on its first.",
    )
    date_to = fields.Date("Until", compute="_compute_date_to", store=True)
    name = fields.Char("Quarter", compute="_compute_label")
    target_share = fields.Float(
        "Target",
        aggregator="avg",
        help="The share of the hours that strained and toxic customers may take.",
    )
    freed_hours = fields.Float(
        "Freed from then on",
        compute="_compute_planned",
        help="Hours a quarter that the moves of this quarter free.",
    )
    planned_hours = fields.Float(
        "Strained hours planned",
        compute="_compute_planned",
        help="What strained and toxic customers took, less what the moves so far free.",
    )
    planned_share = fields.Float(
        "Planned",
        compute="_compute_planned",
        help="Of all hours, which stay as many: others take what gets free.",
    )
    is_begun = fields.Boolean(compute="_compute_actual")
    total_hours = fields.Float("All hours", compute="_compute_actual")
    actual_hours = fields.Float(
        "Strained hours",
        compute="_compute_actual",
        help="Logged for customers who were strained or toxic at the quarter's end, or "
        "are now.",
    )
    actual_share = fields.Float("Actual", compute="_compute_actual")

    _one_of_each = models.UniqueIndex(
        "(plan_id, date_from)", "This plan already has that quarter."
    )
    _check_target = models.Constraint(
        "CHECK(target_share >= 0 AND target_share <= 1)",
        "A target is a share between 0 and 100 %.",
    )

    @api.model
    def _default_date_from(self):
        today = fields.Date.context_today(self)
        return fields.Date.add(fields.Date.start_of(today, "quarter"), months=3)

    @api.depends_context("lang")
    @api.depends("date_from")
    def _compute_label(self):
        for quarter in self:
            quarter.name = quarter.date_from and format_date(
                self.env, quarter.date_from, date_format="QQQ y"
            )

    @api.depends("name")
    def _compute_display_name(self):
        for quarter in self:
            quarter.display_name = quarter.name

    @api.depends("date_from")
    def _compute_date_to(self):
        for quarter in self:
            quarter.date_to = quarter.date_from and fields.Date.end_of(
                quarter.date_from, "quarter"
            )

    @api.depends(
        *("date_from", "plan_id.base_hours", "plan_id.base_strained_hours"),
        *("plan_id.state", "plan_id.company_id", "plan_id.move_ids.hours"),
        *("plan_id.move_ids.date_from", "plan_id.move_ids.is_strained"),
        "plan_id.move_ids.is_counted",
    )
    def _compute_planned(self):
        bases = {plan: plan._get_quarterly_hours() for plan in self.plan_id}
        for quarter in self:
            hours, strained = bases.get(quarter.plan_id, (0.0, 0.0))
            moves = quarter.plan_id.move_ids.filtered("is_counted")
            so_far = moves.filtered(
                lambda move, until=quarter.date_from: (
                    move.date_from and until and move.date_from <= until
                )
            )
            own = so_far.filtered_domain([("date_from", "=", quarter.date_from)])
            quarter.freed_hours = sum(own.mapped("hours"))
            so_far = so_far.filtered("is_strained")
            quarter.planned_hours = max(0.0, strained - sum(so_far.mapped("hours")))
            quarter.planned_share = quarter.planned_hours / hours if hours else 0.0

    @api.depends("date_from", "plan_id.past")
    def _compute_actual(self):
        today = fields.Date.context_today(self)
        for quarter in self:
            day, plan = quarter.date_from, quarter.plan_id
            quarter.is_begun = bool(day) and day <= today
            is_known = plan and quarter.is_begun
            total, strained = plan._get_worked(day) if is_known else (0.0, 0.0)
            quarter.total_hours = total
            quarter.actual_hours = strained
            quarter.actual_share = strained / total if total else 0.0

    def action_open_records(self):
        """Open the rows of the portfolio that the actual hours are made of."""
        self.ensure_one()
        day = fields.Date.to_string(self.date_from)
        plan = self.plan_id.with_context(figure="quarter", quarter=day, row="all")
        action = plan.action_open_figure()
        return {**action, "context": {**action["context"], "group_by": ["band"]}}

    @api.onchange("date_from")
    def _onchange_date_from(self):
        if self.date_from:
            self.date_from = fields.Date.start_of(self.date_from, "quarter")

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._begin_on_first(vals) for vals in vals_list]
        seen = set()
        for vals in vals_list:
            key = (vals.get("plan_id"), vals.get("date_from"))
            self.browse()._refuse_double(*key, is_seen=key in seen)
            self._refuse_wrong_target(vals, *key)
            seen.add(key)
        quarters = super().create(vals_list)
        quarters.plan_id._refuse_started()
        return quarters

    def write(self, vals):
        if {"date_from", "target_share", "plan_id"} & vals.keys():
            self.plan_id._refuse_started()
        if "date_from" in vals:
            vals = self._begin_on_first(vals)
            for quarter in self:
                quarter._refuse_double(quarter.plan_id.id, vals["date_from"])
        for quarter in self:
            self._refuse_wrong_target(vals, quarter.plan_id.id, quarter.date_from)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        self.plan_id._refuse_started()

    def _begin_on_first(self, vals):
        date_from = fields.Date.to_date(
            vals.get("date_from") or self._default_date_from()
        )
        return {**vals, "date_from": fields.Date.start_of(date_from, "quarter")}

    def _refuse_double(self, plan_id, date_from, is_seen=False):
        """Name the quarter; the unique index alone could not, and comes later."""
        same = [
            ("plan_id", "=", plan_id),
            ("date_from", "=", date_from),
            ("id", "not in", self.ids),
        ]
        if is_seen or self.search_count(same, limit=1):
            raise ValidationError(
                self.env._(
                    "%(plan)s already covers %(quarter)s: quarters do not overlap.",
                    plan=self.plan_id.browse(plan_id).name,
                    quarter=format_date(self.env, date_from, date_format="QQQ y"),
                )
            )

    @api.model
    def _refuse_wrong_target(self, vals, plan_id, date_from):
        """Name the quarter, as the constraint of the database could not."""
        # NaN is neither below nor above anything.
        if not 0 <= vals.get("target_share", 0.0) <= 1:
            raise ValidationError(
                self.env._(
                    "The target of %(quarter)s of %(plan)s is %(target)s %%: choose a "
                    "share between 0 and 100 %%.",
                    quarter=format_date(self.env, date_from, date_format="QQQ y"),
                    plan=self.env["pivot.plan"].browse(plan_id).name,
                    target=round(100 * vals["target_share"], 1),
                )
            )
