"""Where the rows of the goodwill ledger come from; what they are: goodwill_entry.py."""

from odoo import api, models
from odoo.tools import SQL

from .scope_change_item import EXTRA_WORK

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
            SELECT line.id, line.order_id, line.product_uom_qty AS quantity,
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
        """SQL: contract_id, prepaid_hours, hourly: list price of its first hours."""
        return SQL(
            """
            SELECT contract_id,
                   COALESCE(SUM(quantity * unit_hours) FILTER (WHERE is_prepaid), 0)
                       AS prepaid_hours,
                   (ARRAY_AGG(list_price / unit_hours ORDER BY id))[1] AS hourly
              FROM agreed_line
             WHERE unit_hours > 0
          GROUP BY contract_id
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

    @api.model
    def _get_absorbed_hours(self):
        """SQL: owner (see _get_owner), hours of absorbed extra work."""
        return SQL(
            """
            SELECT %(owner)s AS owner, SUM(work.hours) AS hours
              FROM scope_change change
         LEFT JOIN sale_order sale ON sale.id = change.order_id
              JOIN (
                SELECT change_id, hours FROM scope_change_item WHERE what IN %(extra)s
             UNION ALL
                SELECT id, hours
                  FROM scope_change noted
                 WHERE NOT EXISTS (
                       SELECT FROM scope_change_item WHERE change_id = noted.id)
              ) work ON work.change_id = change.id
             WHERE change.state = 'absorbed' AND work.hours > 0
          GROUP BY 1
            """,
            owner=self._get_owner(
                SQL("COALESCE(sale.amended_order_id, sale.id)"),
                SQL("change.project_id"),
            ),
            extra=EXTRA_WORK,
        )

    @api.model
    def _get_owner(self, contract_id, project_id):
        """SQL: whose hours they are: the contract, or else the project (negative)."""
        return SQL("COALESCE(%s, -%s)", contract_id, project_id)

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

    # -- hours that nobody pays for --------------------------------------------------

    @api.model
    def _get_hours_part(self):
        """Of the free hours of a contract, those that no absorbed change is about.

        As differences of running totals, so that hours taken back later, which are
        negative timesheets, lower what they were counted in.
        """
        return SQL(
            """
            SELECT entry_id::bigint * %(sources)s + 2, kind, date, partner_id,
                   customer_id, company_id, document_currency_id, contract_id,
                   project_id, 'account.analytic.line', entry_id, document,
                   hours, hours * hourly, hours * hourly / rate
              FROM (
                SELECT free.*,
                       GREATEST(0, running - absorbed)
                           - GREATEST(0, running - free_hours - absorbed) AS hours
                  FROM (
                    SELECT free.*,
                           COALESCE(known.hours, 0) AS absorbed,
                           SUM(free.free_hours) OVER (
                               PARTITION BY free.customer_id, free.owner
                               ORDER BY free.date, free.entry_id) AS running
                      FROM (%(overrun)s UNION ALL %(unbilled)s) free
                 LEFT JOIN absorbed_hours known ON known.owner = free.owner
                  ) free
              ) given
             WHERE ROUND(hours::numeric, 4) <> 0
            """,
            sources=SOURCES,
            overrun=self._get_overrun_hours(),
            unbilled=self._get_unbilled_hours(),
        )

    @api.model
    def _get_overrun_hours(self):
        return SQL(
            """
            SELECT entry_id, 'overrun' AS kind, date, partner_id, customer_id,
                   company_id, document_currency_id, contract_id,
                   contract_id AS owner, project_id, document, hourly, rate,
                   GREATEST(0, running - prepaid_hours)
                       - GREATEST(0, running - logged - prepaid_hours) AS free_hours
              FROM (
                SELECT entry.id AS entry_id, entry.date, sale.partner_id,
                       customer.customer_id, sale.company_id,
                       sale.currency_id AS document_currency_id,
                       line.contract_id, entry.project_id, sale.name AS document,
                       line.list_price / line.unit_hours AS hourly,
                       COALESCE(NULLIF(sale.currency_rate, 0), 1) AS rate,
                       contract.prepaid_hours, %(hours)s AS logged,
                       SUM(%(hours)s) OVER (
                           PARTITION BY customer.customer_id, line.contract_id
                           ORDER BY entry.date, entry.id) AS running
                  FROM account_analytic_line entry
                  JOIN agreed_line line ON line.id = entry.so_line
                       AND line.is_prepaid AND line.unit_hours > 0
                  JOIN contract ON contract.contract_id = line.contract_id
                  JOIN sale_order sale ON sale.id = line.contract_id
                  JOIN customer ON customer.partner_id = sale.partner_id
             LEFT JOIN %(units)s unit ON unit.uom_id = entry.product_uom_id
                 WHERE entry.project_id IS NOT NULL
              ) worked
            """,
            hours=SQL("entry.unit_amount * COALESCE(unit.hours, 1)"),
            units=self.env["toxicity.measure"]._hour_units(),
        )

    @api.model
    def _get_unbilled_hours(self):
        """Of a project's order as scope changes find it, or of the project alone.

        At the list price at which an amendment would offer them.
        """
        product = self.env.ref("sale_timesheet.time_product", raise_if_not_found=False)
        return SQL(
            """
            SELECT entry.id, 'unbilled', entry.date, entry.partner_id,
                   customer.customer_id, entry.company_id,
                   COALESCE(sale.currency_id, company.currency_id), sale.id,
                   %(owner)s, project.id,
                   COALESCE(sale.name, project.name->>'en_US'),
                   COALESCE(
                       line.list_price / NULLIF(line.unit_hours, 0),
                       contract.hourly,
                       template.list_price / product_unit.hours * rate.value,
                       0),
                   rate.value, entry.unit_amount * COALESCE(unit.hours, 1)
              FROM account_analytic_line entry
              JOIN customer ON customer.partner_id = entry.partner_id
              JOIN res_company company ON company.id = entry.company_id
              JOIN project_project project ON project.id = entry.project_id
                                          AND project.allow_billable
         LEFT JOIN agreed_line line ON line.id = project.sale_line_id
         LEFT JOIN sale_order again ON again.id = project.reinvoiced_sale_order_id
                                   AND again.state = 'sale'
         LEFT JOIN sale_order sale ON sale.id = COALESCE(
                       line.contract_id, again.amended_order_id, again.id)
         LEFT JOIN contract ON contract.contract_id = sale.id
         LEFT JOIN product_product product
                ON product.id = COALESCE(
                       project.timesheet_product_id, %(product)s)
         LEFT JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN %(units)s product_unit ON product_unit.uom_id = template.uom_id
         LEFT JOIN %(units)s unit ON unit.uom_id = entry.product_uom_id
        CROSS JOIN LATERAL (
                   SELECT COALESCE(NULLIF(sale.currency_rate, 0), 1) AS value
                   ) rate
             WHERE entry.so_line IS NULL
               AND entry.timesheet_invoice_type = 'non_billable'
            """,
            owner=self._get_owner(SQL("sale.id"), SQL("project.id")),
            product=product.id if product else None,
            units=self.env["toxicity.measure"]._hour_units(),
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
