from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

USER_GROUP = "toxic_customer_exit.group_toxicity_user"
OPEN_STATES = ("detected", "negotiating")


class ScopeChange(models.Model):
    """A change of what was agreed on an order or project, and our decision."""

    _name = "scope.change"
    _description = "Scope change"
    _inherit = ["toxicity.internal.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["order_id.name", "partner_id.name", "description"]
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        check_company=True,
        index=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Commercial Entity",
        store=True,
        precompute=True,
        index=True,
    )
    order_id = fields.Many2one(
        "sale.order", ondelete="set null", check_company=True, index=True
    )
    project_id = fields.Many2one(
        "project.project",
        ondelete="set null",
        check_company=True,
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", store=True, precompute=True
    )
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
        index=True,
    )

    date = fields.Date(required=True, default=fields.Date.today, index=True, copy=False)
    kind = fields.Selection(
        [("scope", "Scope"), ("objective", "Objective")],
        required=True,
        default="scope",
        help="Scope: more, less or other work for the same purpose. "
        "Objective: the purpose itself moved, which has to be talked over.",
    )
    requested_by = fields.Selection(
        [("customer", "Customer"), ("us", "Us")],
        "Asked by",
        required=True,
        default="customer",
        tracking=True,
    )
    description = fields.Text("What Changed")
    conversation = fields.Text(
        help="Who talked with whom, when, and what was said about the new objective."
    )
    summary = fields.Char(compute="_compute_summary")
    item_ids = fields.One2many("scope.change.item", "change_id", "Items", copy=False)
    proposal_ids = fields.One2many(
        "scope.change.proposal", "change_id", "Found in the History", readonly=True
    )
    hours = fields.Float(compute="_compute_totals", store=True, readonly=False)
    amount = fields.Monetary(
        "Untaxed Amount",
        compute="_compute_totals",
        store=True,
        readonly=False,
        help="What the change moves on the order; for a change written down by hand, "
        "what it is worth at list price.",
    )
    gift_amount = fields.Monetary(
        "Unpaid at List Price",
        compute="_compute_gift_amount",
        store=True,
        readonly=False,
        help="What the customer gets without paying for it, at list price.",
    )
    days = fields.Float(
        compute="_compute_totals",
        store=True,
        readonly=False,
        help="By how many days the work ends later.",
    )

    state = fields.Selection(
        [
            ("detected", "Detected"),
            ("negotiating", "Negotiating"),
            ("agreed", "Agreed"),
            ("absorbed", "Absorbed"),
            ("declined", "Declined"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        default="detected",
        group_expand=True,
        copy=False,
        tracking=True,
        index=True,
    )
    reason = fields.Text(copy=False)
    amendment_id = fields.Many2one(
        "sale.order",
        ondelete="set null",
        check_company=True,
        copy=False,
        index="btree_not_null",
        help="The quotation that asks the customer to pay for, or sign, this change.",
    )
    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    date_decided = fields.Datetime("Decided on", readonly=True, copy=False)
    agreement_obstacles = fields.Text(compute="_compute_obstacles")
    absorption_obstacles = fields.Text(compute="_compute_obstacles")

    @api.depends("order_id", "project_id")
    def _compute_partner_id(self):
        for change in self.filtered(lambda change: not change.partner_id):
            change.partner_id = (
                change.order_id.partner_id or change.project_id.partner_id
            )

    @api.depends("order_id", "project_id")
    def _compute_company_id(self):
        for change in self:
            change.company_id = (
                change.order_id.company_id
                or change.project_id.company_id
                or change.company_id
                or self.env.company
            )

    @api.depends("order_id", "company_id")
    def _compute_currency_id(self):
        for change in self:
            change.currency_id = (
                change.order_id.currency_id or change.company_id.currency_id
            )

    @api.depends("order_id", "project_id", "partner_id", "date")
    def _compute_display_name(self):
        for change in self:
            # Whoever runs the project may not be allowed to read the order, and so on.
            about = (
                change.sudo().order_id
                or change.sudo().project_id
                or change.sudo().partner_id
            )
            change.display_name = self.env._(
                "%(about)s, %(date)s",
                about=about.display_name or self.env._("Scope change"),
                date=format_date(self.env, change.date),
            )

    @api.depends("description", "item_ids")
    def _compute_summary(self):
        for change in self:
            lines = (change.description or "").strip().splitlines() or [
                item._get_line() for item in change._get_asked_items()
            ]
            change.summary = "; ".join(lines[:3]) + ("…" if lines[3:] else "")

    @api.depends("item_ids.hours", "item_ids.amount", "item_ids.days")
    def _compute_totals(self):
        for change in self:
            # Without items the figures are what somebody typed.
            if items := change._get_asked_items():
                change.hours = sum(items.mapped("hours"))
                change.amount = sum(items.mapped("amount"))
                # The order's date and the project's are two names for one end.
                if moved := [days for days in items.mapped("days") if days]:
                    change.days = max(moved, key=abs)

    def _get_asked_items(self):
        """What the change is about; where it was put since then counts no more."""
        return self.item_ids.filtered(lambda item: item.what != "moved")

    @api.depends("item_ids.gift_amount", "amount")
    def _compute_gift_amount(self):
        for change in self:
            items = change._get_asked_items()
            given = sum(items.mapped("gift_amount")) if items else change.amount
            change.gift_amount = max(0.0, given)

    @api.depends(
        "kind",
        "conversation",
        "reason",
        "gift_amount",
        "amendment_id.state",
        "order_id.state",
        "item_ids.amount",
    )
    def _compute_obstacles(self):
        for change in self:
            change.agreement_obstacles = "\n".join(
                change._get_agreement_obstacles().values()
            )
            change.absorption_obstacles = "\n".join(
                change._get_absorption_obstacles().values()
            )

    @api.constrains("partner_id", "order_id", "project_id", "amendment_id", "kind")
    def _check_customer(self):
        for change in self:
            if not change.partner_id:
                raise ValidationError(
                    self.env._(
                        "A scope change needs to know whom it is about: choose a "
                        "customer, or an order or project that has one."
                    )
                )
            # The reader of a change may not read every order or project.
            for document in change.sudo()._get_documents():
                change._check_same_customer(document)

    def _get_documents(self):
        self.ensure_one()
        return [self.order_id, self.project_id, self.amendment_id]

    def _check_same_customer(self, document):
        customer = document.partner_id.commercial_partner_id
        if customer and customer != self.commercial_partner_id:
            raise ValidationError(
                self.env._(
                    "%(document)s is for %(other)s, but this scope change is about "
                    "%(customer)s: choose the same customer for both.",
                    document=document.display_name,
                    other=customer.display_name,
                    customer=self.partner_id.display_name,
                )
            )

    @api.constrains("amendment_id", "order_id")
    def _check_amendment(self):
        for change in self:
            if change.amendment_id and change.amendment_id == change.order_id:
                raise ValidationError(
                    self.env._(
                        "%(order)s cannot amend itself: choose the quotation that was "
                        "made for this change.",
                        order=change.order_id.display_name,
                    )
                )

    @api.constrains("amendment_id", "currency_id")
    def _check_amendment_currency(self):
        # The reader of a change may not read every order.
        for change in self.sudo().filtered("amendment_id"):
            if change.amendment_id.currency_id != change.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(amendment)s is in %(other)s, but %(change)s is in "
                        "%(currency)s: renegotiate it in its own currency.",
                        amendment=change.amendment_id.name,
                        other=change.amendment_id.currency_id.name,
                        change=change.display_name,
                        currency=change.currency_id.name,
                    )
                )

    @api.constrains("hours", "amount")
    def _check_totals(self):
        for change in self.filtered("item_ids"):
            items = change._get_asked_items()
            if change.currency_id.compare_amounts(
                change.amount, sum(items.mapped("amount"))
            ) or round(change.hours - sum(items.mapped("hours")), 2):
                raise ValidationError(
                    self.env._(
                        "The hours and the amount of %(change)s add up from its items: "
                        "change the order instead.",
                        change=change.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        # Who decided and when may be given for decisions of the past.
        changes = super().create(
            [
                {**self._prepare_state_vals(vals.get("state")), **vals}
                for vals in vals_list
            ]
        )
        if not self.env.su:
            # Code that settles a matter itself (an exit's final invoice, imported
            # history) acts as superuser and answers for it; people go by the rules.
            for change in changes:
                change._refuse(change._get_obstacles(change.state))
        return changes

    def write(self, vals):
        """Hold every change of state, also by drag and drop, to the rules."""
        if "state" not in vals:
            return super().write(vals)
        state = vals["state"]
        moved = self.filtered(lambda change: change.state != state)
        super().write({name: vals[name] for name in vals if name != "state"})
        for change in moved:
            change._refuse(
                change._get_transition_obstacles(state) or change._get_obstacles(state)
            )
        return super(ScopeChange, moved).write(
            {"state": state, **self._prepare_state_vals(state)}
        )

    def _prepare_state_vals(self, state):
        decided = state and state not in OPEN_STATES
        return {
            "decided_by_id": self.env.uid if decided else False,
            "date_decided": fields.Datetime.now() if decided else False,
        }

    def _refuse(self, obstacles):
        if obstacles:
            raise UserError("\n".join(obstacles.values()))

    def action_negotiate(self):
        self.write({"state": "negotiating"})

    def action_agree(self):
        self.write({"state": "agreed"})

    def action_absorb(self):
        self.write({"state": "absorbed"})

    def action_decline(self):
        self.write({"state": "declined"})

    def action_withdraw(self):
        self.write({"state": "withdrawn"})

    def action_reset(self):
        self.write({"state": "detected"})

    def _as_members(self):
        """These changes as someone may decide on them who may read about it.

        Whoever is outside the group, as the customer who signs, must not become the
        author of a message that says what was decided.
        """
        if self.env.user.has_group(USER_GROUP):
            return self.sudo()
        return self.with_user(SUPERUSER_ID)

    @api.model
    def _get_action_for(self, domain, defaults):
        """Return the window on the changes of *domain*; new ones get the defaults."""
        # The callers' buttons are public methods of models that customers can read.
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toxic_customer_exit.scope_change_action"
        )
        return {
            **action,
            "domain": domain,
            "context": {name: value for name, value in defaults.items() if value},
        }
