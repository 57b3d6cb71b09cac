from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.calendar_event import REASON

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CustomerQuarantineMeeting(models.TransientModel):
    """The free times that are offered for a meeting outside the windows.

    The meeting was not saved: what was asked for is done again, at another time.
    """

    _name = "customer.quarantine.meeting"
    _description = "When to meet"

    request = fields.Json(default=lambda self: self._get_request())
    message = fields.Text(
        readonly=True, default=lambda self: self._get_request().get("message")
    )
    slot_1 = fields.Datetime(readonly=True, default=lambda self: self._get_slot(0))
    slot_2 = fields.Datetime(readonly=True, default=lambda self: self._get_slot(1))
    slot_3 = fields.Datetime(readonly=True, default=lambda self: self._get_slot(2))
    reason = fields.Text("Reason to meet then all the same")

    @api.model
    def _get_request(self):
        return self.env.context.get("meeting_window") or {}

    @api.model
    def _get_slot(self, index):
        slots = self._get_request().get("slots") or []
        return slots[index] if index < len(slots) else False

    def action_take_first(self):
        return self._meet_at(self.slot_1)

    def action_take_second(self):
        return self._meet_at(self.slot_2)

    def action_take_third(self):
        return self._meet_at(self.slot_3)

    def action_keep(self):
        """Meet at the time asked for: a manager says why."""
        self.ensure_one()
        if not self.env["customer.quarantine"]._is_manager():
            raise UserError(
                self.env._(
                    "A manager of Customer Exit lets a meeting be outside the windows."
                )
            )
        if not self.reason:
            raise UserError(
                self.env._("Say why this meeting is held outside the windows.")
            )
        return self._save(self.request["vals"], **{REASON: self.reason})

    def _meet_at(self, start):
        self.ensure_one()
        if not start:
            raise UserError(self.env._("That time is no longer offered: ask again."))
        asked = self.request["vals"]
        vals = {
            **asked,
            "allday": False,
            "start": start,
            "stop": start + timedelta(minutes=self.request["minutes"]),
        }
        for name in ("start_date", "stop_date", "duration"):
            vals.pop(name, None)
        if asked.get("recurrency"):
            vals.update(self._get_weekday(start))
        return self._save(vals)

    def _get_weekday(self, start):
        """A series is moved to the day of the week that was chosen."""
        day = fields.Datetime.context_timestamp(self, start).date()
        params = self.env["calendar.event"]._get_recurrence_params_by_date(day)
        return {**dict.fromkeys(WEEKDAYS, False), **params}

    def _save(self, vals, **context):
        events = self.env["calendar.event"].with_context(
            **self.request["context"], **context
        )
        if self.request["ids"]:
            event = events.browse(self.request["ids"])
            event.write(vals)
        else:
            event = events.create(vals)
        return {
            "type": "ir.actions.client",
            "tag": "toxic_customer_exit.open_meeting",
            "params": {"meeting_id": event.exists()[:1].id},
        }
