from odoo import fields, models
from odoo.tools import format_date

from .customer_quarantine import IN_FORCE_STATES


class CustomerQuarantine(models.Model):
    """What becomes of quarantines when customers become one, or belong together.

    The one that lasts longest goes on, the other is lifted.
    """

    _inherit = "customer.quarantine"

    def _keep_one(self):
        ranked = self.filtered(lambda record: record.state in IN_FORCE_STATES).sorted(
            lambda record: (-record.date_to.toordinal(), record.id)
        )
        for given_up in ranked[1:]:
            given_up._give_up_for(ranked[0])

    def _give_up_for(self, kept):
        body = self.env._(
            "Two customers became one: the quarantine until %(date)s goes on, the "
            "other one is lifted.",
            date=format_date(self.env, kept.date_to),
        )
        today = fields.Date.context_today(self)
        self._move_to("lifted", date_ended=today, conclusion=body)
        self._settle_reminders()
        self.flush_recordset()
        for record in self | kept:
            record._message_log(body=body)
