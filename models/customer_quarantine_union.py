from odoo import api, fields, models
from odoo.tools import format_date

from .customer_quarantine import IN_FORCE_STATES


class CustomerQuarantine(models.Model):
    """What becomes of quarantines when customers become one, or belong together.

    Contacts are merged and moved by people who know nothing of them, and must not be
    told: nothing is refused. The one that lasts longest goes on, the other is lifted.
    """

    _inherit = "customer.quarantine"

    @api.model
    def _find_in_force_below(self, partners):
        """All in force of these partners and of the contacts below them."""
        if not partners.ids:
            return self.browse()
        # sudo: whoever edits contacts need not know of quarantines
        quarantines = self.sudo().with_context(active_test=False)
        return quarantines.search(
            [
                ("partner_id", "child_of", partners.ids),
                ("state", "in", IN_FORCE_STATES),
            ]
        )

    def _follow_customers(self):
        """Take over the customer that the partners of these belong to now."""
        field = self._fields["commercial_partner_id"]
        for record in self:
            customer = record.partner_id.commercial_partner_id
            if customer != record.commercial_partner_id:
                (record | record._find_rivals(customer))._keep_one()
        self.env.add_to_compute(field, self)
        # What belongs to them may have been computed while they kept their customer.
        self.modified([field.name])
        self.env.flush_all()

    def _find_rivals(self, customer):
        return self.search(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", IN_FORCE_STATES),
                ("id", "not in", self.ids),
            ]
        )

    @api.model
    def _prepare_merge(self, partners):
        """Leave one in force per company to customers who are about to be merged."""
        quarantines = self.sudo().search(
            [
                ("commercial_partner_id", "in", partners.ids),
                ("state", "in", IN_FORCE_STATES),
            ]
        )
        for rivals in quarantines.grouped("company_id").values():
            rivals._keep_one()
        quarantines.flush_recordset()

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
