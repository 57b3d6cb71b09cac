from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .toxicity_internal_thread import MANAGER_GROUP

# Before the decision, then until everything is settled; closed, kept, cancelled end it.
UNDECIDED_STATES = ("draft", "options", "retained")
DECIDED_STATES = ("approved", "wrap_up", "invoiced")
OPEN_STATES = (*UNDECIDED_STATES, *DECIDED_STATES)
# Nothing has been issued yet: the exit can still be given up.
CANCELLABLE_STATES = (*UNDECIDED_STATES, "approved", "wrap_up")
# Only the buttons move these: they check first, then write in sudo.
STEP_DEFAULTS = {
    "name": False,
    "state": "draft",
    "approver_id": False,
    "approval_date": False,
    "date_closed": False,
    "invoice_ids": [],
    "rebill_line_ids": [],
    "corrected_line_ids": [],
    "accepted_differences": False,
    "price_reason": False,
    "date_readmitted": False,
    "readmitted_by_id": False,
    "date_warning_letter": False,
    "date_closing_letter": False,
    "statement_until": False,
    "date_retained": False,
    # What the approval keeps of the impact, see customer_exit_impact.py
    **dict.fromkeys(
        (
            "approved_revenue",
            "approved_cost",
            "approved_margin",
            "approved_hours",
            "approved_share",
            "approved_share_after",
            "approved_pipeline",
            "approved_months",
            "approved_is_replaced",
            "approved_receivable",
            "approved_to_bill",
            "approved_payable",
        ),
        False,
    ),
}
CLOSED_FIELDS = {*STEP_DEFAULTS, "commercial_partner_id"}


