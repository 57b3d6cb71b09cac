from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from .customer_exit_impact_query import YEAR_DAYS

# Which part of what a customer takes a move frees, to begin with.
USUAL_PART = {"exit": 1.0, "renegotiation": 0.5}
# State of the record that a move has started -> state of the move; else it is started.
EXIT_STATES = {"closed": "done", "cancelled": "dropped", "retained": "dropped"}
CHANGE_STATES = {
    "agreed": "done",
    "declined": "dropped",
    "withdrawn": "dropped",
    "absorbed": "dropped",
}


class PivotPlanMove(models.Model):
    """What is done about a customer so that its hours get free, and from when on."""

    _name = "pivot.plan.move"
    _description = "Move of a pivot plan"
    _order = "date_from, id"
    _check_company_auto = True

    plan_id = fields.Many2one(
        "pivot.plan", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="plan_id.company_id", store=True, precompute=True, index=True
    )
    kind = fields.Selection(
        [("exit", "Exit"), ("renegotiation", "Renegotiation")],
        required=True,
        default="exit",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        check_company=True,
        index=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, index=True
    )
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: self.env["pivot.plan.quarter"]._default_date_from(),
        help="The quarter from which on the hours are free; any day of it will do.",
    )
    quarter = fields.Char(compute="_compute_quarter")
    taken_hours = fields.Float(
        "Takes a quarter",
        compute="_compute_taken",
        compute_sudo=False,
        store=True,
        help="Hours logged for the customer in the year before the move was planned, "
        "a quarter of them.",
    )
    date_taken = fields.Date(
        "Read on", compute="_compute_taken", compute_sudo=False, store=True
    )
    is_strained = fields.Boolean(
        "Strained",
        compute="_compute_taken",
        compute_sudo=False,
        store=True,
        help="Strained or toxic when the move was planned.",
    )
    hours = fields.Float(
        "Frees a quarter",
        compute="_compute_hours",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="Expected hours a quarter. To begin with, an exit frees all that the "
        "customer takes, and the other moves half of it.",
    )
    note = fields.Char()
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("started", "Started"),
            ("done", "Done"),
            ("dropped", "Given up"),
        ],
        compute="_compute_state",
        help="As the exit, quarantine or scope change stands that it has started.",
    )
    is_counted = fields.Boolean(compute="_compute_state")
    exit_id = fields.Many2one(
        "customer.exit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    scope_change_id = fields.Many2one(
        "scope.change",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    _check_hours = models.Constraint(
        "CHECK(hours >= 0)", "A move frees hours: it cannot be less than none."
    )

    @api.depends_context("lang")
    @api.depends("date_from")
    def _compute_quarter(self):
        for move in self:
            move.quarter = move.date_from and format_date(
                self.env, move.date_from, date_format="QQQ y"
            )

    @api.depends("partner_id.name", "kind", "quarter")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for move in self:
            parts = (move.partner_id.name, kinds.get(move.kind), move.quarter)
            move.display_name = ", ".join(part for part in parts if part)

    @api.depends("partner_id", "plan_id.company_id")
    def _compute_taken(self):
        self._refuse_foreign_companies()
        companies = {move: move.plan_id.company_id for move in self}
        pairs = {
            (move.partner_id.commercial_partner_id.id, company.id)
            for move, company in companies.items()
            if move.partner_id and company
        }
        found = self.env["pivot.plan"]._read_customers(pairs)
        for move, company in companies.items():
            key = (move.partner_id.commercial_partner_id.id, company.id)
            hours, is_strained = found.get(key, (0.0, False))
            move.taken_hours = hours / 4
            move.is_strained = is_strained
            move.date_taken = fields.Date.today()

    def _refuse_foreign_companies(self):
        """The sums are made in sudo, and a form may name any plan."""
        # Whom Odoo computes for may be sudo as well: ask as the user.
        env = self.sudo(False).env
        if not env.su and self.sudo().plan_id.company_id - env.companies:
            raise AccessError(
                env._(
                    "You do not work for the company of that plan at present: choose "
                    "it at the top of the screen first."
                )
            )

    @api.depends("taken_hours", "kind")
    def _compute_hours(self):
        for move in self:
            part = USUAL_PART.get(move.kind, 0.5)
            move.hours = round(move.taken_hours * part, 2)

    @api.depends("exit_id.state", "scope_change_id.state")
    def _compute_state(self):
        for move in self:
            # sudo: what became of it, whoever may read the record
            move.state = move.sudo()._get_started_state()
            move.is_counted = move.state != "dropped"

    def _get_started_state(self):
        """Hook: how the record stands that this move has started."""
        if self.exit_id:
            return EXIT_STATES.get(self.exit_id.state, "started")
        if self.scope_change_id:
            return CHANGE_STATES.get(self.scope_change_id.state, "started")
        return "planned"

    @api.onchange("date_from")
    def _onchange_date_from(self):
        if self.date_from:
            self.date_from = fields.Date.start_of(self.date_from, "quarter")

    @api.constrains("partner_id", "plan_id")
    def _check_partner_is_a_customer(self):
        scores = self.env["toxicity.score"]
        own = scores._get_own_partners(self.commercial_partner_id)
        for move in self:
            if move.commercial_partner_id in own:
                raise ValidationError(
                    self.env._(
                        "%(partner)s is one of your own: a move needs a customer.",
                        partner=move.partner_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            partner = self.env["res.partner"].browse(vals.get("partner_id"))
            self._refuse_negative_hours(vals, partner)
        moves = super().create([self._clean_vals(vals) for vals in vals_list])
        moves.plan_id._refuse_done()
        return moves

    def write(self, vals):
        self.plan_id._refuse_done()
        self._refuse_negative_hours(vals, self.partner_id[:1])
        result = super().write(self._clean_vals(vals))
        self.plan_id._refuse_done()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        self.plan_id._refuse_done()

    @api.model
    def _refuse_negative_hours(self, vals, partner):
        """Name the customer, as the constraint of the database could not."""
        # NaN is neither below nor above anything.
        if not vals.get("hours", 0.0) >= 0:
            raise ValidationError(
                self.env._(
                    "The move about %(partner)s frees %(hours)s hours a quarter: "
                    "enter 0 or more.",
                    partner=partner.display_name,
                    hours=vals["hours"],
                )
            )

    def _clean_vals(self, vals):
        """Begin with the quarter; what a move has started is noted by its button."""
        if date_from := fields.Date.to_date(vals.get("date_from")):
            vals = {**vals, "date_from": fields.Date.start_of(date_from, "quarter")}
        if self.env.su:
            return vals
        links = self._get_links().values()
        return {name: value for name, value in vals.items() if name not in links}

    # Starting

    def _get_links(self):
        """Hook: {kind: field of the record that such a move starts}."""
        return {"exit": "exit_id", "renegotiation": "scope_change_id"}

    def _get_starters(self):
        """Hook: {kind: method that finds or creates the record of this move}."""
        return {
            "exit": self._start_exit,
            "renegotiation": self._start_renegotiation,
        }

    def action_start(self):
        """Open the record that does it: the customer's open one, or a new one."""
        self.ensure_one()
        self.check_access("write")
        link = self._get_links()[self.kind]
        if not self[link]:
            self._refuse_unstartable()
            record = self._get_starters()[self.kind]()
            # sudo: the link is closed to everyone's direct writing
            self.sudo()[link] = record
        return self._open_record(self[link])

    def _refuse_unstartable(self):
        if self.plan_id.state != "running":
            raise UserError(
                self.env._(
                    "%(plan)s is %(state)s: a move is started while its plan runs.",
                    plan=self.plan_id.name,
                    state=self.plan_id._get_state_label(),
                )
            )

    def action_open_work(self):
        """Open the timesheets of the year that the hours taken are a quarter of."""
        self.ensure_one()
        self.check_access("read")
        exits, measures = self.env["customer.exit"], self.env["toxicity.measure"]
        self.env["account.analytic.line"].check_access("read")
        until = self.date_taken or fields.Date.today()
        since = fields.Date.subtract(until, days=YEAR_DAYS)
        domain = (
            measures._get_customer_domain("partner_id", self.commercial_partner_id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("project_id", "!=", False)
            & measures._get_window_domain("date", since, until)
        )
        name = self.env._("Timesheets of the year")
        return exits._open_figure("account.analytic.line", name, domain)

    def _open_record(self, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    def _start_exit(self):
        exits = self.env["customer.exit"].with_company(self.company_id)
        found = exits.search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "not in", ("closed", "cancelled")),
            ],
            limit=1,
        )
        return found or exits.create(
            {
                "partner_id": self.commercial_partner_id.id,
                "company_id": self.company_id.id,
            }
        )

    def _start_renegotiation(self):
        return self.env["scope.change"].create(
            {
                "partner_id": self.commercial_partner_id.id,
                "company_id": self.company_id.id,
                "requested_by": "us",
                "state": "negotiating",
                "description": self.note
                or self.env._(
                    "Hours to be renegotiated from %(quarter)s on.",
                    quarter=self.quarter,
                ),
            }
        )
