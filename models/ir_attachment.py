from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .toxicity_internal_thread import MANAGER_GROUP

MODULE = "toxic_customer_exit"
PRIVATE = "customer.exit.review"


class IrAttachment(models.Model):
    """Keeps searches of files from answering questions about fields of ours.

    Odoo searches attachments as superuser and then drops those the user may not read
    (19.0), so that a path from a file to any record is followed without asking for
    rights: a colleague could spell out what we hold, one search at a time.
    """

    _inherit = "ir.attachment"

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        if not self.env.su:
            self._check_own_fields(self, Domain(domain))
        return super()._search(domain, offset, limit, order, **kwargs)

    def _check_own_fields(self, model, domain):
        """Refuse a domain that leads by a field of ours that is not for the user."""
        for condition in domain.iter_conditions():
            comodel = self._check_own_path(model, condition.field_expr)
            if "any" in condition.operator and isinstance(
                condition.value, (Domain, list, tuple)
            ):
                self._check_own_fields(comodel, Domain(condition.value))

    def _check_own_path(self, model, path):
        """Return the model that the path leads to."""
        for name in path.split("."):
            field = model._fields.get(name)
            if field is None:
                break
            if MODULE in (field.groups or ""):
                model._check_field_access(field, "read")
            if field.comodel_name:
                model = self.env[field.comodel_name]
                self._check_private(model)
        return model

    def _check_private(self, model):
        """What is not for all of our users either is no way to a file."""
        if model._name == PRIVATE and not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(
                self.env._("Files are not found by what is private to somebody.")
            )
