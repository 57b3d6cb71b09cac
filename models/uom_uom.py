from odoo import api, models
from odoo.tools import ormcache


class UomUom(models.Model):
    _inherit = "uom.uom"

    @api.model
    @ormcache()
    def _get_hours_by_unit(self):
        """{id: how many hours one is} of the units of time; the same for everybody.

        Asked with each save of an order: units hardly ever change.
        """
        # sudo: how long a unit is depends on nobody's rights
        units = self.sudo().with_context(active_test=False)
        hour = units.env.ref("uom.product_uom_hour")
        root = hour.parent_path.split("/")[0]
        timed = units.search([("parent_path", "=like", f"{root}/%")])
        return {unit.id: unit.factor / hour.factor for unit in timed}

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)
