from odoo import Command, api, models
from odoo.tools import formatLang

from .line_terms import LineTerms

WATCHED_FIELDS = {"product_uom_qty", "product_uom_id", "price_unit", "discount"}
# Prices may be given finer than Product Price shows them; below this it is noise.
PRICE_DIGITS = 6


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        """Note a line added to a confirmed order as a scope change."""
        edit = self.env["scope.change"]._join_line_edit()
        if edit is None:
            return super().create(vals_list)
        orders = self.env["sale.order"].browse(
            {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        )
        # sudo: detection must not depend on what the editing user may read
        edit.remember(orders.sudo().filtered(lambda order: order.state == "sale"))
        # The project that Odoo makes for the line is part of what the line changes.
        quiet = self.with_context(scope_change_skip=edit)
        lines = super(SaleOrderLine, quiet).create(vals_list).with_env(self.env)
        edit.before.update(dict.fromkeys(lines._filter_agreed()))
        self._end_line_edit(edit)
        return lines

    def write(self, vals):
        """Note what an edit changes on a confirmed order as a scope change.

        See scope.change._record_line_changes for what code may say about it.
        """
        if WATCHED_FIELDS.isdisjoint(vals):
            return super().write(vals)
        edit = self.env["scope.change"]._join_line_edit()
        before = {} if edit is None else self._get_line_terms()
        if not before:
            return super().write(vals)
        edit.before = {**before, **edit.before}
        edit.remember(self.browse().union(*before).order_id)
        # Odoo reprices lines within the write: compare once, when all is done.
        quiet = self.with_context(scope_change_skip=edit)
        result = super(SaleOrderLine, quiet).write(vals)
        self._end_line_edit(edit)
        return result

    @api.model
    def _end_line_edit(self, edit):
        """Note by what lines differ after a save, unless it is part of a larger one."""
        if self.env.context.get("scope_change_skip") is edit:
            return
        digits = self._get_scope_digits()
        lines = self.browse().union(*edit.before)
        moves = {
            line: (edit.before[line], after)
            for line, after in lines._get_line_terms().items()
            if (edit.before[line] or after.without_quantity()).get_changed(
                after, digits
            )
        }
        if moves:
            # Who edits the order may not know scope changes; they are noted anyway.
            self.env["scope.change"].sudo()._record_line_changes(moves, edit.totals)

    @api.model
    def _get_scope_digits(self):
        precision = self.env["decimal.precision"].precision_get
        return {
            "uom": PRICE_DIGITS,
            "quantity": precision("Product Unit"),
            "price": PRICE_DIGITS,
            "discount": precision("Discount"),
        }

    def _get_line_terms(self):
        """Return {line: LineTerms} of the lines that are part of what was agreed."""
        return {
            line: LineTerms(
                uom=line.product_uom_id.factor,
                quantity=line.product_uom_qty,
                price=line.price_unit,
                discount=line.discount,
                hours=line._get_hours(line.product_uom_qty),
                subtotal=line.price_subtotal,
                uom_name=line.product_uom_id.name or "",
            )
            for line in self._filter_agreed()
        }

    def _filter_agreed(self):
        # Detection must not depend on what the editing user may read.
        return self.sudo().filtered(lambda line: line._is_agreed())

    def _is_agreed(self):
        """Hook: whether changing this line changes what the customer has ordered."""
        self.ensure_one()
        return self.order_id.state == "sale" and self._is_part_of_order()

    def _is_part_of_order(self):
        self.ensure_one()
        return not (self.display_type or self.is_downpayment or self.is_expense)

    def _is_billed_by_timesheets(self):
        self.ensure_one()
        return self.product_id.service_policy == "delivered_timesheet"

    def _timesheet_create_project_prepare_values(self):
        """Give the project the objectives of its order."""
        values = super()._timesheet_create_project_prepare_values()
        # sudo: whoever confirms, the customer too, is outside the field's group
        return {**values, "objectives": self.sudo().order_id.objectives}

    def _get_hours(self, quantity):
        """Return *quantity* of this line in hours, 0 when not sold by time."""
        self.ensure_one()
        hours = self.env["uom.uom"]._get_hours_by_unit()
        return quantity * hours.get(self.product_uom_id.id, 0.0)

    def _get_list_worth(self, quantity, uom_factor):
        """Return what a quantity in units of that size costs at list price, untaxed."""
        self.ensure_one()
        product, own_factor = self.product_id, self.product_uom_id.factor
        if not quantity or not product:
            return 0.0
        price = product._price_compute(
            "list_price",
            uom=self.product_uom_id,
            currency=self.currency_id,
            company=self.company_id,
        ).get(product.id, 0.0)
        quantity *= uom_factor / own_factor if own_factor else 1.0
        taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        if not any(tax.price_include for tax in taxes.flatten_taxes_hierarchy()):
            return quantity * price
        # A list price that includes taxes is no gift to that part.
        return taxes.compute_all(
            price, currency=self.currency_id, quantity=quantity, product=product
        )["total_excluded"]

    def _prepare_terms_vals(self, terms):
        """All in one write: Odoo prices a quantity alone from the pricelist again."""
        vals = {
            "product_uom_qty": terms.quantity,
            "price_unit": terms.price,
            "discount": terms.discount,
        }
        if self.product_uom_id.factor != terms.uom:
            vals["product_uom_id"] = self._find_unit(terms.uom).id
        return vals

    def _find_unit(self, factor):
        root = self.product_uom_id.parent_path.split("/")[0]
        units = self.env["uom.uom"].search([("parent_path", "=like", f"{root}/%")])
        return units.filtered(lambda unit: unit.factor == factor)[:1]

    def _prepare_amendment_lines(self, agreed, asked):
        """The lines that together cost what *asked* costs more than *agreed*."""
        self.ensure_one()
        common = {
            "product_id": self.product_id.id,
            "tax_ids": [Command.set(self.tax_ids.ids)],
        }
        unit = agreed.uom or 1.0
        quantity = self._round_quantity((asked.get_size() - agreed.get_size()) / unit)
        price, discount = asked.price * unit / (asked.uom or 1.0), asked.discount
        if not asked.get_net_price():
            # What was added for nothing is offered at its price.
            price, discount = self._get_list_worth(1, unit), 0.0
        vals_list = []
        if quantity:
            vals_list.append(
                {
                    **common,
                    "name": self.name,
                    # The work of a new line is planned already.
                    "task_id": not agreed.quantity and self.task_id.id,
                    "product_uom_id": self.product_uom_id.id
                    if self.product_uom_id.factor == unit
                    else self._find_unit(unit).id,
                    "product_uom_qty": quantity,
                    "price_unit": price,
                    "discount": discount,
                }
            )
        moved = (asked.get_unit_value() - agreed.get_unit_value()) * agreed.get_size()
        if self.currency_id.compare_amounts(moved, 0):
            name = self.name.split("\n")[0]
            vals_list.append(
                {
                    **common,
                    "product_id": self._get_price_product().id,
                    "name": self.env._("%(line)s: other price", line=name),
                    "product_uom_qty": 1,
                    "price_unit": moved,
                    "discount": 0.0,
                }
            )
        return vals_list

    def _get_price_product(self):
        """The product that stands for money off the price, as Odoo's own discounts."""
        # sudo: Odoo lets administrators make it on its first use, whoever that is
        wizard = self.env["sale.order.discount"].sudo()
        return wizard.new({"sale_order_id": self.order_id.id})._get_discount_product()

    def _format_term(self, name, terms):
        """Return one of the terms of this line as people read it."""
        value = getattr(terms, name)
        if name == "uom":
            return terms.uom_name
        if name == "price":
            return formatLang(self.env, value, currency_obj=self.currency_id)
        if name == "discount":
            return f"{formatLang(self.env, value, dp='Discount')} %"
        quantity = formatLang(self.env, value, dp="Product Unit")
        return f"{quantity} {terms.uom_name}".strip()

    def _round_quantity(self, quantity):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return round(quantity, digits)
