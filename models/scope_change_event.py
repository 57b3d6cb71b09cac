"""What happens beside the lines of an order, as it enters the register."""

from odoo import api, models

from .scope_change_item import TASKS


class ScopeChange(models.Model):
    """How dates, hours, tasks and objectives enter the register."""

    _inherit = "scope.change"

    @api.model
    def _record_events(self, events):
        """Note events, one change per target, kind and day; called as superuser.

        scope_change_vals in the context work as in _record_line_changes.
        """
        vals = self._get_detection_vals()
        todays = self._get_detected_today([event.target for event in events])
        for kind in dict.fromkeys(event.kind for event in events):
            group = [event for event in events if event.kind == kind]
            targets = list(dict.fromkeys(event.target for event in group))
            own = vals if kind == "scope" else {**vals, "kind": kind}
            changes = self._get_open_changes(targets, todays, own)
            self._record_event_items(group, changes)
            self.union(*changes.values())._settle_detection()

    def _record_event_items(self, events, changes):
        vals_list = []
        for event in events:
            change = changes[event.target]
            past = change.item_ids.filtered(
                lambda item, event=event: item._leads_to(event)
            )
            if past:
                past[:1]._continue_with(event)
            else:
                vals_list.append({"change_id": change.id, **event.get_item_vals()})
        self.env["scope.change.item"].create(vals_list)._set_gift()

    def _weigh_allocated_hours(self):
        """Count of allocated hours what is neither sold nor noted as extra work.

        Anew at each event: the same hours may be ordered, or stand on a task that is
        flagged, after or before they are allocated.
        """
        items = self.item_ids.filtered(lambda item: item.what == "allocated_hours")
        if not items:
            return
        contracts = items.order_id._get_contracts()
        for item in items:
            tasks = item.change_id.item_ids.filtered(lambda other: other.what in TASKS)
            sold = contracts.get(item.order_id, item.order_id).order_line
            known = item.project_id._get_sold_hours(sold) + sum(tasks.mapped("hours"))
            hours = max(0.0, item.new_number - max(item.old_number, known))
            if round(item.hours - hours, 2):
                item.hours = hours
                item._set_gift()

    def _get_rate_line(self):
        """The order line whose price an hour of this change has; may be none."""
        self.ensure_one()
        lines = self.project_id.sale_line_id | self.order_id.order_line
        return lines.filtered(lambda line: line._is_agreed() and line._get_hours(1))[:1]

    def _get_list_worth(self, hours):
        """What extra hours cost at list price, untaxed; 0 where they are billed."""
        self.ensure_one()
        hour = self.env.ref("uom.product_uom_hour")
        if line := self._get_rate_line():
            if line._is_billed_by_timesheets():
                return 0.0
            return line._get_list_worth(hours, hour.factor)
        product = self.project_id.timesheet_product_id
        prices = product._price_compute(
            "list_price", uom=hour, currency=self.currency_id, company=self.company_id
        )
        return hours * prices.get(product.id, 0.0)
