from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .customer_quarantine import IN_FORCE_STATES

GROUP = "toxic_customer_exit.group_toxicity_user"


class CustomerQuarantineBanner(models.AbstractModel):
    """What a record of Odoo's shows about the quarantine of its customer.

    The one in force today, in the company of the record or in the current one, with a
    constant number of queries for however many records.
    """

    _name = "customer.quarantine.banner"
    _description = "Quarantine of the customer"

    # Where the customer of such a record is, and its company
    _quarantine_customer = "partner_id.commercial_partner_id"
    _quarantine_company = "company_id"

    quarantine_id = fields.Many2one(
        "customer.quarantine",
        compute="_compute_quarantine",
        search="_search_quarantine_id",
        groups=GROUP,
    )
    quarantine_note = fields.Char(
        "In quarantine", compute="_compute_quarantine", groups=GROUP
    )

    @api.depends_context("company", "uid", "lang")
    @api.depends(lambda self: (self._quarantine_customer,))
    def _compute_quarantine(self):
        found = self._get_quarantines()
        notes = {}
        for record in self:
            case = record._pick_quarantine(found)
            if case not in notes:
                notes[case] = case._describe() if case else False
            record.quarantine_id = case
            record.quarantine_note = notes[case]

    def _get_quarantines(self):
        """{(customer id, company id): quarantine} that hold today for these records."""
        customers = {
            customer.id
            for record in self
            for customer in record._get_quarantine_customers()
        }
        if not customers:
            return {}
        cases = self.env["customer.quarantine"].search(
            [
                *self._get_held_domain(),
                ("commercial_partner_id", "in", list(customers)),
            ]
        )
        # Together: asked one by one, each would be a query.
        cases.mapped("week_hours")
        return {
            (case.commercial_partner_id.id, case.company_id.id): case for case in cases
        }

    @api.model
    def _get_held_domain(self):
        return [
            ("state", "in", IN_FORCE_STATES),
            ("date_from", "<=", fields.Date.context_today(self)),
        ]

    def _pick_quarantine(self, found):
        """That of these which the record is about; its company is read if need be."""
        if found:
            company = self._get_quarantine_company()
            for customer in self._get_quarantine_customers():
                if case := found.get((customer.id, company.id)):
                    return case
        return self.env["customer.quarantine"]

    def _get_quarantine_customers(self):
        """Whose quarantine the record is about."""
        # sudo: the customer of a record that may be read
        return self.sudo().mapped(self._quarantine_customer)._origin

    def _get_quarantine_company(self):
        company = self.env["res.company"]
        if self._quarantine_company:
            # sudo: as above
            company = self.sudo().mapped(self._quarantine_company)._origin[:1]
        return company or self.env.company

    def _search_quarantine_id(self, operator, value):
        self._check_field_access(self._fields["quarantine_id"], "read")
        if operator not in ("in", "any", "any!"):
            return NotImplemented
        cases = self.env["customer.quarantine"].search(self._get_held_domain())
        cases = cases.filtered(lambda case: case.company_id in self.env.companies)
        wanted = self._get_wanted(cases, operator, value)
        domain = Domain.OR(self._get_case_domain(case) for case in wanted)
        if operator == "in" and False in value:
            domain |= ~Domain.OR(self._get_case_domain(case) for case in cases)
        return domain

    def _get_wanted(self, cases, operator, value):
        if operator == "in":
            return cases.filtered(lambda case: case.id in value)
        return cases & cases.search(Domain(value))

    def _get_case_domain(self, case):
        domain = Domain(self._quarantine_customer, "=", case.commercial_partner_id.id)
        if self._quarantine_company:
            of_company = [case.company_id.id]
            if case.company_id == self.env.company:
                of_company.append(False)
            return domain & Domain(self._quarantine_company, "in", of_company)
        return domain if case.company_id == self.env.company else Domain.FALSE


class CustomerQuarantine(models.Model):
    _inherit = "customer.quarantine"

    def _describe(self):
        """In a sentence: until when, at which times, how much, and whom to ask."""
        self.ensure_one()
        return self.env._(
            "In quarantine until %(date)s: meetings %(windows)s; %(hours)s; ask "
            "%(contact)s.",
            date=format_date(self.env, self.date_to),
            windows=self._describe_windows(),
            hours=self._describe_week(),
            contact=self._get_contact().name,
        )
