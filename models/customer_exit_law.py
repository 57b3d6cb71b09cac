from collections import defaultdict
from datetime import date
from typing import NamedTuple

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL, float_compare


class Billed(NamedTuple):
    """What posted documents say about one order line; credit notes count down."""

    quantity: float
    credited: float
    amount: float
    documents: int


class BilledItem(NamedTuple):
    """A line of a posted document; the sign is that of its effect on the bill."""

    sign: int
    quantity: float
    uom_id: int
    amount: float
    currency_id: int
    date: date
    is_settling: bool


class CustomerExit(models.Model):
    """The proof of the final invoice, apart from its preparation.

    Σ posted invoices − Σ credit notes = Σ (delivered − forgiven) × price × (1 −
    discount) + what a manager left as billed at another price, line by line and with a
    reason (see customer_exit_price.py).

    It reads posted documents line by line and deliveries; it trusts neither
    `qty_invoiced` nor `qty_to_invoice`, on which the preparation works.
    """

    _inherit = "customer.exit"

    def _get_law_lines(self):
        lines = self._get_settlement_orders().order_line
        return lines.filtered(
            lambda line: not line.display_type and line.product_id.type != "combo"
        )

    def _get_promise(self):
        """{order line: quantity that has to be billed in the end}, before billing."""
        lines = self._get_law_lines()
        billed = self._get_billed(lines)
        promise = {}
        for line in lines:
            delivered = 0.0 if line.is_downpayment else line.qty_delivered
            open_quantity = max(0.0, delivered - billed[line].quantity)
            forgiven = min(billed[line].credited, open_quantity)
            is_kept = line.is_downpayment or line in self.rebill_line_ids
            promise[line] = delivered - (0.0 if is_kept else forgiven)
        return promise

    def _get_billed(self, lines):
        """{order line: Billed} from the posted invoices and credit notes."""
        items_by_line = defaultdict(list)
        if lines:
            self.env["account.move"].flush_model()
            self.env["account.move.line"].flush_model()
            for line_id, *item in self.env.execute_query(self._get_items_query(lines)):
                items_by_line[line_id].append(BilledItem(*item))
        return {line: self._sum_billed(line, items_by_line[line.id]) for line in lines}

    def _get_items_query(self, lines):
        # SQL: all documents count, whoever may read them, and as PostgreSQL has them
        return SQL(
            """
            SELECT rel.order_line_id,
                   CASE move.move_type WHEN 'out_invoice' THEN 1 ELSE -1 END,
                   item.quantity, item.product_uom_id, item.price_subtotal,
                   item.currency_id, move.invoice_date, move.exit_id IS NOT NULL
              FROM sale_order_line_invoice_rel rel
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
             WHERE rel.order_line_id = ANY(%s)
               AND item.display_type = 'product'
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND (move.state = 'posted' OR move.payment_state = 'invoicing_legacy')
          ORDER BY item.id
            """,
            lines.ids,
        )

    def _sum_billed(self, line, items):
        quantity = credited = amount = 0.0
        for item in items:
            units = self._convert_units(item, line)
            quantity += item.sign * units
            amount += item.sign * self._convert_amount(item, line)
            if item.sign < 0 and units > 0 and not item.is_settling:
                credited += units
        return Billed(quantity, credited, amount, len(items))

    def _convert_units(self, item, line):
        if item.uom_id in (None, line.product_uom_id.id):
            return item.quantity
        unit = self.env["uom.uom"].browse(item.uom_id)
        return unit._compute_quantity(item.quantity, line.product_uom_id)

    def _convert_amount(self, item, line):
        if item.currency_id == line.currency_id.id:
            return item.amount
        currency = self.env["res.currency"].browse(item.currency_id)
        return currency._convert(
            item.amount, line.currency_id, line.company_id, item.date
        )

    def _get_deviations(self, lines, promise, billed):
        """{order line: billed − promised, untaxed} where they disagree."""
        accepted = self._get_accepted_differences()
        deviations = {}
        for line in lines:
            due = 0.0 if line.is_downpayment else line._get_untaxed(promise[line])
            due += accepted.get(line.id, 0.0)
            difference = billed[line].amount - due
            if not self._is_rounding(difference, line, billed[line].documents):
                deviations[line] = difference
        return deviations

    def _is_rounding(self, difference, line, documents):
        if abs(difference) < line.currency_id.rounding / 100:
            return True
        return abs(difference) <= self._get_rounding_room(line, documents)

    def _get_rounding_room(self, line, documents):
        """Each document rounds its lines by itself: half a unit at most per line.

        Rounded globally, Odoo shares the difference of a document out among its
        lines, a unit for each at most.
        """
        unit = line.currency_id.rounding
        is_global = line.company_id.tax_calculation_rounding_method == "round_globally"
        per_document = unit if is_global else unit / 2
        included = unit / 2 if line._is_price_included() else 0.0
        # and a hair for binary fractions that sit on the half
        return per_document * max(documents, 1) + included + unit / 100

    def _prove_law(self, promise, moves):
        """Raise, naming the difference, unless the law of the final invoice holds."""
        self.env.flush_all()
        breaches = self._get_breaches(promise)
        unposted = moves.filtered(lambda move: move.state != "posted")
        if breaches or unposted:
            raise UserError(
                self.env._(
                    "The final invoice of %(customer)s would not add up: %(lines)s. "
                    "Nothing was changed; correct these lines or their invoices.",
                    customer=self.commercial_partner_id.display_name,
                    lines=self._describe_deviations(breaches)
                    or self._name_some(unposted),
                )
            )

    def _get_breaches(self, promise):
        """{order line: billed − promised, untaxed}, for every line there is now.

        Quantities are compared too: what a line bills too much must not hide behind
        rounding, nor behind another line. Down payments count by value alone.
        """
        lines = self._get_law_lines()
        billed = self._get_billed(lines)
        known = lines.filtered(lambda line: line in promise)
        breaches = self._get_deviations(known, promise, billed)
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        for line in lines:
            due = promise.get(line, 0.0)
            is_off = float_compare(billed[line].quantity, due, precision_digits=digits)
            if line not in promise or is_off and not line.is_downpayment:
                breaches[line] = billed[line].amount - line._get_untaxed(due)
        return breaches

    def _describe_deviations(self, deviations):
        return ", ".join(
            self.env._(
                "%(line)s by %(amount)s",
                line=line.display_name,
                amount=line.currency_id.format(amount),
            )
            for line, amount in deviations.items()
        )
