from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

UNDECIDED_DAYS = 14


class ToxicityMeasureScope(models.AbstractModel):
    """Measures read from the register of scope changes."""

    _inherit = "toxicity.measure"

    @api.model
    def _get_records_behind(self):
        return {
            **super()._get_records_behind(),
            "unpaid_scope": {
                "scope.change": self._get_given_changes_domain,
                "sale.order": self._get_agreed_orders_domain,
            },
        }

    @api.model
    def _measure_unpaid_scope(self):
        """Scope given away or left undecided ÷ what was agreed in the first place.

        The baseline is that of the orders confirmed in the window or, if there are
        none, of the orders that were changed.
        """
        return SQL(
            """
            WITH given AS (%(given)s),
            recent AS (
                SELECT customer.customer_id AS partner_id,
                       sale.company_id,
                       SUM(sale.baseline_amount / rate.value) AS baseline
                  FROM sale_order sale
                  JOIN customer ON customer.partner_id = sale.partner_id
                  JOIN setting ON setting.company_id = sale.company_id
            CROSS JOIN LATERAL (%(rate)s) rate
                 WHERE sale.state = 'sale' AND %(in_window)s
              GROUP BY customer.customer_id, sale.company_id
            ), changed AS (
                SELECT sold.partner_id, sold.company_id,
                       SUM(sale.baseline_amount / rate.value) AS baseline
                  FROM (SELECT DISTINCT partner_id, company_id, order_id
                          FROM given) sold
                  JOIN sale_order sale ON sale.id = sold.order_id
                                      AND sale.state = 'sale'
            CROSS JOIN LATERAL (%(rate)s) rate
              GROUP BY sold.partner_id, sold.company_id
            ), total AS (
                SELECT partner_id, company_id, SUM(amount) AS amount
                  FROM given
              GROUP BY partner_id, company_id
            )
            SELECT COALESCE(recent.partner_id, changed.partner_id) AS partner_id,
                   COALESCE(recent.company_id, changed.company_id) AS company_id,
                   COALESCE(total.amount, 0)
                   / COALESCE(recent.baseline, changed.baseline) AS value
              FROM recent
         FULL JOIN changed USING (partner_id, company_id)
         LEFT JOIN total USING (partner_id, company_id)
             WHERE COALESCE(recent.baseline, changed.baseline) > 0
            """,
            given=self._given_scope(),
            rate=self._order_rate(),
            in_window=self._in_window(SQL("sale.date_order")),
        )

    @api.model
    def _given_scope(self):
        """SQL: partner_id, company_id, order_id, amount of each change given away."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   change.company_id,
                   change.order_id,
                   change.gift_amount
                       / COALESCE(NULLIF(sale.currency_rate, 0), 1) AS amount
              FROM scope_change change
              JOIN customer ON customer.partner_id = change.partner_id
              JOIN setting ON setting.company_id = change.company_id
         LEFT JOIN sale_order sale ON sale.id = change.order_id
             WHERE %(in_window)s
               AND change.gift_amount > 0
               AND (change.state = 'absorbed'
                    OR (change.state IN ('detected', 'negotiating')
                        AND change.date < setting.today - %(days)s))
            """,
            in_window=self._in_window(SQL("change.date")),
            days=UNDECIDED_DAYS,
        )

    @api.model
    def _get_given_changes_domain(self, customer, company, since, today):
        limit = fields.Date.subtract(today, days=UNDECIDED_DAYS)
        undecided = Domain("state", "in", ["detected", "negotiating"]) & Domain(
            "date", "<", limit
        )
        return (
            self._get_customer_domain("partner_id", customer)
            & Domain("company_id", "=", company.id)
            & Domain("gift_amount", ">", 0)
            & (Domain("state", "=", "absorbed") | undecided)
            & self._get_window_domain("date", since, today)
        )

    @api.model
    def _get_agreed_orders_domain(self, customer, company, since, today):
        """The orders of the window or, if there are none, those that were changed."""
        window = (customer, company, since, today)
        # sudo: which orders count, not what is in them
        orders = self.env["sale.order"].sudo()
        recent = self._get_order_domain(*window)
        if orders.search_count(recent, limit=1):
            return recent
        changes = orders.env["scope.change"].search(
            self._get_given_changes_domain(*window)
        )
        changed = changes.order_id.filtered(lambda order: order.state == "sale")
        return Domain("id", "in", changed.ids)
