from datetime import timedelta

from pytz import utc

from odoo import fields, models
from odoo.tools import SQL, format_datetime, format_duration

from .customer_quarantine import IN_FORCE_STATES
from .meeting_times import as_times, find_slots, get_longest, is_inside

# So far ahead free times are looked for.
HORIZON = timedelta(weeks=8)
DAY = timedelta(days=1)


class CustomerQuarantine(models.Model):
    """When meetings with a customer are held, and which ones are outside.

    The windows are in the time zone of their calendar; a meeting is inside when its
    whole length is in one of them. A meeting of a whole day never is.
    """

    _inherit = "customer.quarantine"

    def _find_by_meetings(self, events):
        """{event: quarantines in force of people who are invited}, in one query.

        Of the organiser's company, as the measure of meetings has it. Meetings that
        are archived or on days when no quarantine holds are out.
        """
        if not events.ids:
            return {}
        self._flush_meetings()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT event.id, ARRAY_AGG(DISTINCT quarantine.id)
                  FROM calendar_event event
                  JOIN res_users organiser
                    ON organiser.id = COALESCE(event.user_id, %(user)s)
                  JOIN calendar_attendee attendee ON attendee.event_id = event.id
                  JOIN res_partner partner ON partner.id = attendee.partner_id
                  JOIN customer_quarantine quarantine
                    ON quarantine.commercial_partner_id = partner.commercial_partner_id
                   AND quarantine.company_id = organiser.company_id
                 WHERE event.id IN %(events)s
                   AND event.active
                   AND quarantine.state IN %(states)s
                   AND quarantine.date_from <= event.stop::date
                   AND (quarantine.state = 'review'
                        OR quarantine.date_to >= event.start::date)
              GROUP BY event.id
                """,
                user=self.env.uid,
                events=tuple(events.ids),
                states=IN_FORCE_STATES,
            )
        )
        return {events.browse(event): self.browse(ids) for event, ids in rows}

    def _find_meetings(self, since, until):
        """Meetings with their people that begin then, and that outsiders called too."""
        self.ensure_one()
        self._flush_meetings()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT event.id
                  FROM calendar_event event
                  JOIN calendar_attendee attendee ON attendee.event_id = event.id
                  JOIN res_partner partner ON partner.id = attendee.partner_id
             LEFT JOIN res_users organiser ON organiser.id = event.user_id
                 WHERE partner.commercial_partner_id = %(customer)s
                   AND COALESCE(organiser.company_id, %(company)s) = %(company)s
                   AND event.active
                   AND event.start >= %(since)s
                   AND event.start < %(until)s
                """,
                customer=self.commercial_partner_id.id,
                company=self.company_id.id,
                since=since,
                until=until,
            )
        )
        return self.env["calendar.event"].browse(id_ for (id_,) in rows)

    def _flag_planned(self):
        """Tell the contact of meetings that were planned before, at other times."""
        for record in self.sudo():
            planned = record._find_meetings(fields.Datetime.now(), record.date_to + DAY)
            if outside := record._get_outside(planned):
                record._flag_outside({record: outside})

    def _flush_meetings(self):
        """Pending writes that queries about meetings have to see."""
        events = self.env["calendar.event"]
        events.flush_model(
            [
                "active",
                "allday",
                "duration",
                "recurrence_id",
                "start",
                "stop",
                "user_id",
            ]
        )
        events.attendee_ids.flush_model(["event_id", "partner_id", "state"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.env["res.users"].flush_model(["company_id"])
        self.flush_model()

    def _get_windows(self, start, stop, with_holidays=True):
        """The times that all of these quarantines leave open; UTC, from start to stop.

        with_holidays: also those on days when the company is closed.
        """
        windows = as_times([(start, stop)])
        for calendar in self.calendar_id:
            found = calendar._work_intervals_batch(
                utc.localize(start - DAY),
                utc.localize(stop + DAY),
                compute_leaves=not with_holidays,
            )[False]
            spans = [(as_naive(opens), as_naive(closes)) for opens, closes, _ in found]
            windows &= as_times(spans)
        return windows

    def _is_inside(self, event):
        """Whether the meeting is at a time that all of these leave open."""
        if event.allday:
            return False
        span = (event.start - DAY, event.stop + DAY)
        return is_inside(self._get_windows(*span), event.start, event.stop)

    def _get_outside(self, events):
        """Those of the meetings that are not inside the windows."""
        timed = events.filtered(lambda event: not event.allday)
        if not timed:
            return events
        windows = self._get_windows(
            min(timed.mapped("start")) - DAY, max(timed.mapped("stop")) + DAY
        )
        return events - timed.filtered(
            lambda event: is_inside(windows, event.start, event.stop)
        )

    # What is offered instead

    def _find_free(self, event):
        """(starts, duration) of the next free times of the organiser for a meeting."""
        after = max(event.start, fields.Datetime.now())
        windows = self._get_windows(after, after + HORIZON, with_holidays=False)
        duration = timedelta(hours=1) if event.allday else event.stop - event.start
        duration = max(min(duration, get_longest(windows)), timedelta(minutes=15))
        busy = event._get_busy_times(after, after + HORIZON)
        return find_slots(windows, busy, duration, after), duration

    def _describe_windows(self):
        """As “Tuesday, Thursday 09:00–12:00”, in neutral words for everybody."""
        # sudo: anybody who is to keep to these times is told them
        calendars = self.calendar_id.sudo()
        return " / ".join(map(self._describe_calendar, calendars))

    def _describe_calendar(self, calendar):
        lines = calendar._get_window_lines()
        days = dict(lines._fields["dayofweek"]._description_selection(self.env))
        weeks = {}
        for (start, stop, week), same in lines.grouped(
            lambda line: (line.hour_from, line.hour_to, line.week_type)
        ).items():
            names = ", ".join(days[key] for key in sorted({*same.mapped("dayofweek")}))
            times = f"{names} {format_duration(start)}–{format_duration(stop)}"
            weeks.setdefault(times, set()).add(week)
        text = "; ".join(
            times
            if False in found or len(found) == 2
            else self.env._("%(times)s every second week", times=times)
            for times, found in weeks.items()
        )
        if calendar.tz != (self.env.user.tz or "UTC"):
            text = f"{text} ({calendar.tz})"
        return text

    def _describe_refusal(self, event, slots, outside):
        """Why a meeting is not at a time for it, in words that anyone may read."""
        # sudo: names of people who are invited, and of whom to ask
        case = self.sudo()
        lines = [
            self.env._(
                "Meetings with %(customers)s are held %(windows)s.",
                customers=", ".join(case.commercial_partner_id.mapped("name")),
                windows=case._describe_windows(),
            )
        ]
        if len(outside) > 1:
            lines.append(
                self.env._(
                    "%(count)s dates of this series are at other times, the first on "
                    "%(date)s.",
                    count=len(outside),
                    date=self._format_time(outside.sorted("start")[0].start),
                )
            )
        organiser = (event.user_id or self.env.user).sudo().name
        if slots:
            lines.append(
                self.env._(
                    "Next free times of %(organiser)s (%(tz)s): %(slots)s.",
                    organiser=organiser,
                    tz=self.env.user.tz or "UTC",
                    slots=" · ".join(map(self._format_time, slots)),
                )
            )
        else:
            lines.append(
                self.env._(
                    "%(organiser)s has no free time then in the next weeks: ask "
                    "%(contact)s.",
                    organiser=organiser,
                    contact=", ".join({each._get_contact().name for each in case}),
                )
            )
        return "\n".join(lines)

    def _format_time(self, moment):
        return format_datetime(
            self.env, moment, tz=self.env.user.tz, dt_format="EEE d MMM, HH:mm"
        )

    # What machines bring

    def _flag_outside(self, meetings):
        """Tell the contact of meetings that nobody could be asked about."""
        for case, events in meetings.items():
            first = events.sorted("start")[0]
            # Of a private meeting the contact reads no more than on the calendar.
            contact = case._get_contact()
            seen = events.with_user(contact) if contact else events
            names = ", ".join(
                f"{event.display_name} ({case._format_time(event.start)})"
                for event in seen.sorted("start")[:5]
            )
            case._tell(
                "toxic_customer_exit.mail_activity_type_quarantine_meeting",
                self.env._(
                    "Outside the windows: %(meetings)s (%(count)s).",
                    meetings=names,
                    count=len(events),
                ),
                date_deadline=min(first.start.date(), fields.Date.today() + DAY),
            )


def as_naive(moment):
    """In UTC; the end of a day is written as a microsecond before midnight."""
    if moment.microsecond:
        moment += timedelta(microseconds=1)
    return moment.astimezone(utc).replace(tzinfo=None)
