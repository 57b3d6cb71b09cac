from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

SOURCE_MODELS = (
    "res.partner",
    "crm.lead",
    "sale.order",
    "project.project",
    "project.task",
    "account.move",
)


class CustomerEvidence(models.AbstractModel):
    """What a person noted about a customer: about whom, and where it comes from.

    It names a customer or one of its contacts and always stands for the customer.
    """

    _name = "customer.evidence"
    _description = "Evidence about a customer"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    contact_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
        help="The person it happened with, when that matters.",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Commercial customer",
        store=True,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    res_model = fields.Char(string="Source model", index=True)
    res_id = fields.Many2oneReference(
        string="Source record", model_field="res_model", index=True
    )
    source_name = fields.Char(compute="_compute_source_name", string="Source")

    @api.depends("res_model", "res_id")
    def _compute_source_name(self):
        for evidence in self:
            source = evidence._get_source()
            evidence.source_name = source.display_name if source else False

    @api.constrains("partner_id", "contact_id")
    def _check_customer(self):
        own = self.env["toxicity.score"]._get_own_partners(self.partner_id)
        for evidence in self:
            customer = evidence.partner_id.commercial_partner_id
            if evidence.partner_id in own:
                raise ValidationError(
                    self.env._(
                        "%(partner)s belongs to your own company: choose a customer.",
                        partner=evidence.partner_id.display_name,
                    )
                )
            contact = evidence.contact_id
            if contact and contact.commercial_partner_id != customer:
                raise ValidationError(
                    self.env._(
                        "%(contact)s does not belong to %(partner)s: choose one of "
                        "its contacts or leave the contact empty.",
                        contact=contact.display_name,
                        partner=customer.display_name,
                    )
                )

    @api.constrains("res_model", "res_id")
    def _check_source(self):
        allowed = self._get_source_models()
        for evidence in self:
            if evidence.res_model and evidence.res_model not in allowed:
                raise ValidationError(
                    self.env._(
                        "%(evidence)s cannot point to a record of %(model)s.",
                        evidence=evidence.display_name,
                        model=evidence.res_model,
                    )
                )

    @api.model
    def _get_source_models(self):
        """Hook: the models whose records this can be noted from."""
        return SOURCE_MODELS

    @api.model
    def default_get(self, fields):
        """Fill customer, contact and company from the record it is opened from."""
        values = super().default_get(fields)
        context = self.env.context
        model = context.get("default_res_model")
        res_id = context.get("default_res_id")
        if model in self._get_source_models() and res_id:
            source = self.env[model].browse(res_id).exists()
            if source:
                source.check_access("read")
                values.update(self._prepare_source_vals(source))
        return values

    @api.model
    def _prepare_source_vals(self, source):
        """Hook: values of what is noted from the given record."""
        partner = source if source._name == "res.partner" else source.partner_id
        customer = partner.commercial_partner_id
        return {
            "partner_id": customer.id,
            "contact_id": partner.id if partner != customer else False,
            "company_id": source.company_id.id or self.env.company.id,
        }

    def _get_source(self):
        """The record it was noted from, None when gone or unreadable."""
        self.ensure_one()
        if self.res_model not in self._get_source_models() or not self.res_id:
            return None
        source = self.env[self.res_model].browse(self.res_id).exists()
        return source if source and source.has_access("read") else None

    def action_open_source(self):
        self.ensure_one()
        source = self._get_source()
        if not source:
            raise UserError(
                self.env._(
                    "%(evidence)s: the record behind it was deleted, or you may not "
                    "read it.",
                    evidence=self.display_name,
                )
            )
        return source.get_formview_action()
