from odoo import api, fields, models

from .scope_change import OPEN_STATES
from .toxicity_internal_thread import MANAGER_GROUP

# What the shipped rules plan, and a decision settles.
ACTIVITY_TYPES = (
    "toxic_customer_exit.mail_activity_type_change_decision",
    "toxic_customer_exit.mail_activity_type_change_overdue",
)


class ScopeChange(models.Model):
    """Who is to decide: what reactions go by."""

    _inherit = "scope.change"

    reminder_user_id = fields.Many2one(
        "res.users",
        "Whom to remind",
        compute="_compute_reminder_users",
        compute_sudo=True,
        help="The responsible, else the salesperson of the order or the manager of "
        "the project, who may see this; else the manager to ask.",
    )
    manager_id = fields.Many2one(
        "res.users",
        "Manager to ask",
        compute="_compute_reminder_users",
        compute_sudo=True,
        help="The leader of the order's sales team or the manager of the project, if "
        "a manager of Customer Exit; else another one.",
    )

    @api.depends("user_id", "order_id", "project_id", "company_id")
    def _compute_reminder_users(self):
        managers = self._get_first_managers(self.company_id)
        for change in self:
            order, project = change.order_id, change.project_id
            leaders = order.team_id.user_id | project.user_id
            known = change.user_id | order.user_id | project.user_id
            company = change.company_id
            change.manager_id = (
                self._pick_member(leaders, company, MANAGER_GROUP) or managers[company]
            )
            change.reminder_user_id = (
                self._pick_member(known, company) or change.manager_id
            )

    def write(self, vals):
        """A decision settles what asked for it."""
        result = super().write(vals)
        if vals.get("state", OPEN_STATES[0]) not in OPEN_STATES:
            # sudo: others may have been asked as well
            self.sudo().activity_unlink(ACTIVITY_TYPES)
        return result
