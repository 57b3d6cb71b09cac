from odoo import fields, models

from .customer_exit import CANCELLABLE_STATES, UNDECIDED_STATES
from .toxicity_internal_thread import MANAGER_GROUP

POSTING_GROUP = "account.group_account_invoice"


class CustomerExit(models.Model):
    """What stands in the way of each step, as {code: sentence}.

    One source for the banner of the form, the refusals of the buttons and the tests.
    Codes are for code; a module that knows more obstacles extends these methods. Which
    button has which is in customer_exit_buttons.py.
    """

    _inherit = "customer.exit"

    def _get_approval_obstacles(self):
        """Hook: what stands in the way of the approval by the current user."""
        self.ensure_one()
        obstacles = {}
        if self.state not in ("draft", "options"):
            obstacles["not_draft"] = self.env._(
                "%(exit)s is %(state)s: only a draft, or an exit whose options came to "
                "nothing, is approved.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        if not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits approves."
            )
        elif self._is_requester() and not self._may_approve_own():
            obstacles["requester"] = self.env._(
                "You asked for this exit: another manager approves it. One-person "
                "companies can allow it in the settings."
            )
        if not self.approval_reason:
            obstacles["no_reason"] = self.env._(
                "The reason of the approval is missing."
            )
        if not self.ethics_checked:
            obstacles["no_ethics_check"] = self.env._("The ethics check is not done.")
        return obstacles

    def _is_requester(self):
        return self.env.user in self.create_uid | self.user_id

    def _may_approve_own(self):
        # sudo: a setting of the company that managers do not read themselves
        return self.company_id.sudo().exit_self_approval

    def _get_wrap_up_obstacles(self):
        """Hook: what stands in the way of the wrap-up, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state != "approved":
            obstacles["not_approved"] = self.env._(
                "%(exit)s is %(state)s: an approved exit is wrapped up.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        if not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits starts the wrap-up."
            )
        return obstacles

    def _get_state_label(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels[self.state].lower()

    def _get_closing_obstacles(self):
        """Hook: what stands in the way of closing, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state != "invoiced":
            obstacles["not_invoiced"] = self.env._(
                "%(exit)s is not settled: issue its final invoice first.",
                exit=self.display_name,
            )
        if not self._is_manager():
            obstacles["not_manager"] = self.env._("A manager of customer exits closes.")
        if self.open_amount_decision and not self.open_amount_reason:
            obstacles["no_open_reason"] = self.env._(
                "The reason why an amount stays unpaid is missing."
            )
        return obstacles

    def _get_unpaid_invoices_domain(self):
        return [
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("state", "=", "posted"),
            ("amount_residual_signed", "!=", 0),
        ]

    def _get_unallocated_domain(self):
        """What customers paid on account; open credit notes are documents."""
        return [
            ("parent_state", "=", "posted"),
            ("move_id.move_type", "=", "entry"),
            ("account_type", "=", "asset_receivable"),
            ("reconciled", "=", False),
            ("amount_residual", "<", 0),
        ]

    def _name_some(self, records, limit=5):
        """Name the first few records, and say how many more there are."""
        names = ", ".join(record.display_name for record in records[:limit])
        if more := len(records) - limit if len(records) > limit else 0:
            return self.env._("%(names)s and %(more)s more", names=names, more=more)
        return names

    def _get_cancel_obstacles(self):
        """Hook: what stands in the way of giving the exit up, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state not in CANCELLABLE_STATES:
            obstacles["settled"] = self.env._(
                "%(exit)s is %(state)s and can no longer be cancelled.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        is_own = self.state in UNDECIDED_STATES and self._is_requester()
        if not self._is_manager() and not is_own:
            obstacles["not_manager"] = self.env._(
                "Its owner may cancel an exit until it is approved, a manager after "
                "that."
            )
        return obstacles

    # The final invoice

    def _get_invoice_obstacles(self):
        """Hook: what stands in the way of the final invoice, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state == "approved":
            obstacles["not_wrapped_up"] = self.env._(
                "%(exit)s is approved: start its wrap-up before the final invoice.",
                exit=self.display_name,
            )
        elif self.state != "wrap_up":
            obstacles["not_approved"] = self.env._(
                "%(exit)s is not approved: have it approved before its final invoice.",
                exit=self.display_name,
            )
        if not self._may_issue():
            obstacles["rights"] = self.env._(
                "A manager of customer exits with billing rights issues it: %(names)s.",
                names=self._get_issuer_names(),
            )
        plan = self._get_settlement_plan()
        corrected = self._get_corrected_lines()
        billed = [
            entry
            for entry in plan
            if self._is_to_bill(entry) or entry.line in corrected
        ]
        orders = self._get_orders(billed)
        return {
            **obstacles,
            **self._get_draft_obstacles(plan),
            **self._get_order_obstacles(orders),
            **self._get_lock_date_obstacles(),
            **self._get_price_obstacles(plan),
            **({} if billed else self._get_nothing_obstacles()),
        }

    def _may_issue(self):
        user = self.env.user
        return self._is_manager() and (self.env.su or user.has_group(POSTING_GROUP))

    def _get_issuer_names(self):
        # sudo: whom to ask is told to everyone who works on the exit
        issuers = (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("share", "=", False),
                    ("company_ids", "in", self.company_id.ids),
                    ("all_group_ids", "in", self.env.ref(POSTING_GROUP).ids),
                    ("all_group_ids", "in", self.env.ref(MANAGER_GROUP).ids),
                ]
            )
        )
        return self._name_some(issuers) or self.env._("nobody yet")

    def _get_draft_obstacles(self, plan):
        orders = self._get_orders(plan)
        drafts = orders.sudo().invoice_ids.filtered(lambda move: move.state == "draft")
        advances = drafts.filtered(lambda move: move._is_downpayment())
        obstacles = {}
        if advances:
            obstacles["draft_down_payment"] = self.env._(
                "Draft down payment: %(invoices)s. Post or cancel it first.",
                invoices=self._name_drafts(advances),
            )
        if others := drafts - advances:
            obstacles["draft_invoice"] = self.env._(
                "Draft invoice: %(invoices)s. Post or cancel it first.",
                invoices=self._name_drafts(others),
            )
        return obstacles

    def _name_drafts(self, moves):
        return ", ".join(
            f"{move.display_name} ({move.invoice_origin})"
            if (move.invoice_origin or "") not in move.display_name
            else move.display_name
            for move in moves
        )

    def _get_order_obstacles(self, orders):
        obstacles = {}
        inactive = orders.filtered(lambda order: not order.currency_id.active)
        if inactive:
            obstacles["inactive_currency"] = self.env._(
                "%(currency)s is inactive, the currency of %(orders)s: activate it.",
                currency=", ".join(inactive.currency_id.mapped("name")),
                orders=self._name_some(inactive),
            )
        homeless = orders.filtered(lambda order: not order.partner_invoice_id.active)
        if homeless:
            obstacles["invoice_address"] = self.env._(
                "%(orders)s has no invoice address in use: choose one on the order.",
                orders=self._name_some(homeless),
            )
        return obstacles

    def _get_lock_date_obstacles(self):
        """Odoo would silently move the date behind the lock: here it is refused."""
        today = fields.Date.context_today(self)
        company = self._in_settlement().company_id
        journal = (
            self.env["account.journal"]
            .sudo()
            .search([("company_id", "=", company.id), ("type", "=", "sale")], limit=1)
        )
        locks = company._get_violated_lock_dates(today, True, journal)
        if not locks:
            return {}
        date, field = locks[-1]
        label = company.fields_get([field], ["string"])[field]["string"]
        return {
            "lock_date": self.env._(
                "%(lock)s of %(company)s is %(date)s, so nothing can be posted today.",
                lock=label,
                company=company.name,
                date=fields.Date.to_string(date),
            )
        }

    def _get_price_obstacles(self, plan):
        """Posted at another price, and nobody said what becomes of the difference."""
        lines = self.env["sale.order.line"].union(
            *(entry.line for entry in plan if not entry.line.is_downpayment)
        )
        billed = self._get_billed(lines)
        promise = {line: billed[line].quantity for line in lines}
        deviations = self._get_deviations(lines, promise, billed)
        for line in self.sudo().corrected_line_ids:
            deviations.pop(line, None)
        if not deviations:
            return {}
        return {
            "price": self.env._(
                "Invoiced or credited at another price than the order says: "
                "%(lines)s. Correct the price on the order or the document, or choose "
                "in the preview of the final invoice what becomes of the difference: "
                "it is put right there, or left with a reason.",
                lines=self._describe_deviations(deviations),
            )
        }

    def _get_nothing_obstacles(self):
        return {
            "nothing_to_bill": self.env._(
                "Nothing is left to bill to %(customer)s: settle %(exit)s without an "
                "invoice, with a reason.",
                customer=self.commercial_partner_id.display_name,
                exit=self.name,
            )
        }

    def _get_no_invoice_obstacles(self):
        """Hook: what stands in the way of settling without an invoice."""
        obstacles = self._get_invoice_obstacles()
        if "nothing_to_bill" in obstacles:
            del obstacles["nothing_to_bill"]
        else:
            obstacles["to_bill"] = self.env._(
                "%(customer)s still has something to be billed: issue the final "
                "invoice.",
                customer=self.commercial_partner_id.display_name,
            )
        if not self.settlement_reason:
            obstacles["no_settlement_reason"] = self.env._(
                "The reason for settling %(exit)s without an invoice is missing.",
                exit=self.name,
            )
        return obstacles
