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
            SELECT partner_id, company_id,
                   COALESCE(given.amount, 0)
                   / COALESCE(ordered.baseline, given.baseline) AS value
              FROM ordered
         FULL JOIN given USING (partner_id, company_id)
             WHERE COALESCE(ordered.baseline, given.baseline) > 0
            """
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
