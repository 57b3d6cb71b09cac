from odoo import models


class ProjectTask(models.Model):
    """Shows what its customer may still take of us this week."""

    _name = "project.task"
    _inherit = ["project.task", "customer.quarantine.banner"]
