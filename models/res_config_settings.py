from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # To be seen here, and tuned where a preview says who would change band.
    toxicity_watch_threshold = fields.Integer(
        related="company_id.toxicity_watch_threshold"
    )
    toxicity_strained_threshold = fields.Integer(
        related="company_id.toxicity_strained_threshold"
    )
    toxicity_toxic_threshold = fields.Integer(
        related="company_id.toxicity_toxic_threshold"
    )
    toxicity_window_days = fields.Integer(related="company_id.toxicity_window_days")
    claim_tolerance = fields.Float(related="company_id.claim_tolerance")
    scope_creep_threshold = fields.Float(
        related="company_id.scope_creep_threshold", readonly=False
    )
    exit_self_approval = fields.Boolean(
        related="company_id.exit_self_approval",
        readonly=False,
        groups="toxic_customer_exit.group_toxicity_manager",
    )
    exit_notice_days = fields.Integer(
        related="company_id.exit_notice_days",
        readonly=False,
        groups="toxic_customer_exit.group_toxicity_manager",
    )
    exit_new_business = fields.Selection(
        related="company_id.exit_new_business",
        readonly=False,
        groups="toxic_customer_exit.group_toxicity_manager",
    )
    exit_letter_reason = fields.Boolean(
        related="company_id.exit_letter_reason",
        readonly=False,
        groups="toxic_customer_exit.group_toxicity_manager",
    )
    toxicity_failures = fields.Char(
        compute="_compute_toxicity_failures",
        groups="toxic_customer_exit.group_toxicity_manager",
    )

    def _compute_toxicity_failures(self):
        for settings in self:
            settings.toxicity_failures = self.env[
                "toxicity.indicator"
            ]._get_failed_names(settings.company_id)

    def _field_to_sql(self, alias, field_expr, query=None):
        # Odoo follows a related field as superuser, and checks no groups on the way.
        if field := self._fields.get(field_expr):
            self._check_field_access(field, "read")
        return super()._field_to_sql(alias, field_expr, query)
