from odoo import fields, models


class CustomerQuarantineException(models.Model):
    """A meeting that a manager let be outside the windows, and why.

    It holds for that time: a meeting moved again is looked at again.
    """

    _name = "customer.quarantine.exception"
    _description = "Meeting outside the windows"
    _order = "start desc, id desc"

    quarantine_id = fields.Many2one(
        "customer.quarantine", required=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(related="quarantine_id.partner_id")
    commercial_partner_id = fields.Many2one(
        related="quarantine_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(
        related="quarantine_id.company_id", store=True, index=True
    )
    event_id = fields.Many2one(
        "calendar.event", string="Meeting", ondelete="set null", index="btree_not_null"
    )
    name = fields.Char("Subject")
    start = fields.Datetime(required=True)
    stop = fields.Datetime(required=True)
    reason = fields.Text(required=True)
    user_id = fields.Many2one("res.users", string="Decided by", required=True)


class CustomerQuarantine(models.Model):
    _inherit = "customer.quarantine"

    exception_ids = fields.One2many(
        "customer.quarantine.exception", "quarantine_id", readonly=True
    )

    def _get_excepted(self, events):
        """Those of the meetings that a manager let be, at the time they are at now."""
        found = self.env["customer.quarantine.exception"].search(
            [("quarantine_id", "in", self.ids), ("event_id", "in", events.ids)]
        )
        kept = {(row.event_id, row.start, row.stop) for row in found}
        return events.filtered(lambda event: (event, event.start, event.stop) in kept)

    def _except_meetings(self, events, reason):
        self.ensure_one()
        # sudo: only the check of a meeting writes down what a manager decided
        self.env["customer.quarantine.exception"].sudo().create(
            [
                {
                    "quarantine_id": self.id,
                    "event_id": event.id,
                    "name": event.name,
                    "start": event.start,
                    "stop": event.stop,
                    "reason": reason,
                    "user_id": self.env.uid,
                }
                for event in events
            ]
        )