class CustomerExit(models.Model):
    """The case that ends a customer relationship: decided, billed once, closed.

    How the final invoice comes about is in customer_exit_settlement.py, the proof
    that it is right in customer_exit_law.py.
    """

    _name = "customer.exit"
    _description = "Customer exit"
    _inherit = ["customer.case", "toxicity.internal.thread", "mail.activity.mixin"]
    _order = "date_opened desc, id desc"
    _mail_post_access = "read"
    _open_states = OPEN_STATES

    name = fields.Char(string="Reference", readonly=True, copy=False)
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
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        index=True,
        tracking=True,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("options", "Options"),
            ("retained", "Retained"),
            ("approved", "Approved"),
            ("wrap_up", "Wrap-up"),
            ("invoiced", "Invoiced"),
            ("closed", "Closed"),
            ("kept", "Retained for good"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
        group_expand="_expand_states",
    )

    date_opened = fields.Date(
        string="Opened on", required=True, default=fields.Date.context_today, copy=False
    )
    reasons = fields.Html(
        help="What happened, dated and observable, and what we tried."
    )
    desired_outcome = fields.Text(
        help="Where both sides should stand when this is over."
    )
    effective_date = fields.Date(string="Effective on", copy=False)

    approver_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False
    )
    approval_date = fields.Datetime(string="Approved on", readonly=True, copy=False)
    approval_reason = fields.Text(
        string="Reason of the approval", copy=False, tracking=True
    )
    ethics_checked = fields.Boolean(
        string="Ethics check done",
        copy=False,
        tracking=True,
        help="Alternatives were offered in good faith, nobody is left at a critical "
        "deadline, and the reasons are facts.",
    )

    invoice_ids = fields.One2many(
        "account.move",
        "exit_id",
        string="Final invoices",
        # Cancelled ones stay linked, for the day they are posted again.
        domain=[("state", "!=", "cancel")],
        readonly=True,
        copy=False,
    )
    invoice_count = fields.Integer(compute="_compute_invoice_count")
    rebill_line_ids = fields.Many2many(
        "sale.order.line",
        string="Credited lines billed again",
        readonly=True,
        copy=False,
        help="What was credited on these lines is billed again instead of forgiven.",
    )
    settlement_reason = fields.Text(
        string="Settled without an invoice because", copy=False, tracking=True
    )
    open_receivable = fields.Monetary(
        string="Open receivable", compute="_compute_open_receivable"
    )
    still_to_bill = fields.Monetary(
        string="Still to bill",
        compute="_compute_still_to_bill",
        help="Untaxed, in the company's currency. Negative: to be refunded.",
    )

    open_amount_decision = fields.Selection(
        [("written_off", "Written off"), ("left_open", "Left open")],
        string="What stays unpaid is",
        copy=False,
        tracking=True,
    )
    open_amount_reason = fields.Text(
        string="Reason for what stays unpaid", copy=False, tracking=True
    )
    date_closed = fields.Date(string="Closed on", readonly=True, copy=False)
    obstacles = fields.Html(compute="_compute_obstacles", sanitize=False)
    has_nothing_to_bill = fields.Boolean(compute="_compute_obstacles")

    _one_open = models.UniqueIndex(
        "(commercial_partner_id, company_id)"
        " WHERE state NOT IN ('closed', 'kept', 'cancelled')",
        "This customer already has an open exit in this company.",
    )

    @api.model
    def _expand_states(self, states, domain):
        """The columns of work in hand show even when they are empty."""
        order = [key for key, _label in self._fields["state"].selection]
        return [key for key in order if key in (*OPEN_STATES, *states)]

    @api.depends("name", "partner_id.name")
    def _compute_display_name(self):
        for record in self:
            parts = (record.name, record.partner_id.name)
            record.display_name = " · ".join(part for part in parts if part)

    def _compute_invoice_count(self):
        # sudo: a count for people who deliver and may not read invoices
        counts = dict(
            self.env["account.move"]
            .sudo()
            ._read_group(
                [("exit_id", "in", self.ids), ("state", "!=", "cancel")],
                ["exit_id"],
                ["__count"],
            )
        )
        for record in self:
            record.invoice_count = counts.get(record.sudo(), 0)

    @api.depends("commercial_partner_id", "company_id")
    def _compute_open_receivable(self):
        residuals = self._get_receivables(self.commercial_partner_id, self.company_id)
        for record in self:
            key = (record.commercial_partner_id.id, record.company_id.id)
            record.open_receivable = residuals.get(key, 0.0)

    @api.model
    def _get_receivables(self, customers, companies):
        """{(customer id, company id): what is unpaid}, in the companies' currencies."""
        # sudo: the sum is for everyone who works on the exit, the invoices are not
        groups = (
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("commercial_partner_id", "in", customers.ids),
                    ("company_id", "in", companies.ids),
                    *self._get_unpaid_invoices_domain(),
                ],
                ["commercial_partner_id", "company_id"],
                ["amount_residual_signed:sum"],
            )
        )
        return {(partner.id, company.id): amount for partner, company, amount in groups}

    @api.depends("commercial_partner_id", "company_id", "state")
    def _compute_still_to_bill(self):
        for record in self:
            is_unbilled = record.state in CANCELLABLE_STATES
            record.still_to_bill = record._get_amount_to_bill() if is_unbilled else 0.0

    @api.depends_context("uid", "lang")
    @api.depends(
        "state",
        "approval_reason",
        "ethics_checked",
        "effective_date",
        "early_closing_reason",
        "open_amount_decision",
        "open_amount_reason",
    )
    def _compute_obstacles(self):
        for record in self:
            found = record._get_next_obstacles() if record._origin else {}
            record.has_nothing_to_bill = "nothing_to_bill" in found
            record.obstacles = self._render_obstacles(found)

    @api.model_create_multi
    def create(self, vals_list):
        # First of all: what is refused below tells of exits.
        self.check_access("create")
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._refuse_unlawful_values(vals)
            if not self.env.su:
                # Overrules a default_state and the like in the context.
                vals.update(self._get_step_defaults())
            vals["name"] = vals.get("name") or self._next_name(vals)
            if vals.get("state", "draft") in OPEN_STATES:
                self._refuse_second_open(vals)
        return super().create(vals_list)

    def _get_step_defaults(self):
        """What is nobody's to write is refused by Odoo, also from the context."""
        return {
            name: value
            for name, value in STEP_DEFAULTS.items()
            if self._has_field_access(self._fields[name], "write")
        }

    def write(self, vals):
        self.check_access("write")
        self._refuse_unlawful_values(vals)
        if {"partner_id", "company_id"} & vals.keys():
            self._refuse_another_customer()
            for record in self:
                record._refuse_second_open(
                    {
                        "partner_id": record.partner_id.id,
                        "company_id": record.company_id.id,
                        **vals,
                    }
                )
        return super().write(vals)

    def _refuse_second_open(self, vals):
        """Name the open exit; the unique index alone could not, and comes first."""
        partner = self.env["res.partner"].browse(vals.get("partner_id"))
        company = vals.get("company_id") or self.env.company.id
        if not self.env.su:
            # Whether there is one is told to those only who could see it.
            partner.check_access("read")
            self._refuse_company_of_others(company)
        # sudo: an exit that the user may not read still blocks a second one
        other = self.sudo().search(
            [
                ("commercial_partner_id", "=", partner.sudo().commercial_partner_id.id),
                ("company_id", "=", company),
                ("state", "in", OPEN_STATES),
                ("id", "not in", self.ids),
            ],
            limit=1,
        )
        if other and partner:
            raise ValidationError(
                self.env._(
                    "%(partner)s already has the open exit %(exit)s, owned by "
                    "%(owner)s: go on with that one, or cancel it first.",
                    partner=partner.display_name,
                    exit=other.name,
                    owner=other.user_id.name or self.env._("nobody"),
                )
            )

    def _next_name(self, vals):
        company = vals.get("company_id") or self.env.company.id
        sequences = self.env["ir.sequence"].with_company(company)
        return sequences.next_by_code("customer.exit")

    def _refuse_unlawful_values(self, vals):
        """Steps are taken by buttons; decisions are written by managers only."""
        if self.env.su:
            return
        if steps := CLOSED_FIELDS & vals.keys():
            raise UserError(
                self.env._(
                    "%(fields)s of an exit cannot be written: use the buttons "
                    "on its form.",
                    fields=self._get_labels(steps),
                )
            )
        self._refuse_decisions(vals)

    def _refuse_another_customer(self):
        if decided := self.filtered(lambda record: record.state != "draft"):
            raise UserError(
                self.env._(
                    "%(exit)s is no longer a draft: its customer and company stay. "
                    "Cancel it and open another one.",
                    exit=decided[0].display_name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        kept = self.filtered(lambda record: record.state not in ("draft", "cancelled"))
        if kept:
            raise UserError(
                self.env._(
                    "%(exit)s is no longer a draft and stays on record: cancel it "
                    "instead.",
                    exit=kept[0].display_name,
                )
            )

    def _get_labels(self, names):
        fields_by_name = self.fields_get(sorted(names), ["string"])
        return ", ".join(field["string"] for field in fields_by_name.values())

    def _is_manager(self):
        return self.env.user.has_group(MANAGER_GROUP)

    # Steps

    def _move_to(self, state, reason="", **vals):
        """Take a step; the caller has checked that it may be taken."""
        # sudo: the step fields are closed to everyone's direct writing
        self.sudo().write({"state": state, **vals})
        self._keep_reason(reason)

    def action_approve(self):
        for record in self:
            record._refuse_if(record._get_approval_obstacles())
        self._move_to(
            "approved",
            approver_id=self.env.user.id,
            approval_date=fields.Datetime.now(),
        )
        for record in self:
            record._keep_reason(record.approval_reason)

    def action_start_wrap_up(self):
        for record in self:
            record._refuse_if(record._get_wrap_up_obstacles())
        self._move_to("wrap_up")

    def action_close(self):
        for record in self:
            record._refuse_if(record._get_closing_obstacles())
        self._move_to("closed", date_closed=fields.Date.context_today(self))

    def action_cancel(self):
        for record in self:
            record._refuse_if(record._get_cancel_obstacles())
        self._move_to("cancelled")
