from odoo import models
from odoo.exceptions import UserError


class ProjectProject(models.Model):
    _inherit = "project.project"

    def action_scan_history(self):
        """Look in the history of these projects, and of what they were sold by."""
        # The method is public, and customers can read projects shared with them.
        self.env["scope.change"].check_access("create")
        self.check_access("read")
        # sudo: who runs a project need not be allowed to read the orders behind it
        projects = self.sudo()
        targets = [
            target
            for project in projects
            if (target := project._get_scope_target()) is not None
        ]
        if self and not targets:
            raise UserError(
                self.env._(
                    "%(project)s is not billed to a customer: nothing was agreed that "
                    "could drift, so choose projects that are.",
                    project=self[:1].display_name,
                )
            )
        orders = projects.env["sale.order"].union(
            *(target for target in targets if target._name == "sale.order")
        )
        return self.env["scope.change.scan"]._scan_chosen(orders, projects)
