from odoo import fields, models

READ_GROUP = "toxic_customer_exit.group_toxicity_user"


class ProjectProject(models.Model):
    _inherit = "project.project"

    scope_change_ids = fields.One2many(
        "scope.change", "project_id", "Scope Changes", groups=READ_GROUP
    )
    scope_change_count = fields.Integer(
        compute="_compute_scope_change_count", groups=READ_GROUP
    )

    def _compute_scope_change_count(self):
        counts = dict(
            self.env["scope.change"]._read_group(
                [("project_id", "in", self.ids)], ["project_id"], ["__count"]
            )
        )
        for project in self:
            project.scope_change_count = counts.get(project._origin, 0)

    def action_view_scope_changes(self):
        """Open the scope changes of this project."""
        self.ensure_one()
        # Who runs a project may not be allowed to read the order it is sold by.
        order = self.sudo().sale_line_id.order_id
        return self.env["scope.change"]._get_action_for(
            [("project_id", "=", self.id)],
            {
                "default_project_id": self.id,
                "default_order_id": order.id,
                "default_partner_id": (self.partner_id or order.partner_id).id,
            },
        )

    def _get_stat_buttons(self):
        buttons = super()._get_stat_buttons()
        if self.env.user.has_group(READ_GROUP):
            buttons.append(
                {
                    "icon": "exchange",
                    "text": self.env._("Scope Changes"),
                    "number": self.scope_change_count,
                    "action_type": "object",
                    "action": "action_view_scope_changes",
                    "show": self.allow_billable,
                    "sequence": 29,
                }
            )
        return buttons
