from odoo import fields, models

READ_GROUP = "toxic_customer_exit.group_toxicity_user"


class SaleOrder(models.Model):
    """Orders that amend another one, which together are what was agreed."""

    _inherit = "sale.order"

    amended_order_id = fields.Many2one(
        "sale.order",
        "Amends",
        readonly=True,
        copy=False,
        check_company=True,
        index="btree_not_null",
        groups=READ_GROUP,
        help="The order that this one changes, whose project it goes on with.",
    )
    amendment_ids = fields.One2many(
        "sale.order", "amended_order_id", "Amendments", groups=READ_GROUP
    )

    def _get_contract_root(self):
        """The orders themselves, and for amendments those that they amend."""
        # sudo: orders are worked on by people outside the field's group
        orders = self.sudo()
        return orders.union(
            *(order.amended_order_id or order for order in orders)
        ) - orders.filtered("amended_order_id")

    def _get_contracts(self):
        """{order: it with its confirmed amendments}."""
        orders = self.sudo()
        amendments = orders.search(
            [("amended_order_id", "in", orders.ids), ("state", "=", "sale")]
        ).grouped("amended_order_id")
        return {order: order | amendments.get(order, order) for order in orders}

    def _get_contract_hours(self):
        """{order: hours sold by it and by its confirmed amendments}."""
        return {
            order: sum(sold._get_ordered_hours() for sold in contract)
            for order, contract in self._get_contracts().items()
        }

    def _get_logged_hours(self):
        """{order: hours logged on it and on its confirmed amendments}."""
        contracts = self._get_contracts()
        hour = self.env.ref("uom.product_uom_hour")
        logged = {}
        for order, unit, amount in (
            self.env["account.analytic.line"]
            .sudo()
            ._read_group(
                [
                    ("order_id", "in", self.union(*contracts.values()).ids),
                    ("project_id", "!=", False),
                ],
                ["order_id", "product_uom_id"],
                ["unit_amount:sum"],
            )
        ):
            hours = amount
            if unit and unit._has_common_reference(hour):
                hours = unit._compute_quantity(amount, hour, round=False)
            logged[order] = logged.get(order, 0.0) + hours
        return {
            order: sum(logged.get(part, 0.0) for part in contract)
            for order, contract in contracts.items()
        }
