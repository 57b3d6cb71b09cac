from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import ormcache

MODULE = "toxic_customer_exit"


class ResPartner(models.Model):
    """Customers that our records are about stay; whoever deletes one learns no more."""

    _inherit = "res.partner"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on_record(self):
        """Say in neutral words what the database would refuse with names of ours."""
        for model, name in self._get_keeping_fields():
            # sudo: what colleagues may not read keeps the customer all the same
            records = self.env[model].sudo().with_context(active_test=False)
            if found := records.search([(name, "in", self.ids)], limit=1):
                raise UserError(
                    self.env._(
                        "%(partner)s is needed by records that stay: archive it "
                        "instead of deleting it.",
                        partner=found[name].sudo(False).display_name,
                    )
                )

    @api.model
    @ormcache()
    def _get_keeping_fields(self):
        """((model, field) of ours that forbids deleting the partner it names)."""
        return tuple(
            (field.model_name, field.name)
            for model in self.env.registry.values()
            if model._auto and not model._abstract
            for field in model._fields.values()
            if field._module == MODULE
            and field.type == "many2one"
            and field.comodel_name == "res.partner"
            and field.store
            and field.ondelete == "restrict"
        )
