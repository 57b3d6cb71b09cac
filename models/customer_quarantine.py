from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

MANAGER_GROUP = "toxic_customer_exit.group_toxicity_manager"

# The box holds until a review has decided: it never ends by itself.
IN_FORCE_STATES = ("active", "review")
# Only the buttons move these: they check first, then write in sudo.
STEP_DEFAULTS = {
    "state": "draft",
    "date_ended": False,
    "exit_id": False,
    "conclusion": False,
    "extension_count": 0,
    "is_reminded": False,
    "alert_week": False,
    "alert_level": 0,
}
CLOSED_FIELDS = {*STEP_DEFAULTS, "commercial_partner_id"}
# What the customer and its colleagues were told holds until the review.
PERIOD_FIELDS = {"partner_id", "company_id", "date_from", "date_to"}


class CustomerQuarantine(models.Model):
    """Time-boxed attention: when we meet a customer, how much, and who talks to it.

    It says how we spend our time and nothing else: what is owed by contract, paid or
    to be invoiced goes on. A manager starts it; it ends in a review, never by itself.
    """

    _name = "customer.quarantine"
    _description = "Quarantine"
    _inherit = ["customer.case", "toxicity.internal.thread", "mail.activity.mixin"]
    _order = "date_from desc, id desc"
    _mail_post_access = "read"
    _open_states = IN_FORCE_STATES

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, ondelete="restrict", index=True
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("active", "Active"),
            ("review", "In review"),
            ("lifted", "Lifted"),
            ("exit", "Ended in an exit"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
    )
    date_from = fields.Date(
        "From", required=True, default=fields.Date.context_today, tracking=True
    )
    date_to = fields.Date(
        "Until",
        required=True,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), months=3),
        tracking=True,
        help="On this day it ends in a review, which extends it, lifts it or opens an "
        "exit. Until then it holds.",
    )
    reason = fields.Text(
        required=True, help="What happened, dated and observable, and what we tried."
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Windows",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        default=lambda self: self.env.ref(
            "toxic_customer_exit.resource_calendar_mornings", raise_if_not_found=False
        ),
        help="Meetings with their people are held at these times.",
    )
    weekly_hours = fields.Float(
        "Hours a week",
        required=True,
        default=4.0,
        tracking=True,
        help="What they may take of us in a week: time logged and meetings.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Single contact",
        required=True,
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        index=True,
        tracking=True,
        help="New leads and activities of the customer go to this person, and everyone "
        "else is told whom to ask.",
    )
    date_ended = fields.Date("Ended on", readonly=True, copy=False)
    extension_count = fields.Integer("Extensions", readonly=True, copy=False)
    conclusion = fields.Text(
        "What the review said", readonly=True, copy=False, tracking=True
    )
    exit_id = fields.Many2one(
        "customer.exit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    is_reminded = fields.Boolean(readonly=True, copy=False)
    alert_week = fields.Date(readonly=True, copy=False)
    alert_level = fields.Integer(readonly=True, copy=False)
    obstacles = fields.Html(compute="_compute_obstacles", sanitize=False)

    _one_in_force = models.UniqueIndex(
        "(commercial_partner_id, company_id) WHERE state IN ('active', 'review')",
        "This customer already is in quarantine in this company.",
    )
    _check_period = models.Constraint(
        "CHECK(date_to >= date_from)", "A quarantine ends after it begins."
    )
    _check_weekly_hours = models.Constraint(
        "CHECK(weekly_hours > 0)", "A quarantine leaves some time every week."
    )

    @api.depends_context("lang")
    @api.depends("partner_id.name", "date_from", "date_to")
    def _compute_display_name(self):
        for record in self:
            period = " – ".join(
                format_date(self.env, day)
                for day in (record.date_from, record.date_to)
                if day
            )
            parts = (record.commercial_partner_id.name, period)
            record.display_name = " · ".join(part for part in parts if part)

    @api.depends_context("uid", "lang")
    @api.depends("state", "calendar_id", "user_id", "date_from", "date_to")
    def _compute_obstacles(self):
        for record in self:
            found = record._get_start_obstacles() if record.state == "draft" else {}
            record.obstacles = self._render_obstacles(found if record._origin else ())

    # Laws

    @api.constrains("calendar_id")
    def _check_windows(self):
        """What a start asks for holds for other windows chosen later, too."""
        for record in self.filtered(lambda record: record.state in IN_FORCE_STATES):
            if obstacles := record._get_window_obstacles():
                raise ValidationError("\n".join(obstacles.values()))

    @api.constrains("user_id")
    def _check_contact(self):
        for record in self.filtered(lambda record: record.state in IN_FORCE_STATES):
            if obstacles := record._get_contact_obstacles():
                raise ValidationError("\n".join(obstacles.values()))

    @api.constrains("partner_id", "company_id", "date_from", "date_to", "state")
    def _check_periods_apart(self):
        for record in self.filtered(lambda record: record.state != "cancelled"):
            if other := record._find_overlapping():
                raise ValidationError(
                    self.env._(
                        "The quarantine of %(partner)s from %(start)s to %(end)s "
                        "overlaps with %(other)s: choose days before or after it, or "
                        "extend that one at its review.",
                        partner=record.commercial_partner_id.display_name,
                        start=format_date(self.env, record.date_from),
                        end=format_date(self.env, record.date_to),
                        other=other.display_name,
                    )
                )

    def _find_overlapping(self):
        self.ensure_one()
        if self.date_ended and self.date_ended <= self.date_from:
            return self.browse()
        # sudo: of a company that the user works for, see _refuse_company_of_others
        return self.sudo().search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("id", "!=", self.id),
                *self._get_begun_by_domain(),
                "|",
                "|",
                ("state", "=", "review"),
                "&",
                ("state", "in", ("draft", "active")),
                ("date_to", ">=", self.date_from),
                "&",
                ("state", "in", ("lifted", "exit")),
                ("date_ended", ">", self.date_from),
            ],
            limit=1,
        )

    def _get_begun_by_domain(self):
        """Begun before this one ends; in review, nobody knows yet when that is."""
        if self.date_ended:
            return [("date_from", "<", self.date_ended)]
        return [("date_from", "<=", self.date_to)] if self.state != "review" else []

    @api.model_create_multi
    def create(self, vals_list):
        # First of all: what is refused below tells of quarantines.
        self.check_access("create")
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._refuse_unlawful_values(vals)
            if not self.env.su:
                # Overrules a default_state and the like in the context.
                vals.update(STEP_DEFAULTS)
        return super().create(vals_list)

    def write(self, vals):
        self.check_access("write")
        self._refuse_unlawful_values(vals)
        if not self.env.su and PERIOD_FIELDS & vals.keys():
            self._refuse_another_period()
        return super().write(vals)

    def _refuse_unlawful_values(self, vals):
        """Steps are taken by buttons, and in companies that the user works for."""
        if self.env.su:
            return
        if steps := CLOSED_FIELDS & vals.keys():
            labels = self.fields_get(sorted(steps), ["string"])
            raise UserError(
                self.env._(
                    "%(fields)s of a quarantine cannot be written: use the buttons on "
                    "its form.",
                    fields=", ".join(field["string"] for field in labels.values()),
                )
            )
        self._refuse_company_of_others(vals.get("company_id") or self.env.company.id)

    def _refuse_another_period(self):
        if begun := self.filtered(lambda record: record.state != "draft"):
            raise UserError(
                self.env._(
                    "%(quarantine)s is no longer a draft: its customer and its days "
                    "stay. Extend or lift it at its review.",
                    quarantine=begun[0].display_name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        kept = self.filtered(lambda record: record.state not in ("draft", "cancelled"))
        if kept:
            raise UserError(
                self.env._(
                    "%(quarantine)s has begun and stays on record: lift it instead.",
                    quarantine=kept[0].display_name,
                )
            )

    def _is_manager(self):
        return self.env.su or self.env.user.has_group(MANAGER_GROUP)

    # Steps

    def _move_to(self, state, **vals):
        """Take a step; the caller has checked that it may be taken."""
        # sudo: the step fields are closed to everyone's direct writing
        self.sudo().write({"state": state, **vals})

    def action_start(self):
        for record in self:
            record._refuse_if(record._get_start_obstacles())
            today = fields.Date.context_today(record)
            record._move_to("active", date_from=max(record.date_from, today))
        self._flag_planned()

    def action_review(self):
        """Have it reviewed now, without waiting for its last day."""
        for record in self:
            record._refuse_if(record._get_review_obstacles())
        self._move_to("review")

    def action_decide(self):
        """Ask what the review says: extend, lift or exit."""
        self.ensure_one()
        self._refuse_if(self._get_decision_obstacles())
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Review"),
            "res_model": "customer.quarantine.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_quarantine_id": self.id},
        }

    def action_cancel(self):
        for record in self:
            record._refuse_if(record._get_cancel_obstacles())
        self._move_to("cancelled")

    def action_view_exit(self):
        self.ensure_one()
        self.check_access("read")
        return self.exit_id.get_formview_action()

    def _extend(self, date_to, conclusion):
        for record in self:
            record._refuse_if(record._get_decision_obstacles())
            record._move_to(
                "active",
                date_to=date_to,
                conclusion=conclusion,
                extension_count=record.extension_count + 1,
                is_reminded=False,
            )
        self._settle_reminders()

    def _lift(self, conclusion):
        for record in self:
            record._refuse_if(record._get_decision_obstacles())
        self._move_to(
            "lifted",
            date_ended=fields.Date.context_today(self),
            conclusion=conclusion,
        )
        self._settle_reminders()

    def _turn_into_exit(self, conclusion):
        """End in an exit: the one that is open, or a new one."""
        for record in self:
            record._refuse_if(record._get_decision_obstacles())
            exit_case = record._find_open_exit() or record._make_exit(conclusion)
            record._move_to(
                "exit",
                date_ended=fields.Date.context_today(record),
                conclusion=conclusion,
                exit_id=exit_case.id,
            )
        self._settle_reminders()

    def _find_open_exit(self):
        return self.env["customer.exit"].search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "not in", ("closed", "cancelled")),
            ],
            limit=1,
        )

    def _make_exit(self, conclusion):
        return self.env["customer.exit"].create(
            {
                "partner_id": self.commercial_partner_id.id,
                "company_id": self.company_id.id,
                "desired_outcome": conclusion,
            }
        )

    def _settle_reminders(self):
        """What asked for the review is done."""
        # sudo: reminders of others
        self.sudo().activity_unlink(
            ["toxic_customer_exit.mail_activity_type_quarantine_review"]
        )
