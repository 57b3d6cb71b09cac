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
        help="What comes first: a planned activity, the answer to an option, the "
        "review of a retained customer, or the day an approved exit takes effect.",
    )

    @api.depends(
        *("state", "effective_date", "date_review"),
        *("activity_ids.active", "activity_ids.date_deadline"),
        *("option_ids.state", "option_ids.date_answer_by"),
    )
    def _compute_date_due(self):
        for record in self:
            dates = record._get_due_dates() if record.state in OPEN_STATES else []
            record.date_due = min(filter(None, dates), default=False)

    def _get_due_dates(self):
        """Hook: the days on which something is due, of which the first counts."""
        dates = self.activity_ids.filtered("active").mapped("date_deadline")
        if self.state == "options":
            offered = self.option_ids.filtered(lambda option: option.state == "offered")
            dates += offered.mapped("date_answer_by")
        if self.state == "retained":
            dates.append(self.date_review)
        if self.state in DECIDED_STATES:
            dates.append(self.effective_date)
        return dates

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
