from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

USER_GROUP = "toxic_customer_exit.group_toxicity_user"
MANAGER_GROUP = "toxic_customer_exit.group_toxicity_manager"


class DigestDigest(models.Model):
    """Two figures of ours in the periodic mail, for those alone who may see them.

    A mail is read on trains and forwarded: its words say nothing about a customer.
    """

    _inherit = "digest.digest"

    kpi_scope_change_open = fields.Boolean("Scope Changes to Answer", groups=USER_GROUP)
    kpi_scope_change_open_value = fields.Integer(
        compute="_compute_kpi_scope_change_open_value", groups=USER_GROUP
    )
    kpi_portfolio_hours = fields.Boolean(
        "Hours on Relationships to Review (%)",
        groups=MANAGER_GROUP,
        help="Share of the hours logged for customers that goes to those who are "
        "strained, or worse, at present.",
    )
    kpi_portfolio_hours_value = fields.Float(
        compute="_compute_kpi_portfolio_hours_value", groups=MANAGER_GROUP
    )

    def _compute_kpi_scope_change_open_value(self):
        self._check_kpi_group(USER_GROUP)
        since, until = self._get_kpi_days()
        companies = self._get_kpi_companies()
        domain = [("state", "=", "detected"), ("company_id", "in", companies.ids)]
        if since and until:
            domain += [("date", ">=", since), ("date", "<=", until)]
        counts = dict(
            self.env["scope.change"]._read_group(domain, ["company_id"], ["__count"])
        )
        for digest in self:
            company = digest.company_id or self.env.company
            digest.kpi_scope_change_open_value = counts.get(company, 0)

    def _compute_kpi_portfolio_hours_value(self):
        self._check_kpi_group(MANAGER_GROUP)
        shares = self._get_strained_shares(self._get_kpi_companies())
        for digest in self:
            company = digest.company_id or self.env.company
            digest.kpi_portfolio_hours_value = 100 * shares.get(company.id, 0.0)

    @api.model
    def _check_kpi_group(self, group):
        """Odoo leaves out of somebody's mail what raises an AccessError."""
        if not self.env.user.has_group(group):
            raise AccessError(
                self.env._("%(user)s may not see this figure.", user=self.env.user.name)
            )

    def _get_kpi_days(self):
        """The whole days of the period, the first and the last; None without one."""
        start, end = (
            self.env.context.get(key) for key in ("start_datetime", "end_datetime")
        )
        if not start or not end:
            return None, None
        return start.date(), fields.Date.subtract(end.date(), days=1)

    def _get_kpi_companies(self):
        """The companies of the digests, as far as they are the reader's."""
        *_period, companies = self._get_kpi_compute_parameters()
        return companies & self.env.user.company_ids

    @api.model
    def _get_strained_shares(self, companies):
        """{company id: share of the hours with customers who are strained or worse}."""
        if not companies:
            return {}
        since, until = self._get_kpi_days()
        portfolio = self.env["customer.portfolio"].with_context(
            allowed_company_ids=companies.ids
        )
        # sudo: a sum over everybody's hours, whoever may read their timesheets
        rows = portfolio.sudo().env.execute_query(
            SQL(
                """
                SELECT total.company_id,
                       SUM(total.hours) FILTER (
                           WHERE score.current_band IN ('strained', 'toxic')
                       ) / NULLIF(SUM(total.hours), 0)
                  FROM (%s) total
             LEFT JOIN toxicity_score score ON score.partner_id = total.customer_id
                                           AND score.company_id = total.company_id
                 WHERE total.customer_id IS NOT NULL
              GROUP BY total.company_id
                """,
                portfolio._get_totals(["hours"], since, until),
            )
        )
        return {company: share or 0.0 for company, share in rows}

    # Whoever sends a digest, or sets one up, need not see our figures to do so.

    def _get_kpi_fields(self):
        # sudo: which figures are on; whether the reader gets them is asked later
        return super(DigestDigest, self.sudo())._get_kpi_fields()

    def _compute_available_fields(self):
        # sudo: which figures are on
        return super(DigestDigest, self.sudo())._compute_available_fields()

    def _compute_kpis_actions(self, company, user):
        """The buttons of the figures, by number: our technical name stays outside."""
        actions = super()._compute_kpis_actions(company, user)
        for name, action, group in (
            ("kpi_scope_change_open", "scope_change_action", USER_GROUP),
            ("kpi_portfolio_hours", "customer_portfolio_action", MANAGER_GROUP),
        ):
            if user.has_group(group):
                # sudo: the number alone
                record = self.sudo().env.ref(f"toxic_customer_exit.{action}")
                actions[name] = record.id
        return actions
