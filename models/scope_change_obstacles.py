from odoo import models

from .scope_change import OPEN_STATES


class ScopeChange(models.Model):
    """What a decision takes: the banner, the buttons and the tests read the same."""

    _inherit = "scope.change"

    def _get_obstacles(self, state):
        """What stands between this change and that state, as {code: sentence}."""
        self.ensure_one()
        if state == "agreed":
            return self._get_agreement_obstacles()
        if state == "absorbed":
            return self._get_absorption_obstacles()
        if state == "declined":
            return self._get_conversation_obstacles()
        return {}

    def _get_transition_obstacles(self, state):
        """Why a change cannot go from its state to that one, as {code: sentence}."""
        self.ensure_one()
        if state == "detected" or self.state in OPEN_STATES:
            return {}
        states = dict(self._fields["state"]._description_selection(self.env))
        return {
            "decided": self.env._(
                "%(change)s is already decided (%(state)s): reset it first.",
                change=self.display_name,
                state=states[self.state],
            )
        }

    def _get_agreement_obstacles(self):
        """Hook: what is missing for `agreed`, as {code: sentence}.

        Agreed takes money or a signature: a confirmed amendment, or an order that
        itself bills everything the change adds.
        """
        self.ensure_one()
        obstacles = self._get_conversation_obstacles()
        # Whoever decides need not be allowed to read the order or its amendment.
        if self.sudo().amendment_id.state != "sale" and not self._is_billed_by_order():
            obstacles["unpaid"] = self.env._(
                "What %(change)s adds is not signed, nor billed in full: confirm an "
                "amendment for it, bill it on the order, or absorb it.",
                change=self.display_name,
            )
        return obstacles

    def _is_billed_by_order(self):
        """Tell whether the order's own lines bill all that the change adds."""
        items = self.sudo().item_ids
        return (
            bool(items)
            and self.sudo().order_id.state == "sale"
            and not any(item.what == "moved" or item._is_unpaid() for item in items)
        )

    def _get_absorption_obstacles(self):
        """Hook: what is missing for `absorbed`, as {code: sentence}."""
        self.ensure_one()
        obstacles = self._get_conversation_obstacles()
        if not (self.reason or "").strip():
            obstacles["no_reason"] = self.env._(
                "Say in the reason why %(change)s is given away.",
                change=self.display_name,
            )
        if self.currency_id.compare_amounts(self.gift_amount, 0) <= 0:
            obstacles["no_value"] = self.env._(
                "Say what %(change)s would cost at list price: "
                "a gift without a value is forgotten.",
                change=self.display_name,
            )
        return obstacles

    def _get_conversation_obstacles(self):
        self.ensure_one()
        if self.kind != "objective" or (self.conversation or "").strip():
            return {}
        return {
            "no_conversation": self.env._(
                "%(change)s moves the objective: note the conversation about it first.",
                change=self.display_name,
            )
        }
