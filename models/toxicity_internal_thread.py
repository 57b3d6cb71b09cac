from odoo import api, models
from odoo.exceptions import UserError

USER_GROUP = "toxic_customer_exit.group_toxicity_user"
MANAGER_GROUP = "toxic_customer_exit.group_toxicity_manager"


class ToxicityInternalThread(models.AbstractModel):
    """A chatter among those who may read the record, whoever is on its lists.

    Odoo notifies followers and recipients without asking whether they may read what
    they are told about: customers, colleagues outside, users of another company.
    """

    _name = "toxicity.internal.thread"
    _description = "Internal discussion"
    _inherit = ["mail.thread"]

    def _mail_get_partner_fields(self, introspect_fields=False):
        return []

    def _message_subscribe(self, partner_ids=None, subtype_ids=None, customer_ids=None):
        outside = self._get_partners_outside(partner_ids)
        partner_ids = [id_ for id_ in partner_ids or [] if id_ not in outside.ids]
        return super()._message_subscribe(partner_ids, subtype_ids, customer_ids)

    def message_post(self, *, partner_ids=None, outgoing_email_to=False, **kwargs):
        """Refuse recipients outside: a recipient may read the message ever after."""
        outside = self._get_partners_outside(partner_ids)
        if outside or outgoing_email_to:
            raise UserError(
                self.env._(
                    "What is written about %(record)s is for users of Customer Exit "
                    "only, not for %(recipients)s: write to them from the customer or "
                    "the order.",
                    record=self.display_name,
                    recipients=", ".join(outside.mapped("name")) or outgoing_email_to,
                )
            )
        return super().message_post(partner_ids=partner_ids, **kwargs)

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        return [
            recipient
            for recipient in recipients
            if recipient["uid"]
            and self.with_user(recipient["uid"]).sudo(False).has_access("read")
        ]

    def _get_partners_outside(self, partner_ids):
        # sudo: whoever writes need not be allowed to read every recipient
        partners = self.env["res.partner"].sudo().browse(partner_ids or [])
        return partners.filtered(
            lambda partner: (
                not any(user.has_group(USER_GROUP) for user in partner.user_ids)
            )
        )

    @api.model
    def _pick_member(self, users, company, group=USER_GROUP):
        """The first of the users who may read of this company's customers."""
        return users.filtered(
            lambda user: (
                user.active and company in user.company_ids and user.has_group(group)
            )
        )[:1]

    @api.model
    def _get_first_managers(self, companies):
        """{company: the manager to turn to where nobody else is known}.

        Who administers the system as well is asked last: it is seldom their business.
        """
        group = self.env.ref(MANAGER_GROUP)
        # sudo: reminders are planned for whoever has the records in hand
        managers = (
            self.env["res.users"]
            .sudo()
            .search([("all_group_ids", "in", group.ids), ("share", "=", False)])
            .sorted(lambda user: (user.has_group("base.group_system"), user.id))
        )
        return {
            company: self._pick_member(managers, company, MANAGER_GROUP)
            for company in companies
        }
