from odoo import Command, api, fields, models
from odoo.exceptions import UserError

# Only the buttons move these: they check first, then write in sudo.
STEP_DEFAULTS = {
    "state": "draft",
    "date_started": False,
    "date_done": False,
    "base_hours": 0.0,
    "base_strained_hours": 0.0,
}
QUARTERS_AT_ONCE = 4


class PivotPlan(models.Model):
    """How the hours move from customers who drain to those who are good to work for.

    The share of the hours on strained and toxic customers is to fall from quarter to
    quarter; moves free hours, and preferred customers with open demand take them.
    What it is measured by is in pivot_plan_figures.py.
    """

    _name = "pivot.plan"
    _description = "Pivot plan"
    _order = "date_started desc, id desc"

    name = fields.Char(required=True, default=lambda self: self.env._("Pivot plan"))
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        index=True,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("running", "Running"), ("done", "Done")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    note = fields.Text(
        "Goal", help="What the hours are to be free for, and how everyone will know."
    )
    date_started = fields.Date("Started on", readonly=True, copy=False)
    date_done = fields.Date("Done on", readonly=True, copy=False)
    quarter_ids = fields.One2many(
        "pivot.plan.quarter", "plan_id", string="Quarters", copy=True
    )
    move_ids = fields.One2many("pivot.plan.move", "plan_id", string="Moves")
    move_count = fields.Integer(compute="_compute_move_count")
    period = fields.Char(compute="_compute_period")
    base_hours = fields.Float(
        "Hours a quarter at the start",
        readonly=True,
        copy=False,
        help="A quarter of the year before the plan was started.",
    )
    base_strained_hours = fields.Float(
        "Strained hours a quarter at the start", readonly=True, copy=False
    )
    obstacles = fields.Html(compute="_compute_obstacles", sanitize=False)
    warnings = fields.Html(compute="_compute_obstacles", sanitize=False)

    @api.depends("move_ids")
    def _compute_move_count(self):
        for plan in self:
            plan.move_count = len(plan.move_ids)

    @api.depends_context("lang")
    @api.depends("quarter_ids.date_from")
    def _compute_period(self):
        for plan in self:
            quarters = plan.quarter_ids.filtered("date_from").sorted("date_from")
            names = [quarters[:1].name, quarters[-1:].name]
            plan.period = " – ".join(dict.fromkeys(filter(None, names)))

    @api.depends_context("lang")
    @api.depends(
        *("state", "company_id", "quarter_ids.date_from", "quarter_ids.target_share"),
        *("move_ids.partner_id", "move_ids.date_from", "move_ids.hours"),
        *("move_ids.state", "name"),
    )
    def _compute_obstacles(self):
        for plan in self:
            found = plan._get_next_obstacles()
            warnings = plan._get_warnings() if plan.state != "done" else {}
            plan.obstacles = plan._render_list(found)
            plan.warnings = plan._render_list(warnings)

    def _render_list(self, sentences):
        if not sentences:
            return False
        return self.env["ir.qweb"]._render(
            "toxic_customer_exit.customer_exit_obstacles",
            {"obstacles": list(sentences.values())},
        )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                self._refuse_steps(vals)
            # Overrules a default_state and the like in the context.
            vals_list = [{**vals, **STEP_DEFAULTS} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._refuse_steps(vals)
            if "company_id" in vals:
                self._refuse_started()
        return super().write(vals)

    def _refuse_steps(self, vals):
        if steps := STEP_DEFAULTS.keys() & vals.keys():
            labels = self.fields_get(sorted(steps), ["string"]).values()
            raise UserError(
                self.env._(
                    "%(fields)s of a plan cannot be written: use the buttons on its "
                    "form.",
                    fields=", ".join(label["string"] for label in labels),
                )
            )

    def _refuse_started(self):
        """What a plan is measured against stays while it runs."""
        if started := self.filtered(lambda plan: plan.state != "draft")[:1]:
            raise UserError(
                self.env._(
                    "%(plan)s is %(state)s: its company, quarters and targets stay. "
                    "Take it back to draft to change them.",
                    plan=started.name,
                    state=started._get_state_label(),
                )
            )

    def _refuse_done(self):
        if done := self.filtered(lambda plan: plan.state == "done")[:1]:
            raise UserError(
                self.env._(
                    "%(plan)s is done: its moves stay as they were.", plan=done.name
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        if running := self.filtered(lambda plan: plan.state == "running")[:1]:
            raise UserError(
                self.env._(
                    "%(plan)s is running: take it back to draft before you delete it.",
                    plan=running.name,
                )
            )

    def _get_state_label(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels[self.state].lower()

    # Steps

    def action_start(self):
        """Keep what the plan starts from, and begin."""
        for plan in self:
            plan._refuse_if(plan._get_start_obstacles())
            hours, strained = plan._get_quarterly_hours()
            plan._move_to(
                "running",
                date_started=fields.Date.context_today(plan),
                base_hours=hours,
                base_strained_hours=strained,
            )

    def action_done(self):
        for plan in self:
            plan._refuse_if(plan._get_done_obstacles())
            plan._move_to("done", date_done=fields.Date.context_today(plan))

    def action_draft(self):
        """Back to planning; what it starts from is read anew at the next start."""
        for plan in self:
            plan._move_to(**STEP_DEFAULTS)

    def _move_to(self, state, **vals):
        self.check_access("write")
        # sudo: the step fields are closed to everyone's direct writing
        self.sudo().write({**vals, "state": state})

    def action_add_quarters(self):
        """Add the next four quarters, each with the last target, or the share now."""
        for plan in self:
            plan._refuse_started()
            today = fields.Date.context_today(plan)
            last = plan.quarter_ids.sorted("date_from")[-1:]
            start = last.date_from or fields.Date.start_of(today, "quarter")
            target = last.target_share if last else plan.share_now
            plan.quarter_ids = [
                Command.create(
                    {
                        "date_from": fields.Date.add(start, months=3 * number),
                        "target_share": round(target, 2),
                    }
                )
                for number in range(1, QUARTERS_AT_ONCE + 1)
            ]

    def action_simulate(self):
        """The company without those whom the plan wants to leave."""
        self.ensure_one()
        leaving = self.move_ids.filtered(
            lambda move: move.kind == "exit" and move.is_counted
        )
        if not leaving:
            raise UserError(
                self.env._(
                    "%(plan)s plans no exit, so there is nobody to simulate it "
                    "without: add one under Moves.",
                    plan=self.name,
                )
            )
        simulations = self.env["exit.simulation"]
        return simulations._open_for(leaving.partner_id, self.company_id)
