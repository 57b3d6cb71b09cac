from odoo import api, models
from odoo.tools import formatLang

from .line_terms import LineTerms

WATCHED_FIELDS = {"product_uom_qty", "price_unit", "discount"}
# Prices may be given finer than Product Price shows them; below this it is noise.
PRICE_DIGITS = 6


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        """Note a line added to a confirmed order as a scope change."""
        lines = super().create(vals_list)
        lines._detect_scope_changes({})
        return lines

    def write(self, vals):
        """Note what an edit changes on a confirmed order as a scope change.

        See scope.change._record_line_changes for what code may say about it.
        """
        if WATCHED_FIELDS.isdisjoint(vals):
            return super().write(vals)
        before = self._get_line_terms()
        if not before:
            return super().write(vals)
        # Odoo reprices lines within the write: compare once, when all is done.
        quiet = self.with_context(scope_change_skip=True)
        result = super(SaleOrderLine, quiet).write(vals)
        self._detect_scope_changes(before)
        return result

    def _detect_scope_changes(self, before):
        """Compare with *before* ({line: LineTerms}); absent lines are new ones."""
        digits = self._get_scope_digits()
        moves = {
            line: (before.get(line), after)
            for line, after in self._get_line_terms().items()
            if before.get(line, LineTerms(price=after.price)).get_changed(after, digits)
        }
        if moves:
            # Who edits the order may not know scope changes; they are noted anyway.
            self.env["scope.change"].sudo()._record_line_changes(moves)

    @api.model
    def _get_scope_digits(self):
        precision = self.env["decimal.precision"].precision_get
        return {
            "quantity": precision("Product Unit"),
            "price": PRICE_DIGITS,
            "discount": precision("Discount"),
        }

    def _get_line_terms(self):
        """Return {line: LineTerms} of the lines that are part of what was agreed."""
        silent = ("scope_change_skip", "import_file", "install_mode")
        if any(map(self.env.context.get, silent)):
            return {}
        # Detection must not depend on what the editing user may read.
        lines = self.sudo().filtered(lambda line: line._is_agreed())
        return {
            line: LineTerms(
                line.product_uom_qty,
                line.price_unit,
                line.discount,
                line._get_hours(line.product_uom_qty),
                line.price_subtotal,
            )
            for line in lines
        }

    def _is_agreed(self):
        """Hook: whether changing this line changes what the customer has ordered."""
        self.ensure_one()
        return self.order_id.state == "sale" and not (
            self.display_type or self.is_downpayment or self.is_expense
        )

    def _get_hours(self, quantity):
        """Return *quantity* of this line in hours, 0 when not sold by time."""
        self.ensure_one()
        # Not env.ref, which asks the database for every line whether it still exists.
        hour_id = self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_hour")
        unit, hour = self.product_uom_id, self.env["uom.uom"].browse(hour_id)
        if not unit or not unit._has_common_reference(hour):
            return 0.0
        return unit._compute_quantity(quantity, hour, round=False)

    def _get_list_price(self):
        """Return the product's list price in the unit and currency of this line."""
        self.ensure_one()
        return self.product_id._price_compute(
            "list_price",
            uom=self.product_uom_id,
            currency=self.currency_id,
            company=self.company_id,
        ).get(self.product_id.id, 0.0)

    def _format_term(self, name, value):
        """Return a quantity, price or discount of this line as people read it."""
        if name == "price":
            return formatLang(self.env, value, currency_obj=self.currency_id)
        if name == "discount":
            return f"{formatLang(self.env, value, dp='Discount')} %"
        quantity = formatLang(self.env, value, dp="Product Unit")
        return f"{quantity} {self.product_uom_id.name or ''}".strip()
