from odoo import api, fields, models
from odoo.tools import SQL

from .scope_creep import search_creep, search_high_creep

GROUP = "toxic_customer_exit.group_toxicity_user"


class ResPartner(models.Model):
    """How much of all that a customer ordered was given away or is undecided.

    The sum over its confirmed orders in the current company, of all time: their
    creep, with that of changes noted without an order, ÷ the baselines of the
    original orders. Each amount comes to the currency of the company by the rate of
    its order. People of the customer show the customer's.
    """

    _inherit = "res.partner"

    scope_creep = fields.Float(
        "Creep (%)",
        digits=(16, 2),
        compute="_compute_scope_creep",
        search="_search_scope_creep",
        aggregator=None,
        groups=GROUP,
        help="Changes given away (at list price) or still undecided, in percent of "
        "what all its orders agreed on originally.",
    )
    scope_creep_amount = fields.Monetary(
        "Creep",
        compute="_compute_scope_creep",
        groups=GROUP,
        help="Changes given away, at list price, or still undecided.",
    )
    is_scope_creep_high = fields.Boolean(
        "Creep above Threshold",
        compute="_compute_scope_creep",
        search="_search_is_scope_creep_high",
        groups=GROUP,
    )
    scope_change_count = fields.Integer(
        compute="_compute_scope_change_count", groups=GROUP
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_scope_creep(self):
        customers = self.commercial_partner_id._origin
        chosen = SQL("change.commercial_partner_id IN %s", tuple(customers.ids) or (0,))
        rows = {
            row["id"]: row
            for row in self.env.execute_query_dict(self._get_creep_sql(chosen))
        }
        for partner in self:
            row = rows.get(partner.commercial_partner_id._origin.id, {})
            partner.scope_creep = row.get("percent", 0.0)
            partner.scope_creep_amount = row.get("amount", 0.0)
            partner.is_scope_creep_high = row.get("is_high", False)

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_scope_change_count(self):
        counts = dict(
            self.env["scope.change"]._read_group(
                self._get_scope_changes_domain(),
                ["commercial_partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            customer = partner.commercial_partner_id._origin
            partner.scope_change_count = counts.get(customer, 0)

    def _get_scope_changes_domain(self):
        return [
            ("commercial_partner_id", "in", self.commercial_partner_id.ids),
            ("company_id", "=", self.env.company.id),
        ]

    @api.model
    def _get_creep_sql(self, chosen=None):
        """SQL: id, amount, percent, is_high of customers with creep in the company.

        chosen: a condition on the rows of `change`.
        """
        chosen = chosen or SQL("TRUE")
        self.flush_model(["commercial_partner_id"])
        self.env["sale.order"].flush_model(
            [
                "amended_order_id",
                "baseline_amount",
                "currency_rate",
                "partner_id",
                "state",
            ]
        )
        self.env["res.company"].flush_model(["scope_creep_threshold"])
        return SQL(
            """
            SELECT given.customer_id AS id, given.amount, percent.value AS percent,
                   percent.value >= company.scope_creep_threshold
                       AND ordered.baseline > 0 AS is_high
              FROM (%(given)s) given
         LEFT JOIN LATERAL (%(ordered)s) ordered ON TRUE
              JOIN res_company company ON company.id = %(company)s
        CROSS JOIN LATERAL (
                   SELECT COALESCE(ROUND((
                       100 * given.amount / NULLIF(GREATEST(ordered.baseline, 0), 0)
                   )::numeric, 2), 0)::float8 AS value
                   ) percent
            """,
            given=self._get_given_sql(chosen),
            ordered=self._get_baseline_sql(),
            company=self.env.company.id,
        )

    @api.model
    def _get_given_sql(self, chosen):
        """SQL: customer_id, amount: of its confirmed orders, and of no order."""
        self.env["scope.change"].flush_model(
            ["commercial_partner_id", "company_id", "order_id", "creep_amount"]
        )
        return SQL(
            """
            SELECT change.commercial_partner_id AS customer_id,
                   SUM(change.creep_amount
                       / COALESCE(NULLIF(part.currency_rate, 0), 1)) AS amount
              FROM scope_change change
         LEFT JOIN sale_order part ON part.id = change.order_id
         LEFT JOIN sale_order contract
                ON contract.id = COALESCE(part.amended_order_id, part.id)
             WHERE change.company_id = %(company)s
               AND change.creep_amount > 0
               AND (change.order_id IS NULL
                    OR (part.state = 'sale' AND contract.state = 'sale'))
               AND %(chosen)s
          GROUP BY change.commercial_partner_id
            """,
            company=self.env.company.id,
            chosen=chosen,
        )

    @api.model
    def _get_baseline_sql(self):
        """SQL: baseline of the original orders of `given`, in company currency."""
        return SQL(
            """
            SELECT SUM(sale.baseline_amount
                       / COALESCE(NULLIF(sale.currency_rate, 0), 1)) AS baseline
              FROM res_partner partner
              JOIN sale_order sale ON sale.partner_id = partner.id
             WHERE partner.commercial_partner_id = given.customer_id
               AND sale.company_id = %s
               AND sale.state = 'sale'
               AND sale.amended_order_id IS NULL
            """,
            self.env.company.id,
        )

    def _search_scope_creep(self, operator, value):
        self._check_field_access(self._fields["scope_creep"], "read")
        found, column = self._get_creep_sql(), "commercial_partner_id"
        return search_creep(found, column, operator, value)

    def _search_is_scope_creep_high(self, operator, value):
        self._check_field_access(self._fields["is_scope_creep_high"], "read")
        found, column = self._get_creep_sql(), "commercial_partner_id"
        return search_high_creep(found, column, operator, value)

    def action_view_scope_changes(self):
        """Open the scope changes of this customer."""
        self.ensure_one()
        return self.env["scope.change"]._get_action_for(
            self._get_scope_changes_domain(), {"default_partner_id": self.id}
        )

    def action_view_goodwill(self):
        """Open what this customer was given without paying for it."""
        self.ensure_one()
        # The button's method is public, and customers can read themselves.
        self.env["goodwill.entry"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toxic_customer_exit.goodwill_entry_action"
        )
        return {
            **action,
            "domain": [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.env.company.id),
            ],
            # Of the customer, for the statement to be printed from there.
            "context": {"default_partner_id": self.commercial_partner_id.id},
        }
