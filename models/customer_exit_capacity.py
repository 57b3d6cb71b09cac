from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, format_duration

# Who worked for the customer within so many days would do so again.
DAYS_LOOKED_BACK = 365


class CustomerExitOption(models.Model):
    """Whether we have the hours for an option: a fact beside our word for it."""

    _inherit = "customer.exit.option"

    free_hours = fields.Float(
        "Free hours",
        compute="_compute_free_hours",
        aggregator=None,
        help="Of those who worked for the customer in the last year (else of the owner "
        "of the exit), until the last day to answer and our part: working hours and "
        "leaves as their calendars say, less what is left of their open tasks that are "
        "due by then or have no deadline.",
    )
    capacity_note = fields.Char("Capacity", compute="_compute_free_hours")
    is_over_capacity = fields.Boolean(compute="_compute_free_hours")

    @api.depends("date_answer_by", "our_days", "hours", "exit_id.commercial_partner_id")
    @api.depends_context("lang", "tz")
    def _compute_free_hours(self):
        today = fields.Date.context_today(self)
        people = {case: case._get_people_who_work() for case in self.exit_id}
        for option in self:
            case, end = option.exit_id, option._get_last_day(today)
            who = people.get(case, self.env["hr.employee"])
            working = case._get_hours_of_work(who, today, end)
            planned = case._get_planned_hours(who, end)
            option.free_hours = max(working - planned, 0.0)
            option.is_over_capacity = option.hours > option.free_hours
            option.capacity_note = option._describe_capacity(who, working, planned, end)

    def _get_last_day(self, today):
        """When our part is done at the latest, accepted on the last day."""
        start = max(self.date_answer_by or today, today)
        return start + timedelta(days=max(self.our_days, 0))

    def _describe_capacity(self, people, working, planned, end):
        if not people:
            return self.env._("Nobody of us is known to work for this customer.")
        return self.env._(
            "Free hours until %(date)s: %(free)s. Working time of %(people)s of us: "
            "%(working)s, planned: %(planned)s.",
            free=format_duration(self.free_hours),
            date=format_date(self.env, end),
            working=format_duration(working),
            people=len(people),
            planned=format_duration(planned),
        )


class CustomerExit(models.Model):
    _inherit = "customer.exit"

    def _get_people_who_work(self):
        """Our employees who worked for the customer, else the owner; in sudo."""
        since = fields.Date.context_today(self) - timedelta(days=DAYS_LOOKED_BACK)
        # sudo: their hours are added up for who offers, nobody is named
        lines = self.env["account.analytic.line"].sudo()
        groups = lines._read_group(
            [
                ("project_id", "!=", False),
                ("employee_id.active", "=", True),
                ("company_id", "=", self.company_id.id),
                (
                    "project_id.partner_id.commercial_partner_id",
                    "=",
                    self.commercial_partner_id.id,
                ),
                ("date", ">=", since),
            ],
            ["employee_id"],
        )
        people = self.env["hr.employee"].sudo().union(*(who for (who,) in groups))
        return people or self.user_id.sudo().employee_ids.filtered(
            lambda employee: employee.company_id == self.company_id
        )

    def _get_hours_of_work(self, people, start, end):
        """What the calendars of all these hold, the end's day included."""
        if not people:
            return 0.0
        found = people._get_work_days_data_batch(
            datetime.combine(start, time.min), datetime.combine(end, time.max)
        )
        return sum(data["hours"] for data in found.values())

    def _get_planned_hours(self, people, end):
        """What is left of their open tasks due by then, or whenever; shared evenly."""
        users = people.user_id
        due = Domain("date_deadline", "=", False) | Domain(
            "date_deadline", "<=", datetime.combine(end, time.max)
        )
        # sudo: see _get_people_who_work
        tasks = (
            self.env["project.task"]
            .sudo()
            .search(
                due
                & Domain("user_ids", "in", users.ids)
                & Domain("is_closed", "=", False)
                & Domain("has_template_ancestor", "=", False)
                & Domain("remaining_hours", ">", 0)
            )
        )
        return sum(
            task.remaining_hours * len(task.user_ids & users) / len(task.user_ids)
            for task in tasks
        )
