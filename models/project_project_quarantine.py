from odoo import models

from .customer_quarantine_banner import GROUP


class ProjectProject(models.Model):
    """Shows what its customer may still take of us this week."""

    _name = "project.project"
    _inherit = ["project.project", "customer.quarantine.banner"]

    def get_panel_data(self):
        data = super().get_panel_data()
        if data and self.env.user.has_group(GROUP) and self.quarantine_note:
            data["quarantine"] = self.quarantine_note
        return data
