from odoo import api, models

from .customer_quarantine import IN_FORCE_STATES

ALL_LEADS_GROUP = "sales_team.group_sale_salesman_all_leads"


class CrmLead(models.Model):
    """A new lead of a customer in quarantine goes to its single contact.

    Who may see own leads only could not go on with a lead given to somebody else:
    that one stays where it is, and the contact is told.
    """

    _name = "crm.lead"
    _inherit = ["crm.lead", "customer.quarantine.banner"]

    @api.model_create_multi
    def create(self, vals_list):
        contacts = self._get_single_contacts(vals_list)
        if not contacts:
            return super().create(vals_list)
        may_give = self.env.su or self.env.user.has_group(ALL_LEADS_GROUP)
        vals_list = [
            {**vals, "user_id": contacts[index].user_id.id}
            if may_give and index in contacts
            else vals
            for index, vals in enumerate(vals_list)
        ]
        leads = super().create(vals_list)
        for index, case in contacts.items():
            if leads[index].user_id != case.user_id:
                case._tell_of_lead(leads[index])
        return leads

    def _get_single_contacts(self, vals_list):
        """{index: quarantine} of new leads whose customer has a single contact."""
        partners = {
            index: partner
            for index, vals in enumerate(vals_list)
            if (partner := vals.get("partner_id") or self._get_default_customer())
        }
        if not partners:
            return {}
        # sudo: whoever notes a lead need not know of quarantines
        found = (
            self.env["customer.quarantine"]
            .sudo()
            ._find_by_partners(self.env["res.partner"].browse({*partners.values()}))
        )
        return {
            index: case
            for index, partner in partners.items()
            if (
                case := found.get(
                    (partner, vals_list[index].get("company_id") or self.env.company.id)
                )
            )
        }

    @api.model
    def _get_default_customer(self):
        return self.env.context.get("default_partner_id")


class CustomerQuarantine(models.Model):
    _inherit = "customer.quarantine"

    def _find_by_partners(self, partners):
        """{(partner id, company id): quarantine that holds today} with a contact."""
        customers = {
            partner.id: partner.commercial_partner_id.id for partner in partners.sudo()
        }
        cases = self.search(
            [
                *self.env["customer.quarantine.banner"]._get_held_domain(),
                ("commercial_partner_id", "in", [*customers.values()]),
                ("state", "in", IN_FORCE_STATES),
                ("user_id.active", "=", True),
            ]
        )
        return {
            (partner, case.company_id.id): case
            for partner, customer in customers.items()
            for case in cases
            if case.commercial_partner_id.id == customer
        }

    def _tell_of_lead(self, lead):
        self._tell(
            "mail.mail_activity_data_todo",
            self.env._(
                "%(user)s noted a new lead, %(lead)s: it is for you to take over.",
                user=self.env.user.name,
                lead=lead.display_name,
            ),
        )
