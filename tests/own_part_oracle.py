"""What we did ourselves at a customer, worked out record by record in Python.

Reads with the ORM and counts with plain loops, so that it shares nothing with the SQL
of the module but what the words mean.
"""

from collections import defaultdict
from datetime import date, timedelta
from statistics import mean, median

ROLES = ("project", "sale")


class OwnPartOracle:
    def __init__(self, env, company):
        self.env = env
        self.company = company
        self.today = date.today()
        self.since = self.today - timedelta(days=company.toxicity_window_days)
        self.scores = {
            score.partner_id: score
            for score in env["toxicity.score"].search([("company_id", "=", company.id)])
        }

    def is_in_window(self, day):
        return bool(day) and self.since < day <= self.today

    def get_projects(self, customer):
        return (
            self.env["project.project"]
            .search([("is_template", "=", False)])
            .filtered(
                lambda project: (
                    project.partner_id.commercial_partner_id == customer
                    and project.company_id == self.company
                )
            )
        )

    def get_orders(self, customer):
        return (
            self.env["sale.order"]
            .search([("state", "=", "sale"), ("company_id", "=", self.company.id)])
            .filtered(lambda order: order.partner_id.commercial_partner_id == customer)
        )

    # -- late ------------------------------------------------------------------------

    def get_late(self, customer):
        """[[kind, due, late, mean days]] as the module reads them."""
        found = defaultdict(list)
        projects = self.get_projects(customer)
        for milestone in projects.milestone_ids.filtered("deadline"):
            if self.is_in_window(milestone.deadline):
                delivered = milestone.reached_date or self.today
                found["milestone"].append((delivered - milestone.deadline).days)
        for task in projects.task_ids.filtered("date_deadline"):
            deadline = task.date_deadline.date()
            if task.state != "1_canceled" and self.is_in_window(deadline):
                delivered = self.get_delivery(task) or self.today
                found["task"].append((delivered - deadline).days)
        return [
            [kind, len(days), len(late), mean(late) if late else 0]
            for kind, days in sorted(found.items())
            if [late := [day for day in days if day > 0]]
        ]

    def get_delivery(self, task):
        moments = [task.date_end]
        if task.state == "1_done":
            moments.append(task.date_last_stage_update)
        days = [moment.date() for moment in moments if moment]
        return min(days, default=None)

    # -- staff -----------------------------------------------------------------------

    def get_staff(self, customer):
        """{what: count}, without what is 0."""
        entries = self.env["account.analytic.line"].search(
            [("project_id", "!=", False)]
        )
        people = {
            entry.employee_id
            for entry in entries
            if entry.partner_id.commercial_partner_id == customer
            and entry.company_id == self.company
            and self.is_in_window(entry.date)
        }
        counts = {
            "people": len(people),
            "project": len(self.get_handovers(self.get_projects(customer))),
            "sale": len(
                self.get_handovers(self.get_orders(customer))
                | (self.get_handovers(customer) if self.get_orders(customer) else set())
            ),
        }
        return {what: count for what, count in counts.items() if count}

    def get_handovers(self, records):
        return {
            (message.date.date(), value.old_value_integer, value.new_value_integer or 0)
            for message in records.message_ids
            for value in message.sudo().tracking_value_ids
            if value.field_id.name == "user_id"
            and value.old_value_integer
            and value.old_value_integer != value.new_value_integer
            and self.is_in_window(message.date.date())
        }

    # -- elsewhere -------------------------------------------------------------------

    def get_elsewhere(self, customer):
        """{(role, indicator): [others, median value, median load]}."""
        found = {}
        mine = self.scores.get(customer)
        strain = mine.line_ids.filtered(
            lambda line: line.polarity == "strain" and line.load
        )
        for role in ROLES:
            persons = self.get_persons(customer, role)
            others = [
                score
                for other, score in self.scores.items()
                if other != customer and persons & self.get_persons(other, role)
            ]
            for line in strain:
                parts = self.get_parts(line.indicator_id, others)
                if len(parts) >= 3:
                    found[role, line.indicator_id] = [
                        len(parts),
                        median(value for value, _load in parts),
                        median(load for _value, load in parts),
                    ]
        return found

    def get_parts(self, indicator, scores):
        parts = []
        for score in scores:
            line = score.line_ids.filtered(
                lambda line, indicator=indicator: line.indicator_id == indicator
            )
            if line or indicator.origin == "recorded":
                parts.append((line.value, line.load))
        return parts

    def get_persons(self, customer, role):
        if role == "project":
            return set(self.get_projects(customer).user_id)
        orders = self.get_orders(customer).filtered(
            lambda order: self.is_in_window(order.date_order.date())
        )
        return set(orders.user_id | customer.user_id)
