import json

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError

from .meeting_times import as_times

USER_GROUP = "toxic_customer_exit.group_toxicity_user"
# What says when and with whom: nothing else of a meeting is looked at.
WATCHED_FIELDS = {
    "active",
    "allday",
    "partner_ids",
    "attendee_ids",
    "start",
    "start_date",
    "stop",
    "stop_date",
    "duration",
    "user_id",
    "recurrence_update",
    "recurrency",
}
# Odoo makes and moves meetings by making and moving others: the outermost call looks.
# No client can say so: only this very object does.
LATER, INSIDE = "meeting_windows_later", object()
REASON = "meeting_windows_reason"
# Synchronisation, imports and scheduled actions: nobody is there to choose a time.
MACHINES = ("dont_notify", "no_calendar_sync", "import_file", "cron_id")
KEPT_CONTEXT = ("orig_activity_ids", "active_model", "active_id")


class CalendarEvent(models.Model):
    """Meetings with a customer in quarantine are held inside its windows.

    Whoever plans one elsewhere is refused with the next free times instead, in words
    that tell nothing about the customer. What a machine brings is accepted, for it
    would be lost otherwise, and the single contact is told. Meetings that are over
    are facts, and facts are recorded.
    """

    _name = "calendar.event"
    _inherit = ["calendar.event", "customer.quarantine.banner"]
    _quarantine_customer = "partner_ids.commercial_partner_id"
    _quarantine_company = "user_id.company_id"

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get(LATER) is INSIDE:
            return super().create(vals_list)
        asked = [dict(vals) for vals in vals_list]
        later = self.with_context(**{LATER: INSIDE})
        events = super(CalendarEvent, later).create(vals_list).with_env(self.env)
        (events | events.recurrence_id.calendar_event_ids)._keep_to_windows(asked)
        return events

    def write(self, vals):
        inside = self.env.context.get(LATER) is INSIDE
        if inside or WATCHED_FIELDS.isdisjoint(vals):
            return super().write(vals)
        asked = dict(vals)
        of_series = asked.get("recurrence_update") in ("all_events", "future_events")
        of_series = of_series or asked.get("recurrency")
        watched = self | self.recurrence_id.base_event_id if of_series else self
        later = self.with_context(**{LATER: INSIDE})
        result = super(CalendarEvent, later).write(vals)
        if of_series:
            watched = watched.exists()
            watched |= watched.recurrence_id.calendar_event_ids
        watched._keep_to_windows([asked], self)
        return result

    def _keep_to_windows(self, asked, written=None):
        """Refuse, override or flag meetings outside; one query when there are none.

        asked: the values of the call; written: the meetings it was made on, if any.
        """
        # sudo: whoever plans meetings need not know of quarantines
        found = self.env["customer.quarantine"].sudo()._find_by_meetings(self.sudo())
        if not found:
            return
        outside = self._get_outside_windows(found)
        if outside:
            self._settle_outside(outside, asked, written)
        cases = self.env["customer.quarantine"].sudo().union(*found.values())
        cases._alert_hours()

    def _get_outside_windows(self, found):
        """{quarantines: meetings to come that are not in their windows}."""
        now = fields.Datetime.now()
        by_cases = {}
        for event, cases in found.items():
            if event.stop > now or (event.allday and event.stop_date >= now.date()):
                by_cases[cases] = by_cases.get(cases, event.browse()) | event
        return {
            cases: events
            for cases, met in by_cases.items()
            if (events := cases._get_outside(met) - cases._get_excepted(met))
        }

    def _settle_outside(self, outside, asked, written):
        cases = self.env["customer.quarantine"].sudo().union(*outside)
        outside = self._let_owed_be(outside)
        if not outside:
            return
        reason = self.env.context.get(REASON)
        if reason and cases.sudo(False)._is_manager():
            for case, events in _split_by_case(outside).items():
                case._except_meetings(events, reason)
        elif self._is_brought_by_machine():
            cases._flag_outside(_split_by_case(outside))
        else:
            self._refuse_outside(outside, asked, written)

    def _let_owed_be(self, outside):
        """What is left of it without meetings for sold work: those are owed.

        No quarantine stands in their way; the single contact is told of them.
        """
        left, owed = {}, {}
        for cases, events in outside.items():
            customers = cases.commercial_partner_id
            owed[cases] = events.filtered(lambda e, c=customers: e._is_owed_to(c))
            if others := events - owed[cases]:
                left[cases] = others
        for case, events in _split_by_case(owed).items():
            if events:
                case._flag_outside({case: events})
        return left

    def _is_owed_to(self, customers):
        """Whether it was planned from a task that one of the customers has bought."""
        self.ensure_one()
        if self.res_model != "project.task" or not self.res_id:
            return False
        # sudo: whoever plans the meeting need not know what was sold
        task = self.env["project.task"].sudo().browse(self.res_id).exists()
        line = task.sale_line_id
        return (
            line.state == "sale"
            and line.order_partner_id.commercial_partner_id in customers
        )

    def _is_brought_by_machine(self):
        user = self.env.user
        return (
            self.env.su
            or user.share
            or any(self.env.context.get(key) for key in MACHINES)
        )

    def _refuse_outside(self, outside, asked, written):
        """Say when it could be instead; who works with us chooses in a click."""
        cases, events = next(iter(outside.items()))
        first = events.sorted("start")[0]
        slots, duration = cases._find_free(first)
        message = cases.with_env(self.env)._describe_refusal(first, slots, events)
        several = len(asked) > 1 or len(written or ()) > 1
        if several or not self.env.user.has_group(USER_GROUP):
            raise UserError(message)
        request = {
            "ids": written.ids if written else [],
            "vals": json.loads(json.dumps(asked[0], default=str)),
            "context": {
                key: value
                for key, value in self.env.context.items()
                if key.startswith("default_") or key in KEPT_CONTEXT
            },
            "slots": [fields.Datetime.to_string(slot) for slot in slots],
            "minutes": duration.total_seconds() / 60,
            "message": message,
        }
        raise RedirectWarning(
            message,
            self._get_choice_action(),
            self.env._("Choose a time"),
            {"meeting_window": json.loads(json.dumps(request, default=str))},
        )

    def _get_choice_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("When to meet"),
            "res_model": "customer.quarantine.meeting",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_quarantine_customers(self):
        """Nobody is told whom somebody else's private meeting is with."""
        if not self.env.su and self._check_private_event_conditions():
            return self.env["res.partner"]
        return super()._get_quarantine_customers()

    def action_open_brief(self):
        """Open the brief of the meeting: for us, and never for its guests."""
        self.ensure_one()
        self.check_access("read")
        brief = self.env["meeting.brief"]._open_for(self)
        return brief._get_records_action(name=self.env._("Brief"))

    def _get_brief_customer(self):
        """Whom the meeting is with: a customer in quarantine before others."""
        colleagues = self.partner_ids.filtered(
            lambda partner: partner.sudo().user_ids.filtered(
                lambda user: not user.share
            )
        )
        guests = self.partner_ids - colleagues
        customers = guests.commercial_partner_id
        # sudo: our own companies, also those that the user does not work for
        companies = self.env["res.company"].sudo()
        own = companies.search(
            [("partner_id.commercial_partner_id", "in", customers.ids)]
        )
        customers -= own.partner_id.commercial_partner_id
        return self.quarantine_id.commercial_partner_id & customers or customers[:1]

    def _get_busy_times(self, start, stop):
        """When the organiser is in other meetings, also those of whole days."""
        self.ensure_one()
        organiser = self.user_id or self.env.user
        # sudo: when somebody is busy, not what with
        attended = (
            self.env["calendar.attendee"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", organiser.sudo().partner_id.id),
                    ("state", "!=", "declined"),
                    ("event_id.active", "=", True),
                    ("event_id.show_as", "=", "busy"),
                    ("event_id.start", "<", stop),
                    ("event_id.stop", ">", start),
                    ("event_id", "not in", self.ids),
                ]
            )
            .event_id
        )
        return as_times([event._get_taken_time() for event in attended])

    def _get_taken_time(self):
        """(start, stop) in UTC; a whole day is one where its organiser lives."""
        self.ensure_one()
        if not self.allday:
            return self.start, self.stop
        return self.start.replace(hour=0, minute=0), self.stop.replace(hour=23)


def _split_by_case(outside):
    """{quarantine: meetings} of {quarantines: meetings}."""
    by_case = {}
    for cases, events in outside.items():
        for case in cases:
            by_case[case] = by_case.get(case, events.browse()) | events
    return by_case
