from odoo import fields, models
from odoo.fields import Domain

from .customer_exit_gate_checks import GateCheck, in_company

BY_TASK_OR_PROJECT = (
    "partner_id.commercial_partner_id",
    "project_id.partner_id.commercial_partner_id",
)


class CustomerExit(models.Model):
    """What work and which appointments may be left open with a customer."""

    _inherit = "customer.exit"

    def _get_work_checks(self):
        return [
            self._get_tasks_check(),
            self._get_milestones_check(),
            self._get_meetings_check(),
        ]

    def _get_tasks_check(self):
        return GateCheck(
            "tasks",
            self.env._("Open tasks"),
            self.env._("Work not done: finish it, hand it over, or drop it."),
            "project.task",
            lambda company: (
                Domain("is_closed", "=", False)
                & Domain("active", "=", True)
                & Domain("has_template_ancestor", "=", False)
                & in_company(company)
            ),
            paths=BY_TASK_OR_PROJECT,
            ways={
                "finish": self._finish_tasks,
                "hand_over": self._hand_over_tasks,
                "drop": self._drop_tasks,
            },
        )

    def _get_milestones_check(self):
        return GateCheck(
            "milestones",
            self.env._("Open milestones"),
            self.env._(
                "Promised and not reached. Finish those that are: the final invoice "
                "bills them. What is handed over or dropped is not billed."
            ),
            "project.milestone",
            lambda company: (
                Domain("is_reached", "=", False)
                & Domain("project_id.active", "=", True)
                & in_company(company, "project_id.company_id")
            ),
            paths=("project_id.partner_id.commercial_partner_id",),
            ways={
                "finish": self._finish_milestones,
                "hand_over": self._hand_over_milestones,
                "drop": self._drop_milestones,
            },
            # Odoo knows no dropped milestone: it stays as it is, not reached.
            keeps_open=("hand_over", "drop"),
            because=("drop",),
        )

    def _get_meetings_check(self):
        return GateCheck(
            "meetings",
            self.env._("Planned meetings"),
            self.env._("Somebody of theirs is invited to what is still to come."),
            "calendar.attendee",
            lambda _company: (
                Domain("event_id.stop", ">=", fields.Datetime.now())
                & Domain("event_id.active", "=", True)
            ),
            target="event_id",
            target_model="calendar.event",
            ways={"drop": self._drop_meetings},
        )
