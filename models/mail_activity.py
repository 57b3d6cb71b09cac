from odoo import api, models

# What is planned for a customer; documents of accounting stay with accountants.
CUSTOMER_MODELS = (
    "crm.lead",
    "project.project",
    "project.task",
    "res.partner",
    "sale.order",
)


class MailActivity(models.Model):
    """What is planned for a customer in quarantine, for nobody, goes to its contact.

    That is what is planned by a program, or by somebody who names nobody. Who names
    a colleague is shown whom to ask, and decides.
    """

    _inherit = "mail.activity"

    @api.model_create_multi
    def create(self, vals_list):
        contacts = self._get_single_contacts(vals_list)
        return super().create(
            [
                {**vals, "user_id": contacts[index]} if index in contacts else vals
                for index, vals in enumerate(vals_list)
            ]
        )

    def _get_single_contacts(self, vals_list):
        """{index: user id} of activities that a single contact is to have."""
        records = {
            index: record
            for index, vals in enumerate(vals_list)
            if (vals.get("automated") or not vals.get("user_id"))
            and (record := self._get_customer_record(vals))
        }
        if not records:
            return {}
        customers = {
            index: record if record._name == "res.partner" else record.partner_id
            for index, record in records.items()
        }
        # sudo: whoever plans need not know of quarantines
        found = (
            self.env["customer.quarantine"]
            .sudo()
            ._find_by_partners(self.env["res.partner"].union(*customers.values()))
        )
        contacts = {}
        for index, record in records.items():
            company = (
                record.company_id if "company_id" in record._fields else None
            ) or self.env.company
            case = found.get((customers[index].id, company.id))
            # Odoo refuses an activity for somebody who may not read what it is about.
            if case and record.with_user(case.user_id).sudo(False).has_access("read"):
                contacts[index] = case.user_id.id
        return contacts

    def _get_customer_record(self, vals):
        """The record that is planned for, when it is about a customer."""
        model = self.env["ir.model"].sudo().browse(vals.get("res_model_id")).model
        if model not in CUSTOMER_MODELS or not vals.get("res_id"):
            return None
        # sudo: only its customer is looked at
        return self.env[model].sudo().browse(vals["res_id"]).exists()
