from odoo import api, fields, models

WEEKS_A_QUARTER = 13
# Less than this a week is no box, but silence.
LEAST_WEEKLY_HOURS = 1.0
QUARANTINE_STATES = {"lifted": "done", "exit": "done", "cancelled": "dropped"}


class PivotPlanMove(models.Model):
    """A quarantine frees what a customer took beyond the hours of its box."""

    _inherit = "pivot.plan.move"

    kind = fields.Selection(
        selection_add=[("quarantine", "Quarantine"), ("renegotiation",)],
        ondelete={"quarantine": "cascade"},
    )
    quarantine_id = fields.Many2one(
        "customer.quarantine",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    @api.depends("quarantine_id.state")
    def _compute_state(self):
        return super()._compute_state()

    def _get_started_state(self):
        if self.quarantine_id:
            return QUARANTINE_STATES.get(self.quarantine_id.state, "started")
        return super()._get_started_state()

    def _get_links(self):
        return {**super()._get_links(), "quarantine": "quarantine_id"}

    def _get_starters(self):
        return {**super()._get_starters(), "quarantine": self._start_quarantine}

    def _start_quarantine(self):
        quarantines = self.env["customer.quarantine"]
        found = quarantines.search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("draft", "active", "review")),
            ],
            limit=1,
        )
        return found or quarantines.create(self._prepare_quarantine_vals())

    def _prepare_quarantine_vals(self):
        """A draft: whoever starts it says what happened, and to whom it is told."""
        start = max(self.date_from, fields.Date.context_today(self))
        left = (self.taken_hours - self.hours) / WEEKS_A_QUARTER
        return {
            "partner_id": self.commercial_partner_id.id,
            "company_id": self.company_id.id,
            "date_from": start,
            "date_to": fields.Date.add(start, months=3),
            "weekly_hours": max(LEAST_WEEKLY_HOURS, round(left, 1)),
            "reason": self.note
            or self.env._("To keep its hours within bounds, as planned."),
        }
