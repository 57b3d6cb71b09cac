from datetime import datetime, timedelta

from odoo import Command

from .common import ToxicityCommon
from .leak_options import MARKER

BANNER_FIELDS = ("quarantine_id", "quarantine_note")


class LeakQuarantine(ToxicityCommon):
    """What is recorded about the quarantine of the customer everybody looks for."""

    @classmethod
    def seed_quarantine(cls):
        """{model: records} of a quarantine with all there is about it."""
        # Unlike in whose box they are: the notes and the records differ.
        cls.quarantine = cls.make_quarantine(
            reason=f"{MARKER} why", weekly_hours=3.0
        ).with_user(cls.env.user)
        cls.quarantine.sudo().write({"conclusion": f"{MARKER} concluded"})
        cls.mild_quarantine = cls.make_quarantine(cls.mild, weekly_hours=5.0)
        cls.meetings = cls.make_meeting() + cls.make_meeting(cls.mild)
        cls.quarantine.sudo()._except_meetings(cls.meetings[0], f"{MARKER} let it be")
        exceptions = cls.quarantine.exception_ids
        exceptions.sudo().name = f"{MARKER} meeting"
        cls.brief = cls.env["meeting.brief"]._open_for(cls.meetings[0])
        cls.brief.agenda = f"{MARKER} agenda"
        return {
            "meeting.brief": cls.brief,
            "meeting.brief.line": cls.brief.line_ids,
            "customer.quarantine": cls.quarantine,
            "customer.quarantine.exception": exceptions,
            "customer.quarantine.week": cls.env["customer.quarantine.week"].search(
                [("quarantine_id", "=", cls.quarantine.id)]
            ),
        }

    @classmethod
    def make_meeting(cls, customer=None, user=None, **values):
        """A meeting of the salesperson with somebody, outside every window; saved."""
        organiser = user or cls.salesperson
        guests = organiser.partner_id + (customer or cls.customer)
        start = datetime.combine(cls.days_ago(-5), datetime.min.time())
        # sudo: as a machine brings it, so that it is accepted
        return (
            cls.env["calendar.event"]
            .with_user(organiser)
            .sudo()
            .create(
                {
                    "name": "Meeting",
                    "user_id": organiser.id,
                    "partner_ids": [Command.set(guests.ids)],
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    **values,
                }
            )
            .sudo(False)
            .with_user(cls.env.user)
        )

    @classmethod
    def get_quarantine_pairs(cls):
        """{(model, field): (subject, control)}, of two customers each."""
        pairs = {
            "calendar.event": cls.meetings,
            "crm.lead": cls.leads[0]
            + cls.leads[0].sudo().copy({"partner_id": cls.mild.id}),
            "project.project": cls.projects[0]
            + cls.projects[0].sudo().copy({"partner_id": cls.mild.id}),
            "project.task": cls.tasks[0]
            + cls.tasks[0].sudo().copy({"partner_id": cls.mild.id}),
            "sale.order": cls.orders[0]
            + cls.make_order(
                (cls.service_ordered, 1),
                partner_id=cls.mild.id,
                user_id=cls.salesperson.id,
            ),
        }
        return {
            (model, field): records
            for model, records in pairs.items()
            for field in BANNER_FIELDS
        }
