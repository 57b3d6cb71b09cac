"""What generated worlds have in common: two companies, and what they sell and use."""

from odoo import Command

from .common import ToxicityCommon
from .measure_facts import STATES

FRENCH = ("En cours", "À revoir", "Approuvé", "En attente", "Fait", "Annulé")


class MeasureStage(ToxicityCommon):
    """Two companies of different currencies, the second with a window of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currency = cls.setup_other_currency(
            "EUR",
            rates=[("2000-01-01", 2.0), ("2026-06-01", 1.6), ("2027-08-01", 2.4)],
        )
        francs = cls.setup_other_currency("CHF", rates=[("2000-01-01", 0.8)])
        second = cls.setup_other_company(name="Second", currency_id=francs.id)
        cls.companies = cls.env.company | second["company"]
        cls.env.user.company_ids |= cls.companies
        # Whoever prepares a world answers for it: rules are for users, see below.
        cls.env = cls.env(
            su=True,
            context={**cls.env.context, "allowed_company_ids": cls.companies.ids},
        )
        cls.companies = cls.companies.with_env(cls.env)
        cls._set_accounting(second)
        cls._set_sales()
        cls._set_people()
        cls._set_work()
        cls._set_languages()

    @classmethod
    def _set_accounting(cls, second):
        data = dict(zip(cls.companies, (cls.company_data, second), strict=True))
        cls.journals = {
            company: data[company]["default_journal_misc"] for company in data
        }
        cls.banks = {
            company: data[company]["default_account_revenue"] for company in data
        }
        cls.taxes = {company: data[company]["default_tax_sale"] for company in data}
        cls.instalments = cls.env["account.payment.term"].create(
            {
                "name": "Half at once, half in sixty days",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (0, 60)
                ],
            }
        )

    @classmethod
    def _set_sales(cls):
        cls.pricelist = cls.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": cls.currency.id, "company_id": False}
        )
        cls.products = (
            cls.service_ordered
            | cls.service_delivered
            | cls.env["product.product"].create(
                [
                    {"name": "Kit", "type": "consu", "invoice_policy": "order"},
                    {"name": "Support", "type": "service", "invoice_policy": "order"},
                ]
            )
            | cls.service_ordered
        )
        cls.day = cls.env.ref("uom.product_uom_day")
        cls.minute = cls.env.ref("uom.product_uom_minute")
        unit = cls.env.ref("uom.product_uom_unit")
        week = cls.env["uom.uom"].create(
            {"name": "Week", "relative_factor": 5, "relative_uom_id": cls.day.id}
        )
        cls.units = (cls.hour, cls.hour, cls.day, cls.minute, week, unit)
        cls.timesheet_units = (
            *(cls.hour, cls.hour, cls.day, cls.minute, unit),
            cls.env["uom.uom"],
        )
        cls.stages = cls.env["crm.stage"].create(
            [
                {"name": "Won by us", "is_won": True},
                {"name": "Signed, too", "is_won": True},
                {"name": "Talking"},
            ]
        )

    @classmethod
    def _set_people(cls):
        cls.employees = {
            company: cls.env["hr.employee"].create(
                {"name": "Worker", "company_id": company.id, "hourly_cost": 10}
            )
            for company in cls.companies
        }
        cls.colleague = cls.salesperson
        organiser = cls.make_user(
            "organiser",
            "base.group_user",
        )
        organiser.write(
            {
                "company_ids": [Command.set(cls.companies.ids)],
                "company_id": cls.companies[1].id,
            }
        )
        cls.organisers = cls.salesperson | organiser
        cls.reader = cls.make_user(
            "reader",
            "base.group_user,sales_team.group_sale_manager,project.group_project_manager,"
            "hr_timesheet.group_timesheet_manager,account.group_account_manager,"
            "toxic_customer_exit.group_toxicity_manager",
        )
        cls.reader.company_ids = [Command.set(cls.companies.ids)]

    @classmethod
    def _set_work(cls):
        *projects, cls.open_project = cls.env["project.project"].create(
            [
                {"name": "Work", "company_id": company and company.id}
                for company in (*cls.companies, None)
            ]
        )
        cls.projects = dict(zip(cls.companies, projects, strict=True))
        # Whatever has a chatter may be rated; of these each company has its own.
        cls.rated = cls.env["product.template"].create(
            [
                {"name": "Rated", "type": "service", "company_id": company.id}
                for company in cls.companies
            ]
        )
        cls.state_field = cls.env.ref("project.field_project_task__state")
        cls.other_field = cls.env.ref("project.field_project_task__stage_id")

    @classmethod
    def _set_languages(cls):
        """Task states as French colleagues see them; the tracking keeps their words."""
        cls.env["res.lang"]._activate_lang("fr_FR")
        english = {}
        french = dict(zip(STATES, FRENCH, strict=True))
        selections = cls.env["ir.model.fields.selection"].search(
            [("field_id", "=", cls.state_field.id)]
        )
        for selection in selections:
            english[selection.value] = selection.name
            selection.with_context(lang="fr_FR").name = french[selection.value]
        cls.labels = (english, french)
