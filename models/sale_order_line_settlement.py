from odoo import Command, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from .sale_order_line import PRICE_DIGITS
from .scope_context import QUIET


class SaleOrderLine(models.Model):
    """What an order line contributes to the settlement of its customer's exit."""

    _inherit = "sale.order.line"

    def _is_order_discount(self):
        """A discount on the whole order, as Odoo's discount button adds it."""
        self.ensure_one()
        return bool(self._is_global_discount() or self._is_discount_line())

    def _follows_delivery(self):
        """A discount that nobody marked as delivered is due like the rest is."""
        return self._is_order_discount() and not self.qty_delivered

    def _get_settled_delivery(self, share):
        """(delivered quantity, price) as the settlement counts this line.

        A discount follows the delivered share by its price, to the cent, while
        nothing posted bills it; afterwards only its quantity can still change.
        """
        self.ensure_one()
        if not self._follows_delivery():
            return self.qty_delivered, self.price_unit
        if self._get_posted_lines() or not share:
            return self._round_quantity(self.product_uom_qty * share), self.price_unit
        return self.product_uom_qty, self.price_unit * share

    def _get_posted_lines(self):
        """What bills or credits this line in the books; drafts may yet be dropped."""
        self.ensure_one()
        return self.invoice_lines.filtered(
            lambda item: (
                item.parent_state == "posted"
                or item.move_id.payment_state == "invoicing_legacy"
            )
        )

    def _get_credited_quantity(self):
        """What credit notes took back, other than those that settled an exit."""
        self.ensure_one()
        credit_lines = self._get_posted_lines().filtered(
            lambda item: (
                item.move_id.move_type == "out_refund"
                and not item.move_id.exit_id
                and item.quantity > 0
            )
        )
        return sum(
            item.product_uom_id._compute_quantity(item.quantity, self.product_uom_id)
            for item in credit_lines
        )

    def _get_downpayment_left(self):
        """The price of what was paid in advance and neither deducted nor credited.

        By value: a credit note may lower a down payment's price or its quantity. Each
        document rounds it: half of an odd amount has fractions of a cent in its price.
        """
        self.ensure_one()
        rounded = self.currency_id.round
        return rounded(
            sum(
                rounded(item.quantity * item.price_unit) * -item.move_id.direction_sign
                for item in self._get_posted_lines()
            )
        )

    def _prepare_discount_vals(self, share):
        delivered, price = self._get_settled_delivery(share)
        return {
            "product_uom_qty": delivered,
            "price_unit": price,
            "discount": self.discount,
            "qty_delivered": delivered,
        }

    def _is_to_cut(self, delivered):
        """Whether this line is billed as ordered and was not delivered like that.

        What milestones deliver is a share of the ordered quantity, which must stay.
        """
        self.ensure_one()
        return (
            self.product_id.invoice_policy == "order"
            and self.qty_delivered_method != "milestones"
            and self._differs(self.product_uom_qty, delivered)
        )

    def _prepare_cut_vals(self, delivered):
        """All in one write: a quantity alone would be priced from the pricelist again.

        The delivered quantity too, which a new ordered one makes Odoo compute again.
        """
        return {
            "product_uom_qty": delivered,
            "price_unit": self.price_unit,
            "discount": self.discount,
            "qty_delivered": self.qty_delivered,
        }

    def _prepare_invoice_lines_vals_list(self, **optional_values):
        """Where an exit's settlement puts a price right, with what that takes."""
        vals_list = super()._prepare_invoice_lines_vals_list(**optional_values)
        # sudo: a step field of the exit
        corrected = self.order_id._get_settled_exit().sudo().corrected_line_ids
        if self not in corrected:
            return vals_list
        vals_list = [vals for vals in vals_list if self._differs(vals["quantity"], 0.0)]
        return vals_list + self._prepare_price_corrections(
            sequence=optional_values.get("sequence", self.sequence)
        )

    def _prepare_price_corrections(self, **values):
        """Lines that take back what was billed at another price, and bill it at this.

        The quantities cancel out: what is billed in all stays what was delivered.
        """
        vals_list = []
        for item in self._get_posted_lines():
            sign = 1 if item.move_id.move_type == "out_invoice" else -1
            units = item.product_uom_id._compute_quantity(
                item.quantity, self.product_uom_id
            )
            if not self._is_priced(item, units):
                vals_list += [
                    {
                        **self._prepare_taking_back(item, -sign * item.quantity),
                        **values,
                    },
                    self._prepare_invoice_line(quantity=sign * units, **values),
                ]
        return vals_list

    def _is_priced(self, item, units):
        """Whether a line of a document says what this line's price says, rounded."""
        difference = item.price_subtotal - self._get_untaxed(units)
        return abs(difference) <= self.currency_id.rounding * 0.51

    def _prepare_taking_back(self, item, quantity):
        """As it was billed: its price, discount, taxes, account and distribution."""
        return {
            "display_type": "product",
            "name": self.env._(
                "%(line)s: as billed by %(invoice)s",
                line=item.name or self.name,
                invoice=item.move_id.name,
            ),
            "product_id": item.product_id.id,
            "product_uom_id": item.product_uom_id.id,
            "quantity": quantity,
            "price_unit": item.price_unit,
            "discount": item.discount,
            "tax_ids": [Command.set(item.tax_ids.ids)],
            "account_id": item.account_id.id,
            "analytic_distribution": item.analytic_distribution,
            "sale_line_ids": [Command.link(self.id)],
        }

    def _refuse_other_currencies(self):
        """One document has one currency: what is in another is put right by itself."""
        for line in self:
            moves = line._get_posted_lines().move_id
            if others := moves.filtered(
                lambda move, line=line: move.currency_id != line.currency_id
            ):
                raise UserError(
                    self.env._(
                        "%(line)s was billed in another currency by %(invoices)s: "
                        "credit that document in full, or leave the difference with a "
                        "reason.",
                        line=line.display_name,
                        invoices=", ".join(others.mapped("display_name")),
                    )
                )

    def _get_settled_terms(self):
        """What settling may change; of down payments it counts what is left anew."""
        self.ensure_one()
        return [
            self.product_uom_qty,
            self.price_unit,
            self.discount,
            self.qty_delivered,
        ]

    def _prepare_agreed_vals(self, before, after):
        """The terms before settling, or nothing where somebody changed them since."""
        self.ensure_one()
        quantity, price, discount, delivered = before
        if self._differs(self.product_uom_qty, after[0]):
            return {}
        if delivered or not self._is_order_discount():
            return self._prepare_cut_vals(quantity)
        if round(self.price_unit - after[1], PRICE_DIGITS):
            return {}
        if self.price_unit and self._get_posted_lines():
            # What is billed keeps its price: the quantity makes it what was agreed.
            quantity, price = quantity * price / self.price_unit, self.price_unit
        return {
            "product_uom_qty": quantity,
            "price_unit": price,
            "discount": discount,
            "qty_delivered": delivered,
        }

    def _write_noted_once(self, vals_by_line):
        """Write what differs from line to line, and note what it changed once.

        {line: values}; the lines that get the same values are written together.
        """
        edit = self.env["scope.change"]._join_line_edit()
        quiet = self.with_context(scope_change_skip=edit or QUIET)
        for items, lines in self.grouped(
            lambda line: tuple(sorted(vals_by_line[line].items()))
        ).items():
            lines.with_env(quiet.env).write(dict(items))
        if edit is not None:
            self._end_line_edit(edit)

    def _update_line_quantity(self, values):
        # A settled order gets one note: see sale.order._write_lines.
        if self.env.context.get("settlement_note"):
            return None
        return super()._update_line_quantity(values)

    def _set_to_invoice(self, quantity):
        if self._differs(self.qty_to_invoice, quantity):
            self.qty_to_invoice = quantity

    def _differs(self, quantity, other):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return float_compare(quantity, other, precision_digits=digits) != 0

    def _is_price_included(self):
        return any(tax.price_include for tax in self.tax_ids.flatten_taxes_hierarchy())

    def _get_untaxed(self, quantity, price_unit=None):
        """The untaxed price of a quantity, unrounded unless taxes are in the price."""
        self.ensure_one()
        price = self.price_unit if price_unit is None else price_unit
        price *= 1 - self.discount / 100
        if not self._is_price_included():
            return quantity * price
        return self.tax_ids.compute_all(
            price,
            currency=self.currency_id,
            quantity=quantity,
            product=self.product_id,
            partner=self.order_id.partner_shipping_id,
        )["total_excluded"]
