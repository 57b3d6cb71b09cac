from typing import NamedTuple

from odoo import Command, models


class ComingInvoice(NamedTuple):
    """A document of the final invoice before it is made; credit is negative."""

    partner: models.BaseModel
    currency: models.BaseModel
    orders: models.BaseModel
    untaxed: float
    tax: float
    total: float


class CustomerExit(models.Model):
    """What the final invoice comes to, document by document, before it is issued.

    Odoo prepares the documents and its tax engine adds them up, as it will do then;
    nothing is written. The tests compare with what is posted.
    """

    _inherit = "customer.exit"

    def _get_coming_invoices(self, planned, corrected):
        """[ComingInvoice]; `planned` is {order line: (quantity to bill, price)}, and
        `corrected` the order lines that are put to their price.
        """
        self.ensure_one()
        case = self._in_settlement()
        groups = {}
        for order in case._get_settlement_orders():
            lines = {
                line: planned[line]
                for line in order._get_settlement_lines()
                if line in corrected
                or (line in planned and line._differs(planned[line][0], 0.0))
            }
            if lines:
                order = order.with_company(order.company_id)
                vals = order._prepare_invoice()
                key = tuple(
                    vals.get(name) for name in order._get_invoice_grouping_keys()
                )
                groups.setdefault(key, []).append((order, vals, lines))
        return [case._add_up_coming(parts, corrected) for parts in groups.values()]

    def _add_up_coming(self, parts, corrected):
        """Orders of one key are billed on one document, as Odoo groups them."""
        vals = parts[0][1]
        # Down payments come last, as on the document.
        items = sorted(
            (
                (line, *planned)
                for _order, _vals, lines in parts
                for line, planned in lines.items()
            ),
            key=lambda item: item[0].is_downpayment,
        )
        vals["invoice_line_ids"] = [
            Command.create(line_vals)
            for line, quantity, price in items
            for line_vals in (
                *self._prepare_coming_lines(line, quantity, price),
                *(line._prepare_price_corrections() if line in corrected else ()),
            )
        ]
        move = (
            self.env["account.move"]
            .with_context(default_move_type="out_invoice")
            .new({name: value for name, value in vals.items() if name in COMING})
        )
        totals = move.tax_totals
        return ComingInvoice(
            move.partner_id._origin,
            move.currency_id,
            self.env["sale.order"].union(*(order for order, _vals, _lines in parts)),
            *map(
                move.currency_id.round,
                (
                    totals["base_amount_currency"]
                    + totals.get("cash_rounding_base_amount_currency", 0.0),
                    totals["tax_amount_currency"],
                    totals["total_amount_currency"],
                ),
            ),
        )

    def _prepare_coming_lines(self, line, quantity, price_unit):
        """The values of the document's lines; as Odoo's invoicing prepares them."""
        if not line.is_downpayment:
            return line._prepare_invoice_lines_vals_list(
                quantity=quantity, price_unit=price_unit
            )
        taxes = self.env["account.tax"]
        return line._prepare_invoice_lines_vals_list(
            quantity=-1.0,
            price_unit=price_unit,
            extra_tax_data=taxes._reverse_quantity_base_line_extra_tax_data(
                line.extra_tax_data
            ),
        )


# What amounts depend on; the rest of the values links what exists.
COMING = {
    "move_type",
    "currency_id",
    "partner_id",
    "partner_shipping_id",
    "fiscal_position_id",
    "invoice_payment_term_id",
    "company_id",
    "journal_id",
    "invoice_line_ids",
}
