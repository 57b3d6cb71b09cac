from odoo import models


class ProjectProject(models.Model):
    """Shows what its customer may still take of us this week."""

    _name = "project.project"
    _inherit = ["project.project", "customer.quarantine.banner"]
