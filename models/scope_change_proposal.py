from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang


class ScopeChangeProposal(models.Model):
    """One day's drift of an order that only Odoo's own tracking knows about.

    Found by scanning the history (scope.change.scan); accepted, it becomes a scope
    change of that day; ignored, it is remembered and not proposed again. Nobody
    writes it by hand: it says what the history says.
    """

    _name = "scope.change.proposal"
    _description = "Proposed scope change"
    _order = "date desc, id desc"
    _rec_names_search = ["name", "partner_id.name"]

    # The name stays when the order or project is deleted.
    name = fields.Char("Order or Project", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Commercial Entity",
        store=True,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    order_id = fields.Many2one(
        "sale.order", readonly=True, ondelete="set null", index="btree_not_null"
    )
    project_id = fields.Many2one(
        "project.project",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="Set where the project belongs to no order.",
    )

    scan_id = fields.Many2one(
        "scope.change.scan",
        "Found by",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    date = fields.Date(required=True, readonly=True, index=True)
    is_confirmed_again = fields.Boolean(
        readonly=True,
        help="The order was reset, edited and confirmed again: what moved was agreed.",
    )
    requested_by = fields.Selection(
        [("customer", "Customer"), ("us", "Us")],
        "Asked by",
        required=True,
        readonly=True,
        help="Customer where one of the moves was made by somebody who is no user of "
        "ours; it can be corrected on the scope change.",
    )
    amount = fields.Monetary("Untaxed Amount", readonly=True)
    hours = fields.Float(readonly=True)
    days = fields.Float(readonly=True)
    noted_amount = fields.Monetary(
        "Noted Already",
        readonly=True,
        help="What the register holds of that day, and is not proposed again.",
    )
    notes = fields.Text(
        readonly=True,
        help="What Odoo wrote on the order that day, as it was when it was found.",
    )
    line_ids = fields.One2many(
        "scope.change.proposal.line", "proposal_id", "Evidence", readonly=True
    )
    summary = fields.Char("What Changed", compute="_compute_summary")
    authors = fields.Char("Who", compute="_compute_authors")

    state = fields.Selection(
        [("proposed", "Proposed"), ("accepted", "Accepted"), ("ignored", "Ignored")],
        required=True,
        readonly=True,
        default="proposed",
        index=True,
    )
    change_id = fields.Many2one(
        "scope.change", readonly=True, ondelete="set null", index="btree_not_null"
    )
    decided_by_id = fields.Many2one("res.users", readonly=True)
    date_decided = fields.Datetime("Decided on", readonly=True)
    obstacles = fields.Text(compute="_compute_obstacles")

    _order_day = models.UniqueIndex(
        "(order_id, date, is_confirmed_again) WHERE state = 'proposed'",
        "Somebody else is scanning the same history: wait a moment, then look again.",
    )
    _project_day = models.UniqueIndex(
        "(project_id, date) WHERE state = 'proposed' AND order_id IS NULL",
        "Somebody else is scanning the same history: wait a moment, then look again.",
    )

    @api.depends("name", "date")
    def _compute_display_name(self):
        for proposal in self:
            proposal.display_name = self.env._(
                "%(about)s, %(date)s",
                about=proposal.name,
                date=format_date(self.env, proposal.date),
            )

    @api.depends("line_ids", "amount")
    def _compute_summary(self):
        for proposal in self:
            proposal.summary = "; ".join(
                part._get_sentence() for part in proposal._get_parts()
            )

    @api.depends("line_ids.author_name")
    def _compute_authors(self):
        for proposal in self:
            names = filter(None, proposal.line_ids.mapped("author_name"))
            proposal.authors = ", ".join(dict.fromkeys(names))

    @api.depends("state", "order_id.state", "order_id.currency_id", "project_id")
    def _compute_obstacles(self):
        for proposal in self:
            proposal.obstacles = proposal.state == "proposed" and "\n".join(
                proposal._get_acceptance_obstacles().values()
            )

    def _get_parts(self):
        """The evidence, together for each thing that moved."""
        self.ensure_one()
        return [*self.line_ids.grouped(lambda line: line._get_part_key()).values()]

    # -- deciding --------------------------------------------------------------------

    def action_accept(self):
        """Make a scope change of each, all or none."""
        self._check_may_decide()
        self._refuse(self._get_mass_obstacles())
        self._check_up_to_date()
        vals_list = [proposal._prepare_change_vals() for proposal in self]
        # sudo: items are made by the module alone, and what was agreed by confirming
        # the order again is held to no obstacle
        changes = self.env["scope.change"].sudo()._create_quietly(vals_list)
        changes.item_ids._set_gift()
        changes.item_ids._settle_rounding()
        changes._set_project()
        for proposal, change in zip(self.sudo(), changes, strict=True):
            proposal.change_id = change
        self._decide("accepted")
        return self._tell_accepted()

    def _tell_accepted(self):
        """Stay where one is, as in a list to go on with; the changes are a link."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                # The client puts the link in place of %s.
                "message": self.env._(
                    "%(count)s accepted: decide on them among the %(link)s.",
                    count=len(self),
                    link="%s",
                ),
                "links": [
                    {
                        "label": self.env._("Scope Changes"),
                        "url": "/odoo/scope-changes",
                    }
                ],
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _check_up_to_date(self):
        """Refuse what the register has taken up since it was found.

        So does live detection where an order is confirmed again: accepted as well, the
        same would be noted twice.
        """
        # sudo: whoever decides need not be allowed to read every order
        before = {proposal: proposal.amount for proposal in self}
        names = ", ".join(sorted({*self.mapped("name")}))
        scans = self.env["scope.change.scan"].sudo()
        if orders := self.sudo().order_id:
            scans._scan_orders(scans._get_ids_scope(orders))
        left = self.exists()
        moved = left.filtered(lambda proposal: proposal.amount != before[proposal])
        if moved or self - left:
            raise UserError(
                self.env._(
                    "More has happened since some of these were found: scan the "
                    "history of %(names)s again, then accept what is left.",
                    names=names,
                )
            )

    def action_ignore(self):
        """Propose these no more."""
        self._check_may_decide()
        self._refuse(self._get_state_obstacles())
        self._decide("ignored")

    def action_reset(self):
        """Propose again what was ignored, or whose scope change was deleted."""
        self._check_may_decide()
        self._refuse(self._get_reset_obstacles())
        self.sudo().write(
            {"state": "proposed", "decided_by_id": False, "date_decided": False}
        )

    def _check_may_decide(self):
        # Deciding on history is deciding on scope changes.
        self.env["scope.change"].check_access("write")
        self.check_access("read")

    def _decide(self, state):
        # sudo: the state is written by deciding alone
        self.sudo().write(
            {
                "state": state,
                "decided_by_id": self.env.uid,
                "date_decided": fields.Datetime.now(),
            }
        )

    def _refuse(self, obstacles):
        if obstacles:
            raise UserError("\n".join(obstacles.values()))

    def _get_mass_obstacles(self):
        """What stands in the way of any of these, so that none is accepted alone."""
        obstacles = {
            (proposal.id, code): sentence
            for proposal in self
            for code, sentence in proposal._get_acceptance_obstacles().items()
        }
        if obstacles and len(self) > 1:
            obstacles["none"] = self.env._(
                "Nothing was accepted: leave out or ignore the ones named here."
            )
        return obstacles

    def _get_acceptance_obstacles(self):
        """Hook: why this cannot become a scope change, as {code: sentence}."""
        self.ensure_one()
        obstacles = self._get_state_obstacles()
        # Who decides need not be allowed to read every order.
        order = self.sudo().order_id
        names = {"proposal": self.display_name, "order": order.name}
        if not order and not self.sudo().project_id:
            obstacles["gone"] = self.env._(
                "What %(proposal)s is about was deleted since: ignore it.", **names
            )
        elif order and order.state != "sale":
            obstacles["not_confirmed"] = self.env._(
                "%(order)s is cancelled or not confirmed any more: ignore "
                "%(proposal)s, or confirm the order again first.",
                **names,
            )
        elif order and order.currency_id != self.currency_id:
            obstacles["currency"] = self.env._(
                "%(order)s is in another currency since: ignore %(proposal)s and "
                "write down what it is worth today.",
                **names,
            )
        elif order and order.company_id != self.company_id:
            obstacles["company"] = self.env._(
                "%(order)s belongs to another company since: ignore %(proposal)s.",
                **names,
            )
        return obstacles

    def _get_state_obstacles(self):
        states = dict(self._fields["state"]._description_selection(self.env))
        return {
            f"decided {proposal.id}": self.env._(
                "%(proposal)s is already decided (%(state)s): reset it first if it is "
                "ignored, or decide on its scope change.",
                proposal=proposal.display_name,
                state=states[proposal.state],
            )
            for proposal in self
            if proposal.state != "proposed"
        }

    def _get_reset_obstacles(self):
        obstacles = {}
        for proposal in self:
            if proposal.change_id:
                obstacles[proposal.id] = self.env._(
                    "%(proposal)s is a scope change by now: decide on that instead.",
                    proposal=proposal.display_name,
                )
            elif proposal._has_open_twin():
                obstacles[proposal.id] = self.env._(
                    "More was found on the day of %(proposal)s since: decide on that "
                    "first.",
                    proposal=proposal.display_name,
                )
        return obstacles

    def _has_open_twin(self):
        self.ensure_one()
        return bool(
            self.search_count(
                [
                    ("id", "!=", self.id),
                    ("state", "=", "proposed"),
                    ("date", "=", self.date),
                    ("order_id", "=", self.order_id.id),
                    ("project_id", "=", self.project_id.id),
                    ("is_confirmed_again", "=", self.is_confirmed_again),
                ],
                limit=1,
            )
        )

    def _prepare_change_vals(self):
        self.ensure_one()
        proposal = self.sudo()
        target = proposal.order_id or proposal.project_id
        agreed = {
            "state": "agreed",
            "reason": self.env._("The customer confirmed the order again."),
        }
        return {
            **proposal.env["scope.change"]._prepare_detected_vals(target),
            **(agreed if proposal.is_confirmed_again else {}),
            "date": proposal.date,
            "requested_by": proposal.requested_by,
            "item_ids": [
                Command.create(part._prepare_item_vals())
                for part in proposal._get_parts()
            ],
        }

    def action_scan_all(self):
        """Scan the history of all orders, whichever of these are chosen."""
        self.browse().check_access("read")
        return self.env["scope.change.scan"]._scan_all()

    # -- looking ---------------------------------------------------------------------

    def action_open_evidence(self):
        """Show the message that says so on the order, or the order without it."""
        self.ensure_one()
        self.check_access("read")
        line = self.line_ids[-1:]
        return line.action_open_message() if line else self._open_document()

    def _open_document(self):
        document = self.order_id or self.project_id
        if not document:
            self._refuse(self._get_acceptance_obstacles())
        return document._get_records_action()

    def action_open_change(self):
        """Open the scope change that was made of it."""
        self.ensure_one()
        return self.change_id._get_records_action()

    def _format_amount(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)
