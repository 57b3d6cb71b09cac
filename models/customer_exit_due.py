from odoo import api, fields, models

from .customer_exit import DECIDED_STATES, OPEN_STATES


class CustomerExit(models.Model):
    """When the next thing on an exit is due, for calendars and cards."""

    _inherit = "customer.exit"

    date_due = fields.Date(
        "Due on",
        compute="_compute_date_due",
        store=True,
        index="btree_not_null",
        help="The next planned activity, or the day the approved exit takes effect if "
        "that is earlier; without either, the day it was opened.",
    )

    @api.depends(
        *("state", "date_opened", "effective_date"),
        *("activity_ids.active", "activity_ids.date_deadline"),
    )
    def _compute_date_due(self):
        for record in self:
            dates = record.activity_ids.filtered("active").mapped("date_deadline")
            if record.effective_date and record.state in DECIDED_STATES:
                dates.append(record.effective_date)
            is_open = record.state in OPEN_STATES
            record.date_due = is_open and min(dates, default=record.date_opened)

    def action_launch_plan(self):
        """Choose one of Odoo's activity plans for the step that the exit is in."""
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Launch a plan"),
            "res_model": "mail.activity.schedule",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "active_model": self._name,
                "active_ids": self.ids,
                "plan_mode": True,
                "default_plan_on_demand_user_id": self.user_id[:1].id
                or self.env.user.id,
            },
        }
