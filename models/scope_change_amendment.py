"""A quotation for what changed, beside the order that it changes."""

from odoo import Command, api, fields, models

from .scope_change import OPEN_STATES
from .scope_change_item import EXTRA_WORK, LINE_TERMS
from .scope_context import QUIET


class ScopeChange(models.Model):
    _inherit = "scope.change"

    def action_renegotiate(self):
        """Make one quotation of these changes, or show the one they have.

        The lines of the order go back to what was agreed; what was added to them is on
        the quotation, so that nothing is billed twice and nothing without a signature.
        """
        self.check_access("write")
        self._refuse(self._get_renegotiation_obstacles())
        waiting = self.amendment_id.filtered(
            lambda sale: sale.state in ("draft", "sent")
        )
        if len(waiting) == 1 and all(c.amendment_id == waiting for c in self):
            return waiting._get_records_action()
        amendment = self._create_amendment()
        self._move_to_amendment()
        self.write({"amendment_id": amendment.id, "state": "negotiating"})
        return amendment._get_records_action()

    def _get_renegotiation_obstacles(self):
        """Hook: why these changes cannot become one quotation, as {code: sentence}."""
        # Whoever decides need not be allowed to read the order; making one is checked.
        changes = self.sudo()
        obstacles = changes._get_unity_obstacles()
        for change in changes:
            obstacles |= change._get_order_obstacles()
            obstacles |= change._get_conversation_obstacles()
            if change.state not in OPEN_STATES:
                obstacles |= change._get_transition_obstacles("negotiating")
        if obstacles:
            return obstacles
        for line in changes._get_moving_lines():
            obstacles |= changes._get_line_obstacles(line)
        if any(change._get_unsold_hours() for change in changes) and not (
            changes[:1]._get_rate_product()
        ):
            obstacles["no_rate"] = self.env._(
                "There is no price for an hour of %(change)s: sell a service by time "
                "on its order, or set the timesheet product of its project.",
                change=changes[:1].display_name,
            )
        return obstacles

    def _get_unity_obstacles(self):
        orders = self.order_id._get_contract_root()
        customers, companies = self.commercial_partner_id, self.company_id
        currencies, amendments = self.currency_id, self.amendment_id
        if len(orders) < 2 and max(map(len, (customers, companies, currencies))) < 2:
            waiting = amendments.filtered(lambda sale: sale.state in ("draft", "sent"))
            if not waiting or all(change.amendment_id == waiting for change in self):
                return {}
            return {
                "has_amendment": self.env._(
                    "%(amendment)s already asks the customer about one of these "
                    "changes: send it, or cancel it first.",
                    amendment=waiting[:1].name,
                )
            }
        return {
            "several": self.env._(
                "%(changes)s are not of one order, customer, company and currency: "
                "renegotiate those of one order together.",
                changes=", ".join(self.mapped("display_name")),
            )
        }

    def _get_order_obstacles(self):
        if self.order_id and self.order_id.state != "sale":
            return {
                "not_confirmed": self.env._(
                    "%(order)s is cancelled or not confirmed, so there is nothing to "
                    "amend: withdraw %(change)s, or change the quotation.",
                    order=self.order_id.name,
                    change=self.display_name,
                )
            }
        if self.amendment_id.state == "sale":
            return {
                "signed": self.env._(
                    "%(change)s is on %(amendment)s, which is confirmed: agree to it.",
                    change=self.display_name,
                    amendment=self.amendment_id.name,
                )
            }
        return {}

    def _get_line_obstacles(self, line):
        """Why a line cannot go back to what was agreed."""
        agreed, asked = self._get_terms(line)
        names = {"line": line.name.split("\n")[0], "order": line.order_id.name}
        if line.order_id.locked:
            return {
                "locked": self.env._(
                    "%(order)s is locked, but %(line)s has to go back to what was "
                    "agreed: unlock it, then renegotiate.",
                    **names,
                )
            }
        if line.qty_invoiced > agreed.quantity or (
            line.qty_invoiced and agreed.price_differs(asked)
        ):
            return {
                "invoiced": self.env._(
                    "%(line)s of %(order)s is already invoiced as changed: agree to "
                    "the change, or credit the invoice first.",
                    **names,
                )
            }
        if not self._is_where_it_was_left(line):
            return {
                "edited": self.env._(
                    "%(line)s of %(order)s was changed again since: choose all its "
                    "changes.",
                    **names,
                )
            }
        return {}

    def _is_where_it_was_left(self, line):
        """Whether the line's terms are those that its last items here say.

        Quantities may have moved since, unless the unit did too.
        """
        now, items = line._get_line_terms()[line], self._get_line_items(line)
        last = {item.what: item.new_number for item in items}
        if "uom" not in last:
            last.pop("quantity", None)
        last.pop("line", None)
        return not any(round(getattr(now, name) - last[name], 6) for name in last)

    # -- what goes back, and what is asked -------------------------------------------

    def _get_moving_lines(self):
        """The order lines whose change is still on the order, and costs something."""
        return self._get_asked_lines().filtered(
            lambda line: not self._get_line_items(line, ("moved",))
        )

    def _get_asked_lines(self):
        """The order lines by which the customer gets more, or pays less for it."""
        lines = self.item_ids.filtered(lambda item: item.what in LINE_TERMS)
        return lines.order_line_id.filtered(self._is_asked)

    def _is_asked(self, line):
        agreed, asked = self._get_terms(line)
        return asked.get_size() > agreed.get_size() or (
            asked.get_unit_value() < agreed.get_unit_value()
        )

    def _get_line_items(self, line, whats=LINE_TERMS):
        return self.item_ids.filtered(
            lambda item: item.order_line_id == line and item.what in whats
        ).sorted("id")

    def _get_terms(self, line):
        """(terms agreed, terms asked for) of a line, by the items of these changes."""
        items, now = self._get_line_items(line), line._get_line_terms()[line]
        if self._get_line_items(line, ("moved",)):
            return now, now.apply(items, forward=True)
        return now.apply(items, forward=False), now

    def _move_to_amendment(self):
        """Set the lines back, and note on each change that they were."""
        vals_list = []
        lines = self._get_moving_lines()
        for order in lines.order_id:
            of_order = lines.filtered(lambda line, order=order: line.order_id == order)
            before = of_order._get_line_terms()
            agreed = {line: self._get_terms(line)[0] for line in of_order}
            # What was asked for was noted; setting it back is no new change.
            order.with_context(scope_change_skip=QUIET).write(
                {
                    "order_line": [
                        Command.update(line.id, line._prepare_terms_vals(terms))
                        for line, terms in agreed.items()
                    ]
                }
            )
            after = of_order._get_line_terms()
            for line in of_order:
                vals_list += self._prepare_moved_items(line, before[line], after[line])
        # sudo: items are made by the module alone
        self.env["scope.change.item"].sudo().create(vals_list)._settle_rounding()

    def _prepare_moved_items(self, line, before, after):
        """One for each change that holds the line, the sums with the last of them."""
        changes = self._get_line_items(line).change_id
        return [
            {
                "change_id": change.id,
                "order_line_id": line.id,
                "name": line.name.split("\n")[0],
                "what": "moved",
                "old_value": line._format_term("quantity", before),
                "new_value": line._format_term("quantity", after),
                "old_number": before.quantity,
                "new_number": after.quantity,
                "hours": after.hours - before.hours if change == changes[-1:] else 0.0,
                "amount": (
                    after.subtotal - before.subtotal if change == changes[-1:] else 0.0
                ),
            }
            for change in changes
        ]

    # -- the quotation ---------------------------------------------------------------

    def _create_amendment(self):
        order = self.sudo().order_id._get_contract_root()[:1].sudo(False)
        lines = [Command.create(vals) for vals in self._prepare_amendment_lines()]
        vals = {
            "order_line": lines,
            "project_id": (self.project_id[:1] or order.sudo().project_id).id,
        }
        if any(item.what == "commitment_date" for item in self.item_ids):
            vals["commitment_date"] = order.commitment_date
        if not order:
            return self.env["sale.order"].create(
                {
                    **vals,
                    "partner_id": self[:1].partner_id.id,
                    "company_id": self.company_id.id,
                }
            )
        # As the order: addresses, terms of payment, pricelist, taxes.
        amendment = order.copy({**vals, "origin": order.name})
        # sudo: nobody sets this by hand
        amendment.sudo().amended_order_id = order
        return amendment

    def _prepare_amendment_lines(self):
        """Hook: the values of the quotation's lines."""
        vals_list = []
        for line in self._get_asked_lines():
            agreed, asked = self._get_terms(line)
            vals_list += line._prepare_amendment_lines(agreed, asked)
        for change in self:
            vals_list += change._prepare_extra_lines()
        return vals_list

    def _prepare_extra_lines(self):
        """Lines for work that no order line stands behind."""
        if not self._get_asked_items():
            return self._prepare_typed_lines()
        return [
            {
                **self._prepare_hours_line(item.hours, item.name),
                "task_id": item.task_id.id,
            }
            for item in self._get_unsold_items()
        ]

    def _prepare_typed_lines(self):
        """What somebody wrote down: hours at the price given, or else by the rate."""
        name = self.env._("Additional work")
        if self.hours:
            price = self.amount / self.hours if self.amount else None
            return [self._prepare_hours_line(self.hours, name, price)]
        if not self.amount:
            return []
        unit = self.env.ref("uom.product_uom_unit")
        vals = self._prepare_hours_line(1, name, self.amount)
        return [{**vals, "product_uom_id": unit.id}]

    def _get_unsold_items(self):
        """Hours beyond those sold that no bill follows by itself."""
        line = self._get_rate_line()
        if line and line._is_billed_by_timesheets():
            return self.item_ids.browse()
        return self.item_ids.filtered(lambda i: i.what in EXTRA_WORK and i.hours > 0)

    def _get_unsold_hours(self):
        items = self._get_asked_items()
        return self._get_unsold_items() if items else (self.hours or self.amount)

    def _get_rate_product(self):
        return (
            self._get_rate_line().product_id
            or self.project_id.timesheet_product_id
            or self.env.ref("sale_timesheet.time_product", raise_if_not_found=False)
        )

    def _prepare_hours_line(self, hours, name, price=None):
        """Hours at the rate of the project: that of its order line, or its product."""
        # sudo: who writes the quotation need not be allowed to read the first order
        change = self.sudo()
        hour, line = self.env.ref("uom.product_uom_hour"), change._get_rate_line()
        vals = {
            "product_id": change._get_rate_product().id,
            "name": name,
            "product_uom_id": hour.id,
            "product_uom_qty": hours,
        }
        if price is not None:
            vals |= {"price_unit": price, "discount": 0.0}
        elif line:
            factor = hour.factor / line.product_uom_id.factor
            vals |= {"price_unit": line.price_unit * factor, "discount": line.discount}
        if line:
            vals["tax_ids"] = [Command.set(line.tax_ids.ids)]
        return vals

    # -- how it ends -----------------------------------------------------------------

    def _follow_amendment(self, state, reason):
        """Agree to or decline changes whose quotation says so; called as superuser.

        What lacks a condition, as a conversation noted down, stays open and says so.
        """
        for change in self:
            if change._get_obstacles(state):
                change.message_post(body=reason)
                continue
            change.write({"state": "detected"})
            change.write({"state": state, "reason": change.reason or reason})

    @api.model
    def _cron_decline_expired(self):
        """Decline what the customer let pass without signing."""
        expired = self.search(
            [
                ("state", "in", OPEN_STATES),
                ("amendment_id.state", "in", ("draft", "sent")),
                ("amendment_id.validity_date", "<", fields.Date.today()),
            ]
        )
        for amendment, changes in expired.grouped("amendment_id").items():
            changes._follow_amendment(
                "declined",
                self.env._(
                    "%(quotation)s was not signed in time.", quotation=amendment.name
                ),
            )
