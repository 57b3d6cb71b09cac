from markupsafe import Markup

from odoo import models

from .scope_context import ChangeVals


class SettledExit(int):
    """settled_exit in the context: the id of the exit that is being settled.

    Clients fill contexts as well: this counts only because no client can make one.
    """


class SaleOrder(models.Model):
    """Orders as the final invoice prepares and bills them, many at a time."""

    _inherit = "sale.order"

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
        vals_by_line = {}
        for order in self:
            lines = order._get_settlement_lines()
            due = lines.filtered(lambda line: line._follows_delivery())
            share = order._get_delivered_share() if due else 0.0
            vals_by_line |= {line: line._prepare_discount_vals(share) for line in due}
        self._write_lines(vals_by_line, scope_change_vals)

    def _cut_to_delivered(self, plan, scope_change_vals):
        """Make lines billed as ordered say what was delivered, down payments what is
        left of them.
        """
        vals_by_line = {}
        for entry in plan:
            line = entry.line
            if line.is_downpayment:
                if line.price_unit != entry.price_unit:
                    vals_by_line[line] = {"price_unit": entry.price_unit}
            elif line._is_to_cut(entry.delivered):
                vals_by_line[line] = line._prepare_cut_vals(entry.delivered)
        self._write_lines(vals_by_line, scope_change_vals)

    def _bill_combos_with_items(self):
        """A combo is the title of its items: billed if they are, as many as they are.

        Odoo computes that from the items before it is known what of them is due.
        """
        lines = self.order_line
        for combo in lines.filtered(lambda line: line.product_id.type == "combo"):
            items = combo.linked_line_ids.filtered("combo_item_id")
            quantities = items.mapped("qty_to_invoice")
            combo._set_to_invoice(max(quantities, key=abs, default=0.0))

    def _write_lines(self, vals_by_line, scope_change_vals, title=None):
        """Write lines of orders, locked or not, as one scope change of each order."""
        lines = self.env["sale.order.line"].union(*vals_by_line)
        title = title or self.env._(
            "The ordered quantities were set to what was delivered."
        )
        notes = self._get_quantities_notes(vals_by_line, title)
        locked = lines.order_id.filtered("locked")
        locked.action_unlock()
        lines.with_context(
            scope_change_vals=ChangeVals(scope_change_vals),
            no_update_allocated_hours=True,
            settlement_note=True,
        )._write_noted_once(vals_by_line)
        if notes:
            self.browse(notes)._message_log_batch(notes)
        locked.action_lock()

    def _put_back(self, vals_by_line, scope_change_vals):
        """Make lines say again what was agreed."""
        title = self.env._("The ordered quantities were set back to what was agreed.")
        self._write_lines(vals_by_line, scope_change_vals, title)

    def _get_quantities_notes(self, vals_by_line, title):
        """{order id: one note}, where Odoo would post one for each of its lines."""
        items = {}
        for line, vals in vals_by_line.items():
            quantity = vals.get("product_uom_qty", line.product_uom_qty)
            if line._differs(line.product_uom_qty, quantity):
                items.setdefault(line.order_id.id, []).append(
                    Markup("<li>%s: %s → %s</li>")
                    % (line.product_id.display_name, line.product_uom_qty, quantity)
                )
        return {
            order_id: Markup("<b>%s</b><ul>%s</ul>") % (title, Markup("").join(texts))
            for order_id, texts in items.items()
        }

    def _create_account_invoices(self, invoice_vals_list, final):
        """What settles an exit says so, and is in order, before it is a document:
        every later write would balance the whole document again.
        """
        if settled := self._get_settled_exit():
            for vals in invoice_vals_list:
                vals["exit_id"] = settled.id
                self._put_down_payments_last(vals["invoice_line_ids"])
        return super()._create_account_invoices(invoice_vals_list, final)

    def _get_settled_exit(self):
        """The exit that is being settled right now, or none."""
        exit_id = self.env.context.get("settled_exit")
        exits = self.env["customer.exit"]
        return exits.browse(int(exit_id) if isinstance(exit_id, SettledExit) else ())

    def _get_invoiceable_lines(self, final=False):
        """Also what was billed at another price, if nothing of it is left to bill."""
        lines = super()._get_invoiceable_lines(final)
        corrected = self._get_settled_exit()._get_corrected_lines() & self.order_line
        if not corrected - lines:
            return lines
        advances = lines.filtered("is_downpayment")
        return (lines - advances) | corrected | advances

    def _put_down_payments_last(self, commands):
        """Orders billed together: none has its lines under another's down payments."""
        advances = {
            index for index, command in enumerate(commands) if is_advance(command)
        }
        advances |= {
            index - 1 for index in advances if index and is_section(commands[index - 1])
        }
        order = sorted(range(len(commands)), key=advances.__contains__)
        if order != sorted(order):
            commands[:] = [commands[index] for index in order]
            for sequence, (_command, _id, vals) in enumerate(commands, 1):
                vals["sequence"] = sequence


def is_advance(command):
    return command[2].get("is_downpayment")


def is_section(command):
    return command[2].get("display_type") == "line_section"
