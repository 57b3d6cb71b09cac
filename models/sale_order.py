from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

READ_GROUP = "toxic_customer_exit.group_toxicity_user"
BASELINE_FIELDS = {"baseline_amount", "baseline_hours", "date_baseline"}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    baseline_amount = fields.Monetary(
        readonly=True,
        copy=False,
        groups=READ_GROUP,
        help="Untaxed amount when the customer ordered; never rewritten.",
    )
    baseline_hours = fields.Float(readonly=True, copy=False, groups=READ_GROUP)
    date_baseline = fields.Datetime(readonly=True, copy=False, groups=READ_GROUP)
    scope_change_ids = fields.One2many(
        "scope.change", "order_id", "Scope Changes", groups=READ_GROUP
    )
    scope_change_count = fields.Integer(
        compute="_compute_scope_change_count", groups=READ_GROUP
    )

    def _compute_scope_change_count(self):
        counts = dict(
            self.env["scope.change"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
        )
        for order in self:
            order.scope_change_count = counts.get(order._origin, 0)

    @api.model_create_multi
    def create(self, vals_list):
        # An order may be created as confirmed: its lines are the agreement itself.
        quiet = self.with_context(scope_change_skip=True)
        orders = super(SaleOrder, quiet).create(vals_list).with_env(self.env)
        confirmed = orders.filtered(lambda order: order.state == "sale")
        # Odoo confirms some of them itself while creating them.
        confirmed.filtered(lambda order: not order.sudo().date_baseline)._set_baseline()
        return orders

    def write(self, vals):
        """Note all the lines edited in one save together as scope changes."""
        self._refuse_new_baseline(vals)
        if "order_line" not in vals:
            return super().write(vals)
        confirmed = self.filtered(lambda order: order.state == "sale")
        before = confirmed.order_line._get_line_terms()
        quiet = self.with_context(scope_change_skip=True)
        result = super(SaleOrder, quiet).write(vals)
        confirmed.order_line._detect_scope_changes(before)
        return result

    def _refuse_new_baseline(self, vals):
        if BASELINE_FIELDS.isdisjoint(vals):
            return
        # Read as superuser: who writes here may be outside the fields' group.
        if order := self.sudo().filtered("date_baseline")[:1]:
            raise ValidationError(
                self.env._(
                    "The baseline of %(order)s says what was agreed and stays as it "
                    "is: write down a scope change instead.",
                    order=order.name,
                )
            )

    def _action_confirm(self):
        quiet = self.with_context(scope_change_skip=True)
        result = super(SaleOrder, quiet)._action_confirm()
        self._set_baseline()
        return result

    def _set_baseline(self):
        """Keep what was agreed; what a second confirmation moved is a change of it.

        A cancelled order that is reset, edited and confirmed again was agreed anew.
        Its baseline stays, so that what customers first signed remains comparable;
        the difference becomes one agreed scope change.
        """
        # Whoever confirms, the portal customer too, is outside the fields' group.
        orders = self.sudo()
        first = orders.filtered(lambda order: not order.date_baseline)
        for order in first:
            order.write(
                {
                    "baseline_amount": order.amount_untaxed,
                    "baseline_hours": order._get_ordered_hours(),
                    "date_baseline": fields.Datetime.now(),
                }
            )
        if again := orders - first:
            self.env["scope.change"].sudo()._record_confirmed_again(again)

    def _get_ordered_hours(self):
        self.ensure_one()
        return sum(
            line._get_hours(line.product_uom_qty)
            for line in self.order_line
            if line._is_agreed()
        )

    def action_view_scope_changes(self):
        """Open the scope changes of this order."""
        self.ensure_one()
        return self.env["scope.change"]._get_action_for(
            [("order_id", "=", self.id)],
            {
                "default_order_id": self.id,
                "default_partner_id": self.partner_id.id,
                "default_project_id": self.sudo().project_id.id,
            },
        )

    def _get_settlement_lines(self):
        """The lines that can carry money; a combo's price is on its items."""
        return self.order_line.filtered(
            lambda line: not line.display_type and line.product_id.type != "combo"
        )

    def _get_delivered_share(self):
        """Which part of the agreed value was delivered, between 0 and 1.

        A discount agreed on the whole order is due in this proportion.
        """
        self.ensure_one()
        lines = self._get_settlement_lines().filtered(
            lambda line: (
                not (
                    line.is_downpayment or line.is_expense or line._is_order_discount()
                )
            )
        )
        ordered = sum(
            line.product_uom_qty * line._get_discounted_price() for line in lines
        )
        delivered = sum(
            line.qty_delivered * line._get_discounted_price() for line in lines
        )
        if ordered <= 0:
            return 1.0 if delivered > 0 else 0.0
        return max(0.0, min(1.0, delivered / ordered))

    def _settle_discounts(self, scope_change_vals):
        """Make discounts on the whole order say what is due of them."""
        share = self._get_delivered_share()
        lines = self._get_settlement_lines()
        self._write_lines(
            {
                line: line._prepare_discount_vals(share)
                for line in lines
                if line._follows_delivery()
            },
            scope_change_vals,
        )

    def _cut_to_delivered(self, entries, scope_change_vals):
        """Make lines billed as ordered say what was delivered, down payments what is
        left of them: {line: SettlementLine}.
        """
        vals_by_line = {}
        for line in self._get_settlement_lines():
            entry = entries[line]
            if line.is_downpayment:
                if line.price_unit != entry.price_unit:
                    vals_by_line[line] = {"price_unit": entry.price_unit}
            elif line._is_to_cut(entry.delivered):
                vals_by_line[line] = line._prepare_cut_vals(entry.delivered)
        self._write_lines(vals_by_line, scope_change_vals)

    def _write_lines(self, vals_by_line, scope_change_vals):
        """Write lines of one order, locked or not, as one scope change."""
        self.ensure_one()
        if not vals_by_line:
            return
        locked = self.filtered("locked")
        locked.action_unlock()
        note = self._get_quantities_note(vals_by_line)
        self.with_context(
            scope_change_vals=scope_change_vals,
            no_update_allocated_hours=True,
            settlement_note=True,
        ).write(
            {
                "order_line": [
                    Command.update(line.id, vals) for line, vals in vals_by_line.items()
                ]
            }
        )
        if note:
            self.message_post(body=note)
        locked.action_lock()

    def _get_quantities_note(self, vals_by_line):
        """One note for the order, where Odoo would post one for each of its lines."""
        items = Markup("").join(
            Markup("<li>%s: %s → %s</li>")
            % (line.product_id.display_name, line.product_uom_qty, quantity)
            for line, vals in vals_by_line.items()
            if (quantity := vals.get("product_uom_qty")) is not None
            and line._differs(line.product_uom_qty, quantity)
        )
        title = self.env._("The ordered quantities were set to what was delivered.")
        return items and Markup("<b>%s</b><ul>%s</ul>") % (title, items)
