from odoo import fields, models


class IrUiView(models.Model):
    """A further kind of view; its name is neutral, for every client learns it."""

    _inherit = "ir.ui.view"

    type = fields.Selection(selection_add=[("customer_matrix", "Matrix")])

    def _get_view_info(self):
        info = {"customer_matrix": {"icon": "fa fa-bullseye"}}
        return info | super()._get_view_info()
