from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column


class SaleOrderLine(models.Model):
    """What a line cost by list when it was sold: list prices rise, gifts do not."""

    _inherit = "sale.order.line"

    # Not precomputed: that is read as the user who sells, who may be outside the group.
    list_price_unit = fields.Float(
        "List Price",
        digits=0,
        compute="_compute_list_price_unit",
        store=True,
        aggregator=None,
        copy=False,
        groups="toxic_customer_exit.group_toxicity_user",
        help="List price of one unit on the day of the sale, untaxed, in the currency "
        "of the order.",
    )

    def _auto_init(self):
        # Lines that are there already were sold at list prices that nobody kept:
        # those of today would make gifts of every price that rose since.
        if not column_exists(self.env.cr, self._table, "list_price_unit"):
            create_column(self.env.cr, self._table, "list_price_unit", "numeric")
        return super()._auto_init()

    @api.depends("product_id", "product_uom_id", "currency_id")
    def _compute_list_price_unit(self):
        for line in self:
            line.list_price_unit = line._get_list_worth(1, line.product_uom_id.factor)

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        # Now, not with the next flush, when the list may be another one.
        # sudo: whoever sells may be outside the field's group
        lines.sudo().mapped("list_price_unit")
        return lines
