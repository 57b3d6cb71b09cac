from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.tools import SQL, clean_context, float_is_zero

from .customer_exit import CANCELLABLE_STATES, DECIDED_STATES, OPEN_STATES
from .sale_order_settlement import SettledExit


class SettlementLine(NamedTuple):
    """What the final invoice does with one order line; quantities in its unit."""

    line: models.BaseModel
    ordered: float
    delivered: float
    invoiced: float
    credited: float
    forgivable: float
    forgiven: float
    to_bill: float
    price_unit: float

    @property
    def amount(self):
        """The untaxed amount, as one invoice line rounds it."""
        untaxed = self.line._get_untaxed(self.to_bill, self.price_unit)
        return self.line.currency_id.round(untaxed)


def forgiven_quantity(delivered, invoiced, credited):
    """What was credited and not delivered anew: it stays credited."""
    return min(credited, max(0.0, delivered - invoiced))


class CustomerExit(models.Model):
    """The final invoice: preparation of the orders, then Odoo's own invoicing.

    The law: afterwards everything delivered is billed exactly once and nothing
    undelivered is billed, per company and currency (see customer_exit_law.py).
    """

    _inherit = "customer.exit"

    # What there is to settle

    def _in_settlement(self):
        """The exit as the settlement sees it: all of its company, no UI defaults."""
        context = clean_context(self.env.context)
        # sudo: the law holds over all orders of the customer, whoever sells them;
        # who may issue is checked by _get_invoice_obstacles.
        return (
            self.with_context(context, mail_activity_automation_skip=True)
            .with_company(self.company_id)
            .sudo()
        )

    def _get_settlement_orders(self):
        self.ensure_one()
        return self._find_settlement_orders(self.commercial_partner_id, self.company_id)

    def _find_settlement_orders(self, customers, company):
        # sudo: see _in_settlement; archived contacts ordered too
        orders = self.env["sale.order"].sudo()
        found = orders.with_context(active_test=False).search(
            [
                ("partner_id.commercial_partner_id", "in", customers.ids),
                ("company_id", "=", company.id),
                ("state", "=", "sale"),
            ],
            order="id",
        )
        return orders.browse(found.ids)

    def _get_settlement_plan(self):
        """One SettlementLine per order line that can carry money."""
        self.ensure_one()
        return self._plan_orders(self._in_settlement()._get_settlement_orders())

    def _plan_orders(self, orders):
        """As the plan, of the orders of these exits, or of customers without one."""
        # All at once: below, the lines of each order would be read on their own.
        orders.mapped("currency_id")
        orders.order_line.mapped("tax_ids")
        orders.order_line.mapped("invoice_lines.move_id.move_type")
        plan = []
        for order in orders:
            share = order._get_delivered_share()
            plan += [
                self._plan_line(line, share) for line in order._get_settlement_lines()
            ]
        return plan

    def _plan_line(self, line, share):
        if line.is_downpayment:
            return self._plan_downpayment(line)
        delivered, price = line._get_settled_delivery(share)
        credited = line._get_credited_quantity()
        forgivable = forgiven_quantity(delivered, line.qty_invoiced, credited)
        is_rebilled = line in self.sudo().rebill_line_ids
        forgiven = 0.0 if is_rebilled else forgivable
        return SettlementLine(
            line=line,
            ordered=line.product_uom_qty,
            delivered=delivered,
            invoiced=line.qty_invoiced,
            credited=credited,
            forgivable=forgivable,
            forgiven=forgiven,
            to_bill=delivered - forgiven - line.qty_invoiced,
            price_unit=price,
        )

    def _plan_downpayment(self, line):
        """What is left of a down payment is deducted, as Odoo does: once, in full."""
        left = line._get_downpayment_left()
        return SettlementLine(
            line=line,
            ordered=0.0,
            delivered=0.0,
            invoiced=line.qty_invoiced,
            credited=0.0,
            forgivable=0.0,
            forgiven=0.0,
            to_bill=-1.0 if left else 0.0,
            price_unit=left or line.price_unit,
        )

    def _is_to_bill(self, entry):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return not float_is_zero(entry.to_bill, precision_digits=digits)

    def _get_orders(self, plan):
        return self.env["sale.order"].union(*(entry.line.order_id for entry in plan))

    def _get_amount_to_bill(self):
        """The untaxed amount of the final invoice, in the company's currency."""
        self.ensure_one()
        return sum(
            self._convert_to_bill(entry, self.company_id)
            for entry in self._get_settlement_plan()
        )

    def _convert_to_bill(self, entry, company):
        today = fields.Date.context_today(self)
        currency = entry.line.currency_id
        return currency._convert(entry.amount, company.currency_id, company, today)

    @api.model
    def _get_amounts_to_bill(self, customers, company):
        """{customer id: untaxed amount of a final invoice of today}.

        As still_to_bill of an exit, for customers who mostly have none.
        """
        amounts = defaultdict(float)
        for entry in self._get_plans_to_bill(customers, company):
            customer = entry.line.order_id.partner_id.commercial_partner_id
            amounts[customer.id] += self._convert_to_bill(entry, company)
        return amounts

    @api.model
    def _get_plans_to_bill(self, customers, company):
        """The plans of final invoices of customers, with an exit or without."""
        theirs = [
            ("commercial_partner_id", "in", customers.ids),
            ("company_id", "=", company.id),
            ("state", "in", CANCELLABLE_STATES),
        ]
        # sudo: what is billed again was chosen by whoever leads the exit
        exits = self.sudo().search(theirs).with_company(company)._in_settlement()
        return exits._plan_orders(exits._find_settlement_orders(customers, company))

    # Issuing

    def action_preview_final_invoice(self):
        """Show what the final invoice would hold, and what stands in its way."""
        return self.env["final.invoice.preview"]._open_for(self)

    @api.model
    def _preview_for_projects(self, projects):
        """The preview of the projects' customers, or the way to an approved exit."""
        exits = self.browse()
        for project in projects:
            exits |= self._get_approved_for(project)
        return exits.action_preview_final_invoice()

    def _get_approved_for(self, project):
        customer = project.partner_id.commercial_partner_id
        if not customer:
            raise UserError(
                self.env._(
                    "%(project)s has no customer: set one on the project first.",
                    project=project.display_name,
                )
            )
        company = project.company_id or project.sudo().sale_order_id.company_id
        company = company or self.env.company
        found = self.search(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", company.id),
                ("state", "in", OPEN_STATES),
            ],
            limit=1,
        )
        if found.state in DECIDED_STATES:
            return found
        raise RedirectWarning(
            self._get_unapproved_sentence(found, customer),
            self._get_unapproved_action(found, customer, company),
            self.env._("Open its exit") if found else self.env._("Open an exit"),
        )

    def _get_unapproved_sentence(self, found, customer):
        if found:
            return self.env._(
                "%(exit)s is not approved yet: a manager approves it before the "
                "final invoice.",
                exit=found.display_name,
            )
        return self.env._(
            "%(customer)s has no open exit: open one and have it approved before the "
            "final invoice.",
            customer=customer.display_name,
        )

    def _get_unapproved_action(self, found, customer, company):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": found.id,
            "views": [(False, "form")],
            "context": {
                "default_partner_id": customer.id,
                "default_company_id": company.id,
            },
        }

    def action_issue_final_invoice(self):
        """Bill what was delivered and not billed yet, once; show the invoices.

        Whoever comes second, at once or later, is shown the same invoices.
        """
        self._lock_for_settlement()
        for record in self.filtered(lambda record: not record._is_settled()):
            record._refuse_if(record._get_invoice_obstacles())
            with self.env.cr.savepoint():
                record._in_settlement()._issue_final_invoice()
        return self._get_invoices_action()

    def action_settle_without_invoice(self):
        """Settle explicitly when nothing is left to bill, saying why."""
        self._lock_for_settlement()
        for record in self.filtered(lambda record: not record._is_settled()):
            record._refuse_if(record._get_no_invoice_obstacles())
            with self.env.cr.savepoint():
                record._in_settlement()._settle_without_invoice()

    def _is_settled(self):
        return self.state in ("invoiced", "closed")

    def _choose_rebilled(self, lines):
        """Remember the credited lines that are to be billed again."""
        self.ensure_one()
        if not self._is_manager():
            self._refuse_if(self._get_invoice_obstacles())
        # sudo: a step field, chosen in the preview only
        self.sudo().rebill_line_ids = lines

    def _lock_for_settlement(self):
        """Let one transaction at a time settle: the exit, then all it will bill.

        Waits for a transaction that got there first. Had it changed a row, the
        database refuses this one, and Odoo runs the request again from the start,
        on what is then the truth. Lines are locked too, so that Odoo's own invoicing
        of them cannot pass at the same time; orders, so that no line is added.
        """
        self.check_access("read")
        self._lock_rows(self)
        for record in self:
            orders = record._get_settlement_orders()
            self._lock_rows(orders)
            self._lock_rows(orders.order_line)

    def _lock_rows(self, records):
        if records:
            # SQL: the ORM's lock_for_update gives up instead of waiting
            self.env.execute_query(
                SQL(
                    "SELECT id FROM %s WHERE id IN %s ORDER BY id FOR UPDATE",
                    SQL.identifier(records._table),
                    tuple(records.ids),
                )
            )

    def _issue_final_invoice(self):
        self.ensure_one()
        agreed = self._get_terms()
        self._settle_discount_lines()
        promise = self._get_promise()
        plan = self._prepare_settlement()
        self._keep_terms(agreed)
        orders = self._get_settlement_orders()
        noted = orders.with_context(settled_exit=SettledExit(self.id))
        moves = noted._create_invoices(final=True).with_env(self.env)
        # The moves come back in sudo, which skips the check of who may post:
        # _get_invoice_obstacles has made it.
        moves.action_post()
        self._leave_nothing_to_invoice(plan)
        self._prove_law(promise, moves)
        self._move_to("invoiced")

    def _settle_without_invoice(self):
        self.ensure_one()
        agreed = self._get_terms()
        self._settle_discount_lines()
        promise = self._get_promise()
        plan = self._prepare_settlement()
        self._keep_terms(agreed)
        self._leave_nothing_to_invoice(plan)
        self._prove_law(promise, self.env["account.move"])
        self._move_to("invoiced")

    def _prepare_settlement(self):
        """Make the orders say what was delivered, and what of it is to be billed."""
        plan = self._get_settlement_plan()
        orders = self._get_orders(plan)
        orders._cut_to_delivered(plan, self._prepare_scope_change())
        for entry in plan:
            entry.line._set_to_invoice(entry.to_bill)
        orders._bill_combos_with_items()
        return plan

    def _prepare_scope_change(self):
        """Values for the scope change that the cut is recorded as, and its return.

        The same for both, so that what is taken back on the same day leaves nothing.
        """
        return {
            "requested_by": "us",
            "state": "agreed",
            "reason": self.env._("Settlement of %(exit)s.", exit=self.name),
        }

    def _settle_discount_lines(self):
        orders = self._get_settlement_orders()
        orders._settle_discounts(self._prepare_scope_change())

    def _leave_nothing_to_invoice(self, plan):
        """Invoicing recomputes what is forgiven back into "to invoice": undo that."""
        # Of all their lines: a combo has a quantity, though its price is on its items.
        for line in self._get_orders(plan).order_line:
            line._set_to_invoice(0.0)

    def action_view_invoices(self):
        self.check_access("read")
        return self._get_invoices_action()

    def _get_invoices_action(self):
        invoices = self.sudo().invoice_ids
        action = self.env["sale.order"].action_view_invoice(invoices=invoices)
        if len(invoices) <= 1 or action["type"] != "ir.actions.act_window":
            return action
        action["context"] = {"create": False}
        return action
