from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain

# So long after the last order or invoice a company still does business.
BUSINESS_DAYS = 365


class CustomerExit(models.Model):
    """Customers whom other companies of ours go on serving.

    An exit ends the business of one company. Whom a sister company still serves keeps
    logging in, and keeps what belongs to no company in particular: ended is what is of
    the exit's company alone. What was left, and for whom, is a deed of its own.
    """

    _inherit = "customer.exit"

    def _get_sisters(self, company):
        """{customer's id: other companies that do business with it}, of these exits."""
        here = self.filtered(lambda record: record.company_id == company)
        customers = here.commercial_partner_id
        found = defaultdict(self.env["res.company"].sudo().browse)
        for model, path, domain in self._get_business():
            # sudo: what a sister company sells is not for everyone, that it does is
            for customer, other in (
                self.env[model]
                .sudo()
                ._read_group(
                    domain
                    & Domain(path, "in", customers.ids)
                    & Domain("company_id", "not in", [company.id, False]),
                    [path, "company_id"],
                )
            ):
                found[customer.id] |= other
        for customer, other in self._get_ended(customers):
            found[customer.id] -= other
        return {customer: others for customer, others in found.items() if others}

    def _get_business(self):
        """Hook: (model, path to the customer, what says that business goes on)."""
        since = fields.Date.today() - timedelta(days=BUSINESS_DAYS)
        path = "partner_id.commercial_partner_id"
        return [
            (
                "sale.order",
                path,
                Domain("state", "in", ("draft", "sent"))
                | Domain("state", "=", "sale")
                & (
                    Domain("date_order", ">=", since)
                    | Domain("invoice_status", "=", "to invoice")
                ),
            ),
            (
                "account.move",
                "commercial_partner_id",
                Domain("move_type", "in", ("out_invoice", "out_refund"))
                & Domain("state", "=", "posted")
                & (
                    Domain("invoice_date", ">=", since)
                    | Domain("amount_residual", "!=", 0)
                ),
            ),
            ("crm.lead", path, Domain("won_status", "=", "pending")),
            ("project.project", path, Domain("is_template", "=", False)),
        ]

    def _get_ended(self, customers):
        """[(customer, company)] where the other company walked away as well."""
        # sudo: see _get_sisters
        return (
            self.env["customer.exit"]
            .sudo()
            ._read_group(
                [
                    ("commercial_partner_id", "in", customers.ids),
                    ("state", "=", "closed"),
                    ("date_readmitted", "=", False),
                ],
                ["commercial_partner_id", "company_id"],
            )
        )

    def _get_spared(self, company):
        """The ids of the customers whose access is not this exit's alone to end."""
        return list(self._get_sisters(company))

    def _find_left_alone(self):
        """What walking away passes over for a sister company, by model."""
        self.ensure_one()
        company, customer = self.company_id, self.commercial_partner_id
        if not self._get_spared(company):
            return []
        ended = {check.code: check for check in self._get_access_checks()}
        left = []
        for check in self._get_access_checks(spare=False):
            every, own = (
                self._find_open(found, customer, company)[customer.id]
                for found in (check, ended[check.code])
            )
            records = self.env[check.opens].sudo().browse(sorted(every - own))
            if records := records - self._get_noted(records):
                left.append(records)
        return left

    def _get_noted(self, records):
        """Of these, what a deed already says was left."""
        noted = self.sudo().deed_ids.filtered(
            lambda deed: (
                deed.kind == "leave_shared"
                and deed.res_model == records._name
                and not deed.date_undone
            )
        )
        return records.browse(noted.mapped("res_id"))

    def _name_sisters(self):
        sisters = self._get_sisters(self.company_id)
        companies = sisters.get(self.commercial_partner_id.id, ())
        return ", ".join(company.name for company in companies)
