from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_duration

from .customer_quarantine import IN_FORCE_STATES

# In percent of the budget: whoever plans is told, then whoever decides.
ALERT_LEVELS = (80, 100)
# So many days before it began its hours are compared with.
DAYS_BEFORE = 90


class CustomerQuarantine(models.Model):
    """The hours of this week against the budget. Nobody is stopped by them.

    Time is logged and meetings are held all the same; the single contact is told at
    80 %, a manager at 100 %, once each in a week.
    """

    _inherit = "customer.quarantine"

    week_hours = fields.Float("Hours this week", compute="_compute_week_hours")
    week_share = fields.Float("Share of the week (%)", compute="_compute_week_hours")

    @api.depends(
        "weekly_hours", "state", "date_from", "date_to", "commercial_partner_id"
    )
    def _compute_week_hours(self):
        hours = self._get_week_hours()
        for record in self:
            record.week_hours = hours.get(record._origin.id, 0.0)
            record.week_share = (
                100 * record.week_hours / record.weekly_hours
                if record.weekly_hours
                else 0.0
            )

    def _get_week_hours(self):
        """{quarantine id: hours of this week}, in one query."""
        if not self._origin.ids:
            return {}
        # sudo: a sum, for those who may read the quarantine
        weeks = self.env["customer.quarantine.week"].sudo()
        rows = weeks.search_fetch(
            [
                ("quarantine_id", "in", self._origin.ids),
                ("week", "=", self._get_monday()),
            ],
            ["quarantine_id", "hours"],
        )
        # Hours change without the rows of a query being told.
        weeks.invalidate_model(flush=False)
        return {row.quarantine_id.id: row.hours for row in rows}

    def _get_monday(self):
        today = fields.Date.context_today(self)
        return today - timedelta(days=today.weekday())

    def _describe_week(self):
        self.ensure_one()
        return self.env._(
            "%(hours)s of %(budget)s hours this week",
            hours=format_duration(self.week_hours),
            budget=format_duration(self.weekly_hours),
        )

    @api.model
    def _find_by_timesheets(self, lines):
        """Quarantines in force of the customers the time is logged for, one query."""
        lines.flush_recordset(["partner_id", "company_id", "project_id"])
        self.flush_model(["commercial_partner_id", "company_id", "state"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT quarantine.id
                  FROM account_analytic_line line
                  JOIN res_partner partner ON partner.id = line.partner_id
                  JOIN customer_quarantine quarantine
                    ON quarantine.commercial_partner_id = partner.commercial_partner_id
                   AND quarantine.company_id = line.company_id
                 WHERE line.id IN %s
                   AND line.project_id IS NOT NULL
                   AND quarantine.state IN %s
                """,
                tuple(lines.ids),
                IN_FORCE_STATES,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _alert_hours(self):
        """Tell of the levels that this week has reached, once each."""
        monday = self._get_monday()
        self.invalidate_recordset(["week_hours", "week_share"])
        for record in self:
            told = record.alert_level if record.alert_week == monday else 0
            reached = max(
                (level for level in ALERT_LEVELS if record.week_share >= level),
                default=0,
            )
            if reached > told:
                record.write({"alert_week": monday, "alert_level": reached})
                record._tell_hours(reached)

    def _tell_hours(self, level):
        self._tell(
            "toxic_customer_exit.mail_activity_type_quarantine_hours",
            self.env._(
                "%(share)s %% of the hours of this week: %(hours)s. Time is logged as "
                "always; plan the rest of the week.",
                share=level,
                hours=self._describe_week(),
            ),
            managers=level == ALERT_LEVELS[-1],
        )

    def action_view_weeks(self):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toxic_customer_exit.customer_quarantine_week_action"
        )
        return {**action, "domain": [("quarantine_id", "=", self.id)], "context": {}}
