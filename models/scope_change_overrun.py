"""Hours logged beyond those sold."""

from odoo import api, models
from odoo.tools import formatLang

from .scope_change_item import EXTRA_WORK
from .scope_event import ScopeEvent


class ScopeChange(models.Model):
    _inherit = "scope.change"

    @api.model
    def _record_overrun(self, orders):
        """Note at 100 % of the hours sold, and at each further tenth, once each.

        orders: those that amendments belong to, whose hours count with theirs. What
        the register knows already, as hours allocated or on flagged tasks, is left
        out. Called as superuser.
        """
        sold, logged = orders._get_contract_hours(), orders._get_logged_hours()
        over = orders.filtered(lambda order: 0 < sold[order] < logged[order])
        if not over:
            return
        items = self.env["scope.change.item"].search(
            [("order_id", "in", over.ids), ("what", "in", EXTRA_WORK)]
        )
        events = [
            event
            for order in over
            if (
                event := self._get_overrun_event(
                    order,
                    round(sold[order], 2),
                    round(logged[order], 2),
                    items.filtered(lambda item, order=order: item.order_id == order),
                )
            )
        ]
        if events:
            self._record_events(events)

    def _get_overrun_event(self, order, sold, logged, items):
        past = items.filtered(
            lambda item: item.what == "overrun" and item.old_number == sold
        )
        level = self._get_overrun_level(sold, logged)
        if any(
            self._get_overrun_level(sold, item.new_number) >= level for item in past
        ):
            return None
        known = items.filtered(lambda item: item._is_known_extra_work())
        hours = round(logged - sold - sum(known.mapped("hours")), 2)
        if hours <= 0:
            return None
        return ScopeEvent(
            target=order,
            what="overrun",
            name=order.name,
            old_value=formatLang(self.env, sold),
            new_value=formatLang(self.env, logged),
            old_number=sold,
            new_number=logged,
            hours=hours,
        )

    @api.model
    def _get_overrun_level(self, sold, logged):
        """10 at 100 % of what was sold, 11 at 110 %, and so on."""
        return int(round(logged * 10 / sold, 6))
