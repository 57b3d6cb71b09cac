from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .case_batches import work_by_case
from .customer_exit_option_template import KINDS, TEMPLATE_FIELDS

# What the customer was shown, and so stays as it is from then on.
OFFERED_FIELDS = {
    *TEMPLATE_FIELDS,
    *("template_id", "price", "date_answer_by", "is_feasible", "is_realistic"),
}
# Only the buttons and the customer move these.
STEP_DEFAULTS = {
    "state": "draft",
    "offer_id": False,
    "date_withdrawn": False,
    "answer_comment": False,
    "date_answered": False,
    "signed_by": False,
    "signed_on": False,
    "signature": False,
}


class CustomerExitOption(models.Model):
    """One way to go on together: what we do, and what it asks of the customer.

    The texts are for the customer. The case it belongs to never is: the customer's
    page is made from the offer (customer_exit_offer.py), in chosen plain values.
    """

    _name = "customer.exit.option"
    _description = "Option"
    _order = "sequence, id"

    exit_id = fields.Many2one(
        "customer.exit", required=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(related="exit_id.partner_id")
    commercial_partner_id = fields.Many2one(
        related="exit_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(related="exit_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    offer_id = fields.Many2one(
        "customer.exit.offer",
        string="Offered with",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    sequence = fields.Integer(default=10)
    template_id = fields.Many2one(
        "customer.exit.option.template",
        string="Start from",
        ondelete="set null",
        help="Fills in the texts, in the customer's language where there is one.",
    )
    name = fields.Char(
        "Title",
        required=True,
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        help="The customer reads this title.",
    )
    kind = fields.Selection(
        KINDS,
        required=True,
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
    )
    our_part = fields.Text(
        "What we do",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        help="One promise a line: each becomes a dated commitment of ours once the "
        "customer accepts.",
    )
    their_part = fields.Text(
        "What it asks of the customer",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        help="One promise a line: each becomes a dated commitment of the customer's.",
    )
    benefit = fields.Text(
        "What the customer gains",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        help="Why this is good for the customer too, not only for us.",
    )
    price = fields.Monetary(help="Untaxed; left out where it is nothing.")
    hours = fields.Float(
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
        help="Hours that it takes us.",
    )
    our_days = fields.Integer(
        "Our part within (days)",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
        help="From the day the customer accepts.",
    )
    their_days = fields.Integer(
        "Their part within (days)",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        aggregator=None,
        help="From the day the customer accepts.",
    )
    is_feasible = fields.Boolean(
        "Feasible",
        help="We have the people and the hours for it. What is not feasible is noted "
        "here, but not offered.",
    )
    is_realistic = fields.Boolean(
        "Realistic",
        help="We believe that the customer can do its part. What is not realistic is "
        "noted here, but not offered.",
    )
    date_answer_by = fields.Date(
        "Answer by",
        compute="_compute_date_answer_by",
        store=True,
        readonly=False,
        precompute=True,
        help="The customer can answer until the end of this day.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("offered", "Offered"),
            ("accepted", "Accepted"),
            ("declined", "Declined"),
            ("expired", "Expired"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    date_withdrawn = fields.Datetime("Withdrawn on", readonly=True, copy=False)
    answer_comment = fields.Text("Customer's words", readonly=True, copy=False)
    date_answered = fields.Datetime("Answered on", readonly=True, copy=False)
    signed_by = fields.Char("Signed by", readonly=True, copy=False)
    signed_on = fields.Datetime("Signed on", readonly=True, copy=False)
    signature = fields.Image(
        readonly=True, copy=False, attachment=True, max_width=1024, max_height=1024
    )

    _check_figures = models.Constraint(
        "CHECK(COALESCE(price, 0) >= 0 AND COALESCE(hours, 0) >= 0)",
        "The price and the hours of an option cannot be negative.",
    )

    @api.depends("template_id")
    def _compute_from_template(self):
        """What the template says; without one, what is there stays."""
        for option in self:
            template = option.template_id._in_words_of(option.exit_id.partner_id)
            for name in TEMPLATE_FIELDS:
                option[name] = template[name] if template else option[name]

    @api.depends("template_id")
    def _compute_date_answer_by(self):
        today = fields.Date.context_today(self)
        for option in self:
            if template := option.template_id:
                option.date_answer_by = today + timedelta(days=template.answer_days)
            else:
                option.date_answer_by = option.date_answer_by

    @api.constrains("our_days", "their_days")
    def _check_days(self):
        for option in self:
            if option.our_days < 0 or option.their_days < 0:
                raise ValidationError(
                    self.env._(
                        "%(option)s: a part cannot be due before it is agreed.",
                        option=option.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.su:
            return super().create(vals_list)
        for vals in vals_list:
            self._refuse_steps(
                name
                for name, value in STEP_DEFAULTS.items()
                if vals.get(name, value) != value
            )
        # Overrules a default_state and the like in the context.
        options = super().create([{**vals, **STEP_DEFAULTS} for vals in vals_list])
        options.exit_id._refuse_options_if_decided()
        return options

    def write(self, vals):
        if not self.env.su:
            self._refuse_steps((STEP_DEFAULTS.keys() | {"exit_id"}) & vals.keys())
            if OFFERED_FIELDS & vals.keys():
                self._refuse_if_offered()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_offered(self):
        if not self.env.su:
            self._refuse_if_offered()

    def _refuse_steps(self, names):
        if any(names):
            raise UserError(
                self.env._(
                    "The answer to an option is the customer's own: it cannot be "
                    "written here. Use the buttons."
                )
            )

    def _refuse_if_offered(self):
        if offered := self.filtered(lambda option: option.state != "draft"):
            raise UserError(
                self.env._(
                    "%(option)s was offered as it stands: withdraw it, and offer "
                    "another one.",
                    option=offered[0].name,
                )
            )

    # What there is to offer

    def _is_ready(self):
        """Worth offering: what we cannot do, or they cannot, is only noted."""
        self.ensure_one()
        return self.state == "draft" and self.is_feasible and self.is_realistic

    def _is_complete(self):
        self.ensure_one()
        texts = (self.name, self.our_part, self.their_part, self.benefit)
        return all((text or "").strip() for text in texts)

    def _is_open(self):
        """Can be answered now; the cron writes down later what is true at once."""
        self.ensure_one()
        return (
            self.state == "offered"
            and self.exit_id.state == "options"
            and (self.date_answer_by or fields.Date.today()) >= fields.Date.today()
        )

    def _get_promises(self):
        """{side: [promise]} as its texts have them, one a line."""
        self.ensure_one()
        return {
            side: [line.strip(" -•*\t") for line in text.splitlines() if line.strip()]
            for side, text in (
                ("us", self.our_part or ""),
                ("customer", self.their_part or ""),
            )
        }

    # Steps

    def action_withdraw(self):
        """Take back what the customer has not answered yet."""
        self.check_access("read")
        for option in self:
            option.exit_id._refuse_if(option._get_withdrawal_obstacles())
        self._withdraw()

    def _get_withdrawal_obstacles(self):
        """Hook: why an option cannot be withdrawn, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if not self.has_access("write"):
            obstacles["not_owner"] = self.env._(
                "%(option)s: the owner of the exit, or a manager, withdraws it.",
                option=self.name,
            )
        if self.state != "offered":
            labels = dict(self._fields["state"]._description_selection(self.env))
            obstacles["not_offered"] = self.env._(
                "%(option)s is %(state)s: only an offer without an answer can be "
                "withdrawn.",
                option=self.name,
                state=labels[self.state].lower(),
            )
        return obstacles

    def _withdraw(self):
        """Take back what is offered; what nobody answered in time has expired."""
        # sudo: the state is closed to everyone's direct writing
        offered = self.sudo().filtered(lambda option: option.state == "offered")
        expired = offered.filtered_domain(self._get_overdue_domain())
        expired.state = "expired"
        (offered - expired).write(
            {"state": "withdrawn", "date_withdrawn": fields.Datetime.now()}
        )

    # Silence

    @api.model
    def _cron_expire(self):
        """Note which offers were not answered in time, and tell the owners."""
        overdue = self._get_overdue_domain()
        work_by_case(self, [(overdue, lambda options: options._expire())])

    @api.model
    def _get_overdue_domain(self):
        return [
            ("state", "=", "offered"),
            ("date_answer_by", "<", fields.Date.today()),
        ]

    def _expire(self):
        self.write({"state": "expired"})
        for case, options in self.grouped("exit_id").items():
            case._tell_owner(
                self.env._("No answer came in time: what now?"),
                self.env._(
                    "No answer until the date given: %(options)s.",
                    options=", ".join(options.mapped("name")),
                ),
            )
