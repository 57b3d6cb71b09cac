from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class ToxicityMeasureSale(models.AbstractModel):
    """Measures read from sales orders."""

    _inherit = "toxicity.measure"

    @api.model
    def _get_records_behind(self):
        contracts = {"sale.order": self._get_contracts_domain}
        return {
            **super()._get_records_behind(),
            "discount_share": {"sale.order.line": self._get_priced_lines_domain},
            "never_renewed": contracts,
            "renewals": contracts,
            "proposal_rejection": {"sale.order": self._get_proposals_domain},
            "impulse_contract": {
                "sale.order": self._get_first_orders_domain,
                "crm.lead": self._get_first_lead_domain,
            },
            "referrals": {"crm.lead": self._get_referred_domain},
        }

    @api.model
    def _measure_discount_share(self):
        """Discount given ÷ value at list price, over the order lines of the window."""
        return SQL(
            """
            SELECT partner_id, company_id, discounted / listed AS value
              FROM sold
             WHERE listed > 0
            """
        )

    @api.model
    def _get_priced_lines_domain(self, customer, company, since, today):
        lines = self.env["sale.order.line"].search(
            self._get_order_domain(customer, company, since, today, "order_id.")
            & Domain("display_type", "=", False)
            & Domain("is_downpayment", "=", False)
        )
        priced = lines.filtered(lambda line: line.product_uom_qty * line.price_unit > 0)
        return Domain("id", "in", priced.ids)

    @api.model
    def _measure_never_renewed(self):
        """1 when the only order ever is older than the window, else 0."""
        return SQL(
            """
            SELECT ordered.partner_id,
                   ordered.company_id,
                   CASE WHEN ordered.contracts = 1
                         AND ordered.last_contract::date <= setting.since
                        THEN 1 ELSE 0 END AS value
              FROM ordered
              JOIN setting USING (company_id)
             WHERE ordered.contracts > 0
            """
        )

    @api.model
    def _get_contracts_domain(self, customer, company, since, today):
        """All orders ever but amendments."""
        amendments = self._get_amendments(company)
        domain = self._get_order_domain(customer, company)
        return domain & Domain("id", "not in", amendments.ids)

    @api.model
    def _measure_renewals(self):
        """Calendar years with a confirmed order, minus 1; amendments left out."""
        return SQL(
            """
            SELECT partner_id, company_id, contract_years - 1 AS value
              FROM ordered
             WHERE contracts > 0
            """
        )

    @api.model
    def _measure_proposal_rejection(self):
        """1 − confirmed ÷ all proposals that were answered or ran out, at least 3."""
        return SQL(
            """
            SELECT partner_id, company_id,
                   1 - accepted / proposals::numeric AS value
              FROM ordered
             WHERE proposals >= 3
            """
        )

    @api.model
    def _get_proposals_domain(self, customer, company, since, today):
        expired = Domain("state", "=", "sent") & Domain("validity_date", "<", today)
        return (
            self._get_customer_domain("partner_id", customer)
            & Domain("company_id", "=", company.id)
            & (Domain("state", "in", ["sale", "cancel"]) | expired)
            & self._get_window_domain("date_order", since, today)
            & Domain("id", "not in", self._get_amendments(company).ids)
        )

    @api.model
    def _measure_impulse_contract(self):
        """1 when the first order came within a day of the first lead or quotation.

        Imported data make every first order look so: while more than half of the
        customers of a company have it, it says nothing and is left out.
        """
        return SQL(
            """
            SELECT first.partner_id, first.company_id, first.value
              FROM (%(first_orders)s) first
         LEFT JOIN toxicity_norm usual ON usual.company_id = first.company_id
                                      AND usual.code = 'impulse_share'
             WHERE COALESCE(usual.value, 0) <= 0.5
            """,
            first_orders=self._first_orders(),
        )

    @api.model
    def _first_orders(self):
        """SQL: partner_id, company_id, value (1 impulsive, else 0) per first order."""
        return SQL(
            """
            SELECT ordered.partner_id,
                   ordered.company_id,
                   CASE WHEN ordered.first_order
                             - LEAST(ordered.first_quoted, own.first_on,
                                     shared.first_on)
                             BETWEEN INTERVAL '-1 day' AND INTERVAL '1 day'
                        THEN 1 ELSE 0 END AS value
              FROM ordered
         LEFT JOIN approached own ON own.partner_id = ordered.partner_id
                                 AND own.company_id = ordered.company_id
         LEFT JOIN approached shared ON shared.partner_id = ordered.partner_id
                                    AND shared.company_id IS NULL
             WHERE ordered.orders > 0
            """
        )

    @api.model
    def _get_first_orders_domain(self, customer, company, since, today):
        """The first order, and the quotation that was made first."""
        # sudo: which are the first, not what is in them
        orders = self.env["sale.order"].sudo()
        ordered = orders.search(
            self._get_order_domain(customer, company), order="date_order, id", limit=1
        )
        quoted = orders.search(
            self._get_customer_domain("partner_id", customer)
            & Domain("company_id", "=", company.id),
            order="create_date, id",
            limit=1,
        )
        return Domain("id", "in", (ordered | quoted).ids)

    @api.model
    def _get_first_lead_domain(self, customer, company, since, today):
        # sudo: which is the first, not what is in it
        leads = self.env["crm.lead"].sudo().with_context(active_test=False)
        first = leads.search(
            self._get_customer_domain("partner_id", customer)
            & Domain("company_id", "in", [company.id, False]),
            order="create_date, id",
            limit=1,
        )
        return Domain("id", "in", first.ids)

    @api.model
    def _measure_referrals(self):
        """Won leads that this customer referred, all time."""
        return SQL("SELECT partner_id, company_id, leads AS value FROM referred")

    @api.model
    def _get_referred_domain(self, customer, company, since, today):
        # sudo: whether we ever sold to the customer, not what
        sold = self.env["sale.order"].sudo()
        is_seller = sold.search_count(
            self._get_order_domain(customer, company), limit=1
        )
        companies = [company.id, False] if is_seller else company.ids
        return (
            self._get_customer_domain("referred_by_id", customer)
            & Domain("company_id", "in", companies)
            & Domain("stage_id.is_won", "=", True)
        )

    @api.model
    def _order_rate(self):
        """SQL: value, by which amounts of ``sale`` divide into company currency."""
        return SQL("SELECT COALESCE(NULLIF(sale.currency_rate, 0), 1) AS value")

    @api.model
    def _get_amendments(self, company):
        # sudo: an amendment is one whoever may read the change behind it
        changes = self.env["scope.change"].sudo()
        return changes.search(
            [("amendment_id.company_id", "=", company.id)]
        ).amendment_id

    @api.model
    def _get_order_domain(self, customer, company, since=None, today=None, path=""):
        """Confirmed orders of the customer, those of the window when it is given."""
        domain = (
            self._get_customer_domain(f"{path}partner_id", customer)
            & Domain(f"{path}company_id", "=", company.id)
            & Domain(f"{path}state", "=", "sale")
        )
        if since:
            domain &= self._get_window_domain(f"{path}date_order", since, today)
        return domain
