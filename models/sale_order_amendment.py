from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .scope_change import OPEN_STATES
from .scope_context import QUIET

READ_GROUP = "toxic_customer_exit.group_toxicity_user"
# Products for whose first line on an order Odoo makes a project.
NEW_PROJECT = ("project_only", "task_in_project")


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

    amended_change_ids = fields.One2many(
        "scope.change", "amendment_id", "Changes Offered", groups=READ_GROUP
    )
    # Stored: whoever confirms an order need not ask the register for that.
    is_amendment = fields.Boolean(
        compute="_compute_is_amendment",
        store=True,
        groups=READ_GROUP,
    )
    offered_change_ids = fields.One2many(
        "scope.change", compute="_compute_offered_change_ids", groups=READ_GROUP
    )

    @api.depends("amended_change_ids")
    def _compute_is_amendment(self):
        for order in self:
            order.is_amendment = bool(order.amended_change_ids)

    @api.depends("is_amendment")
    def _compute_offered_change_ids(self):
        # Orders that offer none, which are most, are not asked which.
        for order in self:
            order.offered_change_ids = order.is_amendment and order.amended_change_ids

    @api.constrains("amended_order_id", "partner_id", "currency_id")
    def _check_amended_order(self):
        for order in self.sudo().filtered("amended_order_id"):
            root = order.amended_order_id
            if root.amended_order_id or root == order:
                raise ValidationError(
                    self.env._(
                        "%(order)s is an amendment itself: amend %(root)s instead.",
                        order=root.name,
                        root=root.amended_order_id.name or root.name,
                    )
                )
            customers = (order | root).partner_id.commercial_partner_id
            if len(customers) > 1 or order.currency_id != root.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(order)s amends %(root)s, so both are for one customer and "
                        "in one currency: make a quotation of its own instead.",
                        order=order.name,
                        root=root.name,
                    )
                )

    def _action_confirm(self):
        """Go on with the amended order's project, and agree to what was offered."""
        # sudo: customers sign, and they know neither projects nor scope changes
        self.sudo()._join_amended_project()
        result = super()._action_confirm()
        self.sudo()._agree_to_changes()
        return result

    def _join_amended_project(self):
        """Odoo takes the project of a line, and makes one where it has none."""
        for order in self.filtered("is_amendment"):
            # What is planned already is billed by this order now.
            for line in order.order_line.filtered("task_id"):
                line.task_id.sale_line_id = line
            project = order.project_id or order.amended_order_id.project_id
            if project:
                order.order_line.filtered(
                    lambda line: (
                        line.product_id.service_tracking in NEW_PROJECT
                        and not line.project_id
                    )
                ).project_id = project

    def _agree_to_changes(self):
        for order in self.filtered("is_amendment"):
            changes = order.amended_change_ids._as_members()
            order._allocate_amended_hours(changes)
            signed = order.signed_by or order.env.user.name
            changes.filtered(
                lambda change: change.state in (*OPEN_STATES, "declined")
            )._follow_amendment(
                "agreed",
                self.env._(
                    "%(order)s was confirmed by %(who)s.", order=order.name, who=signed
                ),
            )

    def _allocate_amended_hours(self, changes):
        """Plan the hours that were sold now, but for those planned in advance."""
        project = self.project_id
        raised = sum(
            item.new_number - item.old_number
            for item in changes.item_ids
            if item.what == "allocated_hours" and item.project_id == project
        )
        hours = self._get_ordered_hours() - raised
        if project and hours > 0:
            quiet = project.with_context(scope_change_skip=QUIET)
            quiet.allocated_hours += hours

    def _action_cancel(self):
        result = super()._action_cancel()
        for order in self.sudo().filtered("is_amendment"):
            changes = order.amended_change_ids._as_members()
            changes.filtered(
                lambda change: change.state in (*OPEN_STATES, "agreed")
            )._follow_amendment(
                "declined",
                self.env._("%(order)s was cancelled.", order=order.name),
            )
        return result

    def action_view_amendments(self):
        """Open the orders that amend this one."""
        self.ensure_one()
        # The button's method is public, and customers can read their orders.
        self.env["scope.change"].check_access("read")
        return (
            self.sudo()
            .amendment_ids.sudo(False)
            ._get_records_action(name=self.env._("Amendments"))
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
