from datetime import datetime, timedelta

from odoo import Command, fields
from odoo.tests import new_test_user

from .common import ToxicityCommon


class GateCommon(ToxicityCommon):
    """A customer with a contact, another one beside it, and what may be open."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.group_ids += cls.env.ref("project.group_project_manager")
        cls.other = cls.make_customer(name="Easy Ltd")
        cls.contact = cls.make_contact(cls.customer)

    @classmethod
    def make_contact(cls, customer):
        return cls.make_customer(
            name=f"Contact of {customer.name}",
            is_company=False,
            parent_id=customer.id,
            email="contact@example.com",
        )

    @classmethod
    def make_project(cls, customer=None, **values):
        return cls.env["project.project"].create(
            {
                "name": "The project",
                "partner_id": (customer or cls.customer).id,
                "company_id": cls.company.id,
                "allow_billable": True,
                "allow_milestones": True,
                **values,
            }
        )

    @classmethod
    def make_task(cls, project, **values):
        return cls.env["project.task"].create(
            {"name": "A task", "project_id": project.id, **values}
        )

    @classmethod
    def make_meeting(cls, partner, days=3):
        start = datetime.now().replace(microsecond=0) + timedelta(days=days)
        return (
            cls.env["calendar.event"]
            .with_context(no_mail_to_attendees=True)
            .create(
                {
                    "name": "A meeting",
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    "partner_ids": [Command.set(partner.ids)],
                }
            )
        )

    @classmethod
    def make_portal_user(cls, partner, login="their_user"):
        return new_test_user(
            cls.env,
            login=login,
            groups="base.group_portal",
            partner_id=partner.id,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def make_lead(cls, customer=None, **values):
        return cls.env["crm.lead"].create(
            {
                "name": "Another order",
                "type": "opportunity",
                "partner_id": (customer or cls.customer).id,
                **values,
            }
        )

    @classmethod
    def make_open_invoice(cls, customer=None, post=True):
        today = fields.Date.today()
        if post:
            return cls.make_invoice(100, today, today, customer or cls.customer)
        return cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (customer or cls.customer).id,
                "invoice_line_ids": [
                    Command.create({"name": "Advice", "price_unit": 100})
                ],
            }
        )

    def get_gate(self, exit_case):
        return exit_case._get_gate()[exit_case]
