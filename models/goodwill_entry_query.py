"""Where the rows of the goodwill ledger come from; what they are: goodwill_entry.py."""

from odoo import api, models
from odoo.tools import SQL

# As many kinds of sources as there are: each makes ids of its own out of those it has.
SOURCES = 4


class GoodwillEntry(models.Model):
    _inherit = "goodwill.entry"

    _depends = {
        "account.analytic.line": [
            "date",
            "partner_id",
            "product_uom_id",
            "project_id",
            "so_line",
            "timesheet_invoice_type",
            "unit_amount",
        ],
        "account.move": ["exit_id", "invoice_date", "move_type", "partner_id", "state"],
        "account.move.line": ["balance", "price_subtotal", "quantity", "sale_line_ids"],
        "product.template": ["invoice_policy", "list_price", "type"],
        "project.project": [
            "allow_billable",
            "name",
            "reinvoiced_sale_order_id",
            "sale_line_id",
            "timesheet_product_id",
        ],
        "res.company": ["currency_id", "partner_id"],
        "res.partner": ["commercial_partner_id"],
        "res.users": ["login", "partner_id", "share"],
        "sale.order": [
            "amended_order_id",
            "currency_rate",
            "date_order",
            "partner_id",
            "state",
        ],
        "sale.order.line": [
            "discount",
            "is_downpayment",
            "is_expense",
            "list_price_unit",
            "price_subtotal",
            "price_unit",
            "product_uom_qty",
            "qty_delivered",
            "technical_price_unit",
        ],
        "scope.change": ["date", "gift_amount", "hours", "partner_id", "state"],
        "scope.change.item": ["gift_amount", "hours", "order_line_id", "what"],
    }

    @property
    def _table_query(self):
        parts = SQL(" UNION ALL ").join(SQL("(%s)", part) for part in self._get_parts())
        return SQL(
            """
            WITH %(relations)s
            SELECT gift.id, gift.kind, gift.date, gift.partner_id,
                   gift.customer_id AS commercial_partner_id, gift.company_id,
                   gift.order_id, gift.project_id, gift.res_model, gift.res_id,
                   gift.document, gift.hours,
                   company.currency_id, gift.document_currency_id,
                   rounded.amount, rounded.amount_currency
              FROM (%(parts)s) gift
              JOIN res_company company ON company.id = gift.company_id
              JOIN res_currency own ON own.id = company.currency_id
              JOIN res_currency theirs ON theirs.id = gift.document_currency_id
        CROSS JOIN LATERAL (
                   SELECT ROUND(gift.amount::numeric / own.rounding) * own.rounding
                              AS amount,
                          ROUND(gift.amount_currency::numeric / theirs.rounding)
                              * theirs.rounding AS amount_currency
                   ) rounded
             WHERE rounded.amount_currency <> 0 OR ROUND(gift.hours::numeric, 2) <> 0
            """,
            relations=SQL(", ").join(
                SQL("%s AS NOT MATERIALIZED (%s)", SQL.identifier(name), query)
                for name, query in self._get_relations().items()
            ),
            parts=parts,
        )

    @api.model
    def _get_parts(self):
        """Hook: one SQL for each source; see _get_scope_part for the columns."""
        return [
            self._get_scope_part(),
            self._get_discount_part(),
            self._get_hours_part(),
            self._get_credit_part(),
        ]

    @api.model
    def _get_relations(self):
        """{name: SQL} that the parts read; not materialized: indexes are to be seen."""
        return {
            "own_partner": self.env["toxicity.score"]._get_own_query(),
            "customer": SQL(
                """
                SELECT id AS partner_id, commercial_partner_id AS customer_id
                  FROM res_partner
                 WHERE id NOT IN (SELECT partner_id FROM own_partner)
                   AND commercial_partner_id
                       NOT IN (SELECT partner_id FROM own_partner)
                """
            ),
            "agreed_line": self._get_agreed_lines(),
            "contract": self._get_contracts(),
            "absorbed_hours": self._get_absorbed_hours(),
            "credited_line": self._get_credited_lines(),
        }

    @api.model
    def _get_agreed_lines(self):
        """SQL: lines of confirmed orders with the list price of a unit (untaxed).

        Of lines that are older than the module the price is kept nowhere: what Odoo
        proposed, or the price before the discount, stands for it.
        """
        return SQL(
            """
            SELECT line.id, line.order_id, sale.partner_id,
                   line.product_uom_qty AS quantity,
                   line.price_unit, line.price_subtotal,
                   COALESCE(sale.amended_order_id, sale.id) AS contract_id,
                   unit.hours AS unit_hours,
                   template.type = 'service' AND template.invoice_policy = 'order'
                       AS is_prepaid,
                   template.type = 'combo' OR line.combo_item_id IS NOT NULL
                       AS is_combo,
                   COALESCE(
                       line.list_price_unit,
                       GREATEST(line.technical_price_unit, line.price_unit)
                       * COALESCE(line.price_subtotal / NULLIF(
                           line.price_unit * line.product_uom_qty
                           * (1 - line.discount / 100), 0), 1)
                   ) AS list_price
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id AND sale.state = 'sale'
         LEFT JOIN product_product product ON product.id = line.product_id
         LEFT JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN %(units)s unit ON unit.uom_id = line.product_uom_id
             WHERE line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND line.is_expense IS NOT TRUE
            """,
            units=self.env["toxicity.measure"]._hour_units(),
        )

    @api.model
    def _get_contracts(self):
        """SQL: contract_id, customer_id, prepaid_hours, hourly (of its first hours).

        By customer, although a contract has one: who asks for one customer is to wait
        for the orders of that one only.
        """
        return SQL(
            """
            SELECT line.contract_id, customer.customer_id,
                   COALESCE(SUM(line.quantity * line.unit_hours)
                       FILTER (WHERE line.is_prepaid), 0) AS prepaid_hours,
                   (ARRAY_AGG(line.list_price / line.unit_hours ORDER BY line.id))[1]
                       AS hourly
              FROM agreed_line line
              JOIN customer ON customer.partner_id = line.partner_id
             WHERE line.unit_hours > 0
          GROUP BY line.contract_id, customer.customer_id
            """
        )

    # -- what somebody decided to give -----------------------------------------------

    @api.model
    def _get_scope_part(self):
        return SQL(
            """
            SELECT change.id::bigint * %(sources)s AS id, 'scope' AS kind, change.date,
                   change.partner_id, customer.customer_id, change.company_id,
                   change.currency_id AS document_currency_id,
                   change.order_id, change.project_id,
                   'scope.change' AS res_model, change.id AS res_id,
                   COALESCE(sale.name, project.name->>'en_US') AS document,
                   GREATEST(change.hours, 0) AS hours,
                   change.gift_amount AS amount_currency,
                   change.gift_amount / COALESCE(NULLIF(sale.currency_rate, 0), 1)
                       AS amount
              FROM scope_change change
              JOIN customer ON customer.partner_id = change.partner_id
         LEFT JOIN sale_order sale ON sale.id = change.order_id
         LEFT JOIN project_project project ON project.id = change.project_id
             WHERE change.state = 'absorbed' AND change.gift_amount > 0
            """,
            sources=SOURCES,
        )

    # -- what was sold below its list price ------------------------------------------

    @api.model
    def _get_discount_part(self):
        return SQL(
            """
            SELECT line.id::bigint * %(sources)s + 1, 'discount',
                   sale.date_order::date, sale.partner_id, customer.customer_id,
                   sale.company_id, sale.currency_id, sale.id, NULL::int,
                   'sale.order.line', line.id, sale.name, 0.0::float8,
                   discount.value,
                   discount.value / COALESCE(NULLIF(sale.currency_rate, 0), 1)
              FROM agreed_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN customer ON customer.partner_id = sale.partner_id
         LEFT JOIN (
                SELECT item.order_line_id, SUM(item.gift_amount) AS amount
                  FROM scope_change_item item
                  JOIN scope_change change ON change.id = item.change_id
                 WHERE change.state = 'absorbed'
              GROUP BY item.order_line_id
              ) absorbed ON absorbed.order_line_id = line.id
        CROSS JOIN LATERAL (
                SELECT CASE WHEN line.price_unit < 0 THEN 0
                            ELSE line.list_price * line.quantity END
                       - line.price_subtotal
                       - GREATEST(COALESCE(absorbed.amount, 0), 0) AS value
              ) discount
             WHERE line.quantity > 0 AND NOT COALESCE(line.is_combo, FALSE)
               AND discount.value > 0
            """,
            sources=SOURCES,
        )

    # -- what was billed and taken back ----------------------------------------------

    @api.model
    def _get_credited_lines(self):
        """SQL: order_line_id, share: which part of what was credited stays a gift.

        Quantities in the unit of the order line. Delivered and not billed again is
        forgiven; credited because it was never delivered is not.
        """
        return SQL(
            """
            SELECT order_line_id,
                   CASE WHEN credited > 0 AND NOT is_downpayment
                        THEN LEAST(credited, GREATEST(0, delivered - billed)) / credited
                        ELSE 0 END AS share
              FROM (
                SELECT line.id AS order_line_id,
                       COALESCE(line.is_downpayment, FALSE) AS is_downpayment,
                       line.qty_delivered AS delivered,
                       SUM(moved.quantity) FILTER (
                           WHERE move.move_type = 'out_refund'
                             AND move.exit_id IS NULL) AS credited,
                       SUM(CASE move.move_type WHEN 'out_refund' THEN -moved.quantity
                                ELSE moved.quantity END) AS billed
                  FROM sale_order_line_invoice_rel rel
                  JOIN sale_order_line line ON line.id = rel.order_line_id
                  JOIN account_move_line item ON item.id = rel.invoice_line_id
                  JOIN account_move move ON move.id = item.move_id
                                        AND move.state = 'posted'
                                        AND move.move_type
                                            IN ('out_invoice', 'out_refund')
             LEFT JOIN uom_uom billed_unit ON billed_unit.id = item.product_uom_id
             LEFT JOIN uom_uom unit ON unit.id = line.product_uom_id
            CROSS JOIN LATERAL (
                       SELECT item.quantity * COALESCE(
                           billed_unit.factor / NULLIF(unit.factor, 0), 1) AS quantity
                       ) moved
              GROUP BY line.id
              ) billing
             WHERE credited > 0
            """
        )

    @api.model
    def _get_credit_part(self):
        return SQL(
            """
            SELECT move.id::bigint * %(sources)s + 3, 'credit', move.invoice_date,
                   move.partner_id, customer.customer_id, move.company_id,
                   move.currency_id, MIN(line.order_id), NULL::int,
                   'account.move', move.id, move.name, 0.0::float8,
                   SUM(item.price_subtotal * COALESCE(credited.share, 1)),
                   SUM(item.balance * COALESCE(credited.share, 1))
              FROM account_move move
              JOIN customer ON customer.partner_id = move.partner_id
              JOIN account_move_line item ON item.move_id = move.id
                                         AND item.display_type = 'product'
         LEFT JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = item.id
         LEFT JOIN sale_order_line line ON line.id = rel.order_line_id
         LEFT JOIN credited_line credited ON credited.order_line_id = line.id
             WHERE move.move_type = 'out_refund'
               AND move.state = 'posted'
               AND move.exit_id IS NULL
          GROUP BY move.id, customer.customer_id
            HAVING SUM(item.price_subtotal * COALESCE(credited.share, 1)) > 0
            """,
            sources=SOURCES,
        )
