import secrets
from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import NO_ACCESS

from .toxicity_internal_thread import MANAGER_GROUP

# How long the customer's link shows the statement.
DAYS_SHOWN = 90


class StatementRow(NamedTuple):
    """One order or one document; credit notes count down everywhere but in credited.

    Delivered, billed and credited are untaxed; total, paid and open include taxes.
    """

    name: str = ""
    date: fields.Date = None
    date_due: fields.Date = None
    delivered: float = 0.0
    billed: float = 0.0
    credited: float = 0.0
    total: float = 0.0
    paid: float = 0.0
    open: float = 0.0

    def plus(self, other):
        """Both added up; names and dates stay."""
        sums = [a + b for a, b in zip(self[3:], other[3:], strict=True)]
        return StatementRow(*self[:3], *sums)

    def rounded(self, currency):
        return StatementRow(*self[:3], *map(currency.round, self[3:]))


class Statement(NamedTuple):
    """All of one currency: the orders, their documents, and both totals."""

    currency: models.BaseModel
    orders: list
    documents: list
    total: StatementRow


class CustomerExit(models.Model):
    """The settlement statement: what was delivered, billed, credited, paid and is open.

    Made from the orders and the posted documents as they are when it is looked at. The
    customer sees it by a link that ends; nothing on it tells what the case is about.
    """

    _inherit = "customer.exit"

    statement_token = fields.Char(readonly=True, copy=False, groups=NO_ACCESS)
    statement_until = fields.Date(
        "Statement shown until",
        readonly=True,
        copy=False,
        help="Until then whoever has the link sees the settlement statement.",
    )
    statement_url = fields.Char(
        "Link to the statement",
        compute="_compute_statement_url",
        groups=MANAGER_GROUP,
        export_string_translation=False,
    )

    _statement_token = models.UniqueIndex(
        "(statement_token) WHERE statement_token IS NOT NULL"
    )

    @api.depends("statement_until")
    def _compute_statement_url(self):
        for record in self:
            # sudo: the token is for nobody's reading but in this link
            token = record.sudo().statement_token
            is_shown = token and record._is_statement_shown()
            record.statement_url = is_shown and (
                f"{record.get_base_url()}/my/statement/{token}"
            )

    def _is_statement_shown(self):
        until = self.statement_until
        return bool(until) and until >= fields.Date.context_today(self)

    # The figures

    def _get_statement(self):
        """[Statement] of the customer in this company, one for each currency."""
        self.ensure_one()
        case = self._in_settlement()
        orders = case._get_settlement_orders()
        moves = case._get_statement_moves(orders)
        rows = defaultdict(dict)
        for order in orders:
            rows[order.currency_id][order] = case._get_delivered_row(order)
        documents = defaultdict(list)
        for move in moves:
            parts = case._split_move(move, orders)
            by_order = rows[move.currency_id]
            for order, part in parts.items():
                known = by_order.get(order) or self._get_other_row()
                by_order[order] = known.plus(part)
            documents[move.currency_id].append(self._add_up(move, parts.values()))
        for payment in case._get_unallocated_payments():
            row = case._get_payment_row(payment)
            by_order, nothing = rows[payment.currency_id], orders.browse()
            known = by_order.get(nothing) or self._get_other_row()
            by_order[nothing] = known.plus(row)
            documents[payment.currency_id].append(row)
        return [
            self._make_statement(currency, by_order.values(), documents[currency])
            for currency, by_order in sorted(
                rows.items(), key=lambda item: item[0] != case.currency_id
            )
        ]

    def _get_statement_moves(self, orders):
        """What was posted for the orders, and what else of the customer is open."""
        moves = self.env["account.move"].search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                *self._get_unpaid_invoices_domain(),
            ]
        )
        moves |= orders.invoice_ids.filtered(
            lambda move: (
                move.state == "posted"
                and move.move_type in ("out_invoice", "out_refund")
            )
        )
        return moves.sorted(lambda move: (move.invoice_date, move.id))

    def _get_unallocated_payments(self):
        """The receivable lines of what was paid and settles no document yet."""
        return self.env["account.move.line"].search(
            [
                *self._get_unallocated_domain(),
                (
                    "partner_id.commercial_partner_id",
                    "=",
                    self.commercial_partner_id.id,
                ),
                ("company_id", "=", self.company_id.id),
            ],
            order="date, id",
        )

    def _get_payment_row(self, payment):
        left = payment.amount_residual_currency
        name = self.env._("Payment %(number)s", number=payment.move_id.name)
        return StatementRow(name, payment.date, paid=-left, open=left)

    def _get_delivered_row(self, order):
        lines = order._get_settlement_lines().filtered(
            lambda line: not line.is_downpayment
        )
        delivered = sum(
            order.currency_id.round(line._get_untaxed(line.qty_delivered))
            for line in lines
        )
        name = order.name
        if order.client_order_ref:
            name = f"{name} ({order.client_order_ref})"
        return StatementRow(name, order.date_order.date(), None, delivered)

    def _get_other_row(self):
        return StatementRow(self.env._("Other documents"))

    def _split_move(self, move, orders):
        """{order, or none for the rest: its share of a posted document}.

        What belongs to no line (rounding) goes to the last one, so that the shares
        are what the document says, to the cent.
        """
        sign = 1 if move.move_type == "out_invoice" else -1
        untaxed, total = defaultdict(float), defaultdict(float)
        for item in move.invoice_line_ids:
            if item.display_type == "product":
                order = (item.sale_line_ids.order_id & orders)[:1]
                untaxed[order] += item.price_subtotal
                total[order] += item.price_total
        # A document without lines has one of its own.
        last = next(reversed(untaxed), orders.browse())
        untaxed[last] += move.amount_untaxed - sum(untaxed.values())
        total[last] += move.amount_total - sum(total.values())
        share = move.amount_residual / move.amount_total if move.amount_total else 0.0
        left = {
            order: move.currency_id.round(value * share)
            for order, value in total.items()
        }
        left[last] += move.amount_residual - sum(left.values())
        return {
            order: StatementRow(
                billed=untaxed[order] if sign > 0 else 0.0,
                credited=untaxed[order] if sign < 0 else 0.0,
                total=sign * total[order],
                paid=sign * (total[order] - left[order]),
                open=sign * left[order],
            )
            for order in untaxed
        }

    def _add_up(self, move, parts):
        row = StatementRow(move.name, move.invoice_date, move.invoice_date_due)
        for part in parts:
            row = row.plus(part)
        return row.rounded(move.currency_id)

    def _make_statement(self, currency, rows, documents):
        total = StatementRow(self.env._("Total"))
        for row in rows:
            total = total.plus(row)
        return Statement(
            currency,
            # An order of which nothing came is nothing to account for.
            [row.rounded(currency) for row in rows if any(row[3:])],
            documents,
            total.rounded(currency),
        )

    # Printing and showing it

    def action_print_statement(self):
        self.check_access("read")
        return self.env.ref(
            "toxic_customer_exit.settlement_statement_report"
        ).report_action(self)

    def action_share_statement(self):
        """Make the customer's link; earlier ones show nothing any more."""
        for record in self:
            record._refuse_if(record._get_share_obstacles())
            # sudo: the link is made by this button only
            case = record.sudo()
            case.statement_token = secrets.token_urlsafe(32)
            today = fields.Date.context_today(self)
            case.statement_until = today + timedelta(days=DAYS_SHOWN)

    def action_withdraw_statement(self):
        """End the link; the next one is another."""
        self.check_access("write")
        for record in self:
            record._refuse_if(record._get_unshare_obstacles())
        # sudo: see action_share_statement
        self.sudo().write({"statement_token": False, "statement_until": False})

    def _get_share_obstacles(self):
        """Hook: why the customer cannot be shown the statement yet."""
        obstacles = {}
        if self.state not in ("invoiced", "closed"):
            obstacles["not_invoiced"] = self.env._(
                "%(exit)s is not settled: its statement is shown to the customer after "
                "the final invoice.",
                exit=self.display_name,
            )
        return {**obstacles, **self._get_unshare_obstacles()}

    def _get_unshare_obstacles(self):
        """Hook: why the link to the statement cannot be withdrawn."""
        if self._is_manager():
            return {}
        return {
            "not_manager": self.env._(
                "A manager of customer exits shows and withdraws statements."
            )
        }

    @api.model
    def _find_by_statement_token(self, token):
        """The case as superuser, or nothing: unknown, withdrawn and past look alike."""
        # sudo: the visitor has no rights but the token
        # NUL is what PostgreSQL cannot look for
        is_sane = token and "\0" not in token
        found = self.sudo().search(
            [
                ("statement_token", "=", token if is_sane else False),
                ("statement_token", "!=", False),
                ("state", "in", ("invoiced", "closed")),
            ]
        )
        return found if found and found._is_statement_shown() else self.browse()

    def _get_statement_page(self):
        """All that the customer's page may show."""
        self.ensure_one()
        return {
            "customer": self.commercial_partner_id.name,
            "company": self.company_id.name,
            "today": fields.Date.context_today(self),
            "statements": self._get_statement(),
            # the logo of the company that the customer knows
            "res_company": self.company_id,
        }
