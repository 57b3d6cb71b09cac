from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class ToxicityMeasureSale(models.AbstractModel):
    """Measures read from sales orders."""

    _inherit = "toxicity.measure"

    @api.model
    def _measure_discount_share(self):
        """Discount given ÷ value at list price, over the order lines of the window."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   sale.company_id,
                   SUM(line.product_uom_qty * line.price_unit * line.discount
                       / 100 / rate.value)
                   / SUM(line.product_uom_qty * line.price_unit / rate.value) AS value
              FROM sale_order sale
              JOIN customer ON customer.partner_id = sale.partner_id
              JOIN setting ON setting.company_id = sale.company_id
              JOIN sale_order_line line ON line.order_id = sale.id
        CROSS JOIN LATERAL (
                       SELECT COALESCE(NULLIF(sale.currency_rate, 0), 1) AS value
                   ) rate
             WHERE sale.state = 'sale'
               AND %(in_window)s
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND line.product_uom_qty * line.price_unit > 0
          GROUP BY customer.customer_id, sale.company_id
            """,
            in_window=self._in_window(SQL("sale.date_order")),
        )

    @api.model
    def _records_discount_share(self, customer, company, since, today):
        lines = self.env["sale.order.line"].search(
            self._get_order_domain(customer, company, since, today, "order_id.")
            & Domain("display_type", "=", False)
            & Domain("is_downpayment", "=", False)
        )
        priced = lines.filtered(lambda line: line.product_uom_qty * line.price_unit > 0)
        return "sale.order.line", Domain("id", "in", priced.ids)

    @api.model
    def _measure_never_renewed(self):
        """1 when the only order ever is older than the window, else 0."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   sale.company_id,
                   CASE WHEN COUNT(*) = 1
                         AND MAX(sale.date_order)::date <= MAX(setting.since)
                        THEN 1 ELSE 0 END AS value
              FROM sale_order sale
              JOIN customer ON customer.partner_id = sale.partner_id
              JOIN setting ON setting.company_id = sale.company_id
             WHERE sale.state = 'sale'
               AND %(not_amendment)s
          GROUP BY customer.customer_id, sale.company_id
            """,
            not_amendment=self._not_amendment(SQL("sale.id")),
        )

    @api.model
    def _records_never_renewed(self, customer, company, since, today):
        # sudo: an amendment is one whoever may read the change behind it
        amendments = (
            self.env["scope.change"]
            .sudo()
            .search([("amendment_id.company_id", "=", company.id)])
            .amendment_id
        )
        domain = self._get_order_domain(customer, company)
        return "sale.order", domain & Domain("id", "not in", amendments.ids)

    @api.model
    def _not_amendment(self, order_id):
        """SQL: the order is not the amendment of another one."""
        return SQL(
            "NOT EXISTS (SELECT 1 FROM scope_change change"
            " WHERE change.amendment_id = %s)",
            order_id,
        )

    @api.model
    def _get_order_domain(self, customer, company, since=None, today=None, path=""):
        """Confirmed orders of the customer, those of the window when it is given."""
        domain = (
            Domain(f"{path}partner_id.commercial_partner_id", "=", customer.id)
            & Domain(f"{path}company_id", "=", company.id)
            & Domain(f"{path}state", "=", "sale")
        )
        if since:
            domain &= self._get_window_domain(f"{path}date_order", since, today)
        return domain
