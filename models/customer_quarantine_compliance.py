from datetime import datetime, time, timedelta

from odoo import fields, models
from odoo.tools import SQL

from .customer_quarantine_hours import DAYS_BEFORE
from .customer_quarantine_windows import DAY


class CustomerQuarantine(models.Model):
    """Whether the box is kept to, by them and by us.

    A meeting is ours when one of us organises it, theirs when it came from outside.
    Hours are ours to spend: inside is what stays below the budget of each week.
    """

    _inherit = "customer.quarantine"

    our_meeting_count = fields.Integer(
        "Meetings we called", compute="_compute_compliance"
    )
    our_meeting_share = fields.Float(
        "of them inside (%)", compute="_compute_compliance"
    )
    their_meeting_count = fields.Integer(
        "Meetings they called", compute="_compute_compliance"
    )
    their_meeting_share = fields.Float(
        "of theirs inside (%)", compute="_compute_compliance"
    )
    hours_share = fields.Float("Hours inside (%)", compute="_compute_hours_saved")
    hours_taken = fields.Float("Hours taken", compute="_compute_hours_saved")
    hours_before = fields.Float(
        "Hours a week before",
        compute="_compute_hours_saved",
        help="On average, in the 90 days before it began.",
    )
    hours_saved = fields.Float(
        "Hours saved",
        compute="_compute_hours_saved",
        help="What they would have taken since, had they gone on as in the 90 days "
        "before, less what they took.",
    )

    def _compute_compliance(self):
        for record in self:
            # sudo: counts, for those who may read the quarantine
            events = record.sudo()._get_past_meetings()
            ours = events.filtered(lambda event: event.user_id)
            ours = ours.filtered(lambda event: not event.user_id.share)
            inside = events - record.sudo()._get_outside(events) if events else events
            theirs = events - ours
            record.our_meeting_count = len(ours)
            record.our_meeting_share = _percent(len(ours & inside), len(ours))
            record.their_meeting_count = len(theirs)
            record.their_meeting_share = _percent(len(theirs & inside), len(theirs))

    def _get_past_meetings(self):
        """Meetings with their people since it began, up to now."""
        self.ensure_one()
        first, last = self._get_held_days()
        if not first or first > last:
            return self.env["calendar.event"]
        until = datetime.combine(last + DAY, time.min)
        return self._find_meetings(first, min(until, fields.Datetime.now()))

    def _get_held_days(self):
        """(first, last) day that it held, up to today; nothing for drafts."""
        if self.state in ("draft", "cancelled"):
            return None, None
        today = fields.Date.context_today(self)
        last = self.date_ended or (today if self.state == "review" else self.date_to)
        return self.date_from, min(last, today)

    def _compute_hours_saved(self):
        for record in self:
            rows = record._get_weeks()
            taken = sum(rows.mapped("hours"))
            record.hours_taken = taken
            record.hours_share = _percent(taken - sum(rows.mapped("over_hours")), taken)
            record.hours_before = record._get_hours_before()
            first, last = record._get_held_days()
            weeks = max((last - first).days + 1, 0) / 7 if first else 0
            record.hours_saved = weeks * record.hours_before - taken if weeks else 0.0

    def _get_weeks(self):
        # sudo: sums, for those who may read the quarantine
        weeks = self.env["customer.quarantine.week"].sudo()
        weeks.invalidate_model(flush=False)
        return weeks.search([("quarantine_id", "in", self._origin.ids)])

    def _get_hours_before(self):
        """Hours a week, logged and met, in the 90 days before it began."""
        if not self.date_from or not self.commercial_partner_id.id:
            return 0.0
        weeks = self.env["customer.quarantine.week"]
        first, last = self.date_from - timedelta(days=DAYS_BEFORE), self.date_from - DAY
        self._flush_meetings()
        self.env["account.analytic.line"].flush_model()
        [(hours,)] = self.env.execute_query(
            SQL(
                """
                SELECT worked.hours + met.hours
                  FROM (SELECT %(customer)s AS commercial_partner_id,
                               %(company)s AS company_id) quarantine
            CROSS JOIN (SELECT %(tz)s AS tz) calendar
            CROSS JOIN (SELECT %(first)s::date AS first, %(last)s::date AS last) week
            CROSS JOIN LATERAL (%(worked)s) worked
            CROSS JOIN LATERAL (%(met)s) met
                """,
                customer=self.commercial_partner_id.id,
                company=self.company_id.id,
                tz=self.calendar_id.tz or "UTC",
                first=first,
                last=last,
                worked=weeks._get_worked_sql(),
                met=weeks._get_met_sql(),
            )
        )
        return hours * 7 / DAYS_BEFORE


def _percent(part, whole):
    return 100 * part / whole if whole else 0.0
