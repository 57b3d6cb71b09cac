from odoo import fields, models
from odoo.tools import SQL


class CustomerQuarantineWeek(models.Model):
    """The hours that each ISO week of a quarantine took, against its budget.

    Time logged on projects by its day, and meetings with their people, each once, by
    the day they begin on where the windows are; as the measures of the score have it.
    Days before and after the quarantine are out, meetings still to come are in.
    """

    _name = "customer.quarantine.week"
    _description = "Week of a quarantine"
    _auto = False
    _order = "week desc, id desc"
    _depends = {
        "account.analytic.line": [
            "company_id",
            "date",
            "partner_id",
            "project_id",
            "unit_amount",
        ],
        "calendar.attendee": ["event_id", "partner_id"],
        "calendar.event": ["active", "allday", "duration", "start", "user_id"],
        "customer.quarantine": [
            "calendar_id",
            "commercial_partner_id",
            "company_id",
            "date_ended",
            "date_from",
            "date_to",
            "partner_id",
            "state",
            "user_id",
            "weekly_hours",
        ],
        "res.partner": ["commercial_partner_id"],
        "res.users": ["company_id"],
        "resource.calendar": ["tz"],
    }

    quarantine_id = fields.Many2one("customer.quarantine", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Contact", readonly=True)
    commercial_partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", string="Single contact", readonly=True)
    week = fields.Date(readonly=True, help="The Monday it begins on.")
    timesheet_hours = fields.Float("Hours logged", readonly=True)
    meeting_hours = fields.Float("Hours met", readonly=True)
    hours = fields.Float(readonly=True)
    budget_hours = fields.Float("Budget", readonly=True)
    over_hours = fields.Float("Hours above", readonly=True)
    share = fields.Float("Share (%)", readonly=True, aggregator="avg")

    @property
    def _table_query(self):
        return self._get_weeks_sql(fields.Date.context_today(self))

    def _get_weeks_sql(self, today):
        """SQL: one row per quarantine and week, up to the week of today."""
        return SQL(
            """
            SELECT quarantine.id * 4096 + (week.monday - DATE '2018-01-01') / 7 AS id,
                   quarantine.id AS quarantine_id,
                   quarantine.partner_id,
                   quarantine.commercial_partner_id,
                   quarantine.company_id,
                   quarantine.user_id,
                   week.monday AS week,
                   worked.hours AS timesheet_hours,
                   met.hours AS meeting_hours,
                   worked.hours + met.hours AS hours,
                   quarantine.weekly_hours AS budget_hours,
                   GREATEST(worked.hours + met.hours - quarantine.weekly_hours, 0)
                       AS over_hours,
                   100 * (worked.hours + met.hours) / quarantine.weekly_hours AS share
              FROM customer_quarantine quarantine
              JOIN resource_calendar calendar ON calendar.id = quarantine.calendar_id
        CROSS JOIN LATERAL (
                   SELECT CASE
                          WHEN quarantine.date_ended IS NOT NULL
                          THEN quarantine.date_ended
                          WHEN quarantine.state = 'review' THEN 'infinity'::date
                          ELSE quarantine.date_to END AS last
                   ) ends
        CROSS JOIN LATERAL (
                   SELECT day::date AS monday,
                          GREATEST(day::date, quarantine.date_from) AS first,
                          LEAST(day::date + 6, ends.last) AS last
                     FROM generate_series(
                          date_trunc('week', quarantine.date_from::timestamp),
                          LEAST(ends.last, %(today)s::date)::timestamp,
                          interval '7 days') day
                   ) week
        CROSS JOIN LATERAL (%(worked)s) worked
        CROSS JOIN LATERAL (%(met)s) met
             WHERE quarantine.state NOT IN ('draft', 'cancelled')
            """,
            today=today,
            worked=self._get_worked_sql(),
            met=self._get_met_sql(),
        )

    def _get_worked_sql(self):
        """SQL: hours logged for the customer from week.first to week.last."""
        return SQL(
            """
            SELECT COALESCE(SUM(line.unit_amount), 0) AS hours
              FROM account_analytic_line line
              JOIN res_partner contact ON contact.id = line.partner_id
             WHERE contact.commercial_partner_id = quarantine.commercial_partner_id
               AND line.company_id = quarantine.company_id
               AND line.project_id IS NOT NULL
               AND line.date BETWEEN week.first AND week.last
            """
        )

    def _get_met_sql(self):
        """SQL: hours of meetings with their people from week.first to week.last."""
        return SQL(
            """
            SELECT COALESCE(SUM(event.duration), 0) AS hours
              FROM calendar_event event
              JOIN res_users organiser ON organiser.id = event.user_id
             WHERE organiser.company_id = quarantine.company_id
               AND event.active
               AND event.allday IS NOT TRUE
               AND event.start >= week.first - 1
               AND event.start < week.last + 2
               AND (event.start AT TIME ZONE 'UTC' AT TIME ZONE calendar.tz)::date
                   BETWEEN week.first AND week.last
               AND EXISTS (
                   SELECT 1 FROM calendar_attendee attendee
                     JOIN res_partner contact ON contact.id = attendee.partner_id
                    WHERE attendee.event_id = event.id
                      AND contact.commercial_partner_id
                        = quarantine.commercial_partner_id)
            """
        )
