from odoo import fields, models
from odoo.tools import format_date


class CustomerExit(models.Model):
    """The good end: what both sides promised was kept, and the customer stays."""

    _inherit = "customer.exit"

    def action_retain_for_good(self, reason=None):
        """End a case whose agreement held; asks for the reason where none is given."""
        for record in self:
            record.check_access("read")
            record._refuse_if(record._get_good_end_obstacles())
        if not (reason or "").strip():
            return self._ask_reason("retain_for_good")
        self._move_to(
            "kept", reason=reason, date_closed=fields.Date.context_today(self)
        )
        return None

    def _get_good_end_obstacles(self):
        """Hook: what stands in the way of the good end, as {code: sentence}."""
        obstacles = self._get_keeper_obstacles()
        if self.state != "retained":
            obstacles["not_retained"] = self.env._(
                "%(exit)s is %(state)s: a retained customer is retained for good.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        if not self.date_review or self.date_review > fields.Date.context_today(self):
            obstacles["not_reviewed"] = self._get_review_sentence()
        return {**obstacles, **self._get_promise_obstacles()}

    def _get_promise_obstacles(self):
        names = {
            state: ", ".join(promises.mapped("name"))
            for state, promises in self.commitment_ids.grouped("state").items()
        }
        obstacles = {}
        if "open" in names:
            obstacles["open"] = self.env._(
                "Say first whether this was kept: %(commitments)s.",
                commitments=names["open"],
            )
        if "missed" in names:
            obstacles["missed"] = self.env._(
                "Not kept: %(commitments)s. Reopen the case, or say which were kept "
                "after all.",
                commitments=names["missed"],
            )
        return obstacles

    def _get_review_sentence(self):
        if not self.date_review:
            return self.env._(
                "%(exit)s has no day of review: choose one first.",
                exit=self.display_name,
            )
        return self.env._(
            "%(exit)s is looked at on %(date)s: wait for that day, or move it.",
            exit=self.display_name,
            date=format_date(self.env, self.date_review),
        )
