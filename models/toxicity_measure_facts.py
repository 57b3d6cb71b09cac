from odoo import api, models
from odoo.tools import SQL


class ToxicityMeasureFacts(models.AbstractModel):
    """What measures are made of, read once for all of them.

    Each fact is one pass over Odoo's records that leaves one row per customer and
    company (``partner_id``, ``company_id``); a measure is mostly a formula over it.
    Sums are exact, and then floats: formulas over numeric take five times as long.
    """

    _inherit = "toxicity.measure"

    @api.model
    def _get_facts(self):
        """{name: SQL} in the order of reading: a fact may read those before it."""
        return {
            "ordered": self._read_orders(),
            "seller": self._read_sellers(),
            "sold": self._read_order_lines(),
            "billed": self._read_invoices(),
            "paid": self._read_payments(),
            "worked": self._read_timesheets(),
            "approached": self._read_leads(),
            "referred": self._read_referrals(),
            "given": self._read_given_scope(),
            "returned": self._read_returned_tasks(),
            "met": self._read_meetings(),
            "wrote": self._read_messages(),
            "rated": self._read_ratings(),
        }

    @api.model
    def _read_orders(self):
        """SQL: the orders of all time, quotations and amendments kept apart.

        first_order, first_quoted (datetimes), orders, contracts (orders but
        amendments), last_contract, contract_years, proposals and those accepted in
        the window (counts), baseline of the window (company currency).
        """
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   sale.company_id,
                   MIN(sale.date_order) FILTER (WHERE sale.state = 'sale')
                       AS first_order,
                   MIN(sale.create_date) AS first_quoted,
                   COUNT(*) FILTER (WHERE sale.state = 'sale') AS orders,
                   COUNT(*) FILTER (WHERE kind.is_contract) AS contracts,
                   MAX(sale.date_order) FILTER (WHERE kind.is_contract)
                       AS last_contract,
                   -- A bit per year: to count those that differ, it would sort all.
                   LENGTH(REPLACE(BIT_OR(
                       1::bigint << (EXTRACT(YEAR FROM sale.date_order)::integer %% 62)
                   ) FILTER (WHERE kind.is_contract)::bit(64)::text, '0', ''))
                       AS contract_years,
                   COUNT(*) FILTER (WHERE kind.is_proposal) AS proposals,
                   COUNT(*) FILTER (WHERE kind.is_proposal AND kind.is_contract)
                       AS accepted,
                   (SUM(sale.baseline_amount / rate.value)
                       FILTER (WHERE sale.state = 'sale' AND %(in_window)s))::float8
                       AS baseline
              FROM sale_order sale
              JOIN customer ON customer.partner_id = sale.partner_id
              JOIN setting ON setting.company_id = sale.company_id
         LEFT JOIN (SELECT DISTINCT amendment_id FROM scope_change) change
                ON change.amendment_id = sale.id
        CROSS JOIN LATERAL (%(rate)s) rate
        CROSS JOIN LATERAL (
                   SELECT change.amendment_id IS NULL
                          AND sale.state = 'sale' AS is_contract,
                          change.amendment_id IS NULL
                          AND (sale.state IN ('sale', 'cancel')
                               OR (sale.state = 'sent'
                                   AND sale.validity_date < setting.today))
                          AND %(in_window)s AS is_proposal
                   ) kind
          GROUP BY customer.customer_id, sale.company_id
            """,
            rate=self._order_rate(),
            in_window=self._in_window(SQL("sale.date_order")),
        )

    @api.model
    def _read_sellers(self):
        """SQL: the companies that ever sold to a customer.

        Records that belong to no company count for all of these.
        """
        return SQL("SELECT partner_id, company_id FROM ordered WHERE orders > 0")

    @api.model
    def _read_order_lines(self):
        """SQL: the lines of the window's orders, down payments left out.

        listed, discounted (company currency, lines of a positive value); hours
        ordered; of the services prepaid by time the hours ordered and the overrun.
        """
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   sale.company_id,
                   (SUM(line.product_uom_qty * line.price_unit / rate.value)
                       FILTER (WHERE kind.is_priced))::float8 AS listed,
                   (SUM(line.product_uom_qty * line.price_unit * line.discount
                       / 100 / rate.value) FILTER (WHERE kind.is_priced))::float8
                       AS discounted,
                   SUM(line.product_uom_qty * unit.hours) AS hours,
                   SUM(line.product_uom_qty * unit.hours)
                       FILTER (WHERE kind.is_prepaid) AS prepaid_hours,
                   SUM(GREATEST(0, line.qty_delivered - line.product_uom_qty)
                       * unit.hours) FILTER (WHERE kind.is_prepaid) AS overrun_hours
              FROM sale_order sale
              JOIN customer ON customer.partner_id = sale.partner_id
              JOIN setting ON setting.company_id = sale.company_id
              JOIN sale_order_line line ON line.order_id = sale.id
         LEFT JOIN %(units)s unit ON unit.uom_id = line.product_uom_id
         LEFT JOIN product_product product ON product.id = line.product_id
         LEFT JOIN product_template template ON template.id = product.product_tmpl_id
        CROSS JOIN LATERAL (%(rate)s) rate
        CROSS JOIN LATERAL (
                   SELECT line.product_uom_qty * line.price_unit > 0 AS is_priced,
                          template.type = 'service'
                          AND template.invoice_policy = 'order'
                          AND line.product_uom_qty > 0 AS is_prepaid
                   ) kind
             WHERE sale.state = 'sale'
               AND %(in_window)s
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
          GROUP BY customer.customer_id, sale.company_id
            """,
            units=self._hour_units(),
            rate=self._order_rate(),
            in_window=self._in_window(SQL("sale.date_order")),
        )

    @api.model
    def _read_invoices(self):
        """SQL: invoices, refunds (signed, untaxed; NULL without any) of the window."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   move.company_id,
                   (SUM(move.amount_untaxed_signed)
                       FILTER (WHERE move.move_type = 'out_invoice'))::float8
                       AS invoices,
                   (SUM(move.amount_untaxed_signed)
                       FILTER (WHERE move.move_type = 'out_refund'))::float8
                       AS refunds
              FROM account_move move
              JOIN customer ON customer.partner_id = move.partner_id
              JOIN setting ON setting.company_id = move.company_id
             WHERE move.move_type IN ('out_invoice', 'out_refund')
               AND move.state = 'posted'
               AND move.exit_id IS NULL
               AND %(in_window)s
          GROUP BY customer.customer_id, move.company_id
            """,
            in_window=self._in_window(SQL("move.invoice_date")),
        )

    @api.model
    def _read_payments(self):
        """SQL: what was due: amount, of it prompt, and amount × days late."""
        return SQL(
            """
            SELECT partner_id, company_id,
                   SUM(amount)::float8 AS amount,
                   COALESCE(SUM(amount) FILTER (WHERE paid_on <= due_on), 0)::float8
                       AS prompt,
                   SUM(amount * GREATEST(0, paid_on - due_on))::float8 AS late_days
              FROM (%(parts)s) part
          GROUP BY partner_id, company_id
            HAVING SUM(amount) > 0
            """,
            parts=self._payment_parts(),
        )

    @api.model
    def _read_timesheets(self):
        """SQL: hours and cost of the window's timesheets of the customer."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   entry.company_id,
                   SUM(entry.unit_amount * COALESCE(unit.hours, 1)) AS hours,
                   -SUM(entry.amount)::float8 AS cost
              FROM account_analytic_line entry
              JOIN customer ON customer.partner_id = entry.partner_id
              JOIN setting ON setting.company_id = entry.company_id
         LEFT JOIN %(units)s unit ON unit.uom_id = entry.product_uom_id
             WHERE entry.project_id IS NOT NULL
               AND %(in_window)s
          GROUP BY customer.customer_id, entry.company_id
            """,
            units=self._hour_units(),
            in_window=self._in_window(SQL("entry.date")),
        )

    @api.model
    def _read_ratings(self):
        """SQL: the mean rating, 1 to 5."""
        return SQL(
            """
            SELECT partner_id, company_id, AVG(rating) AS rating
              FROM (%(ratings)s) given
          GROUP BY partner_id, company_id
            """,
            ratings=self._ratings(),
        )

    @api.model
    def _read_leads(self):
        """SQL: first_on, the first lead; company_id is NULL for those of no company."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   lead.company_id,
                   MIN(lead.create_date) AS first_on
              FROM crm_lead lead
              JOIN customer ON customer.partner_id = lead.partner_id
          GROUP BY customer.customer_id, lead.company_id
            """
        )

    @api.model
    def _read_referrals(self):
        """SQL: leads, how many that the customer referred were won, all time."""
        return SQL(
            """
            SELECT won.partner_id, won.company_id, COUNT(*) AS leads
              FROM (
                SELECT customer.customer_id AS partner_id,
                       COALESCE(lead.company_id, seller.company_id) AS company_id
                  FROM crm_lead lead
                  JOIN crm_stage stage ON stage.id = lead.stage_id AND stage.is_won
                  JOIN customer ON customer.partner_id = lead.referred_by_id
             LEFT JOIN seller ON lead.company_id IS NULL
                             AND seller.partner_id = customer.customer_id
              ) won
             WHERE won.company_id IS NOT NULL
          GROUP BY won.partner_id, won.company_id
            """
        )

    @api.model
    def _read_given_scope(self):
        """SQL: amount given away, baseline of its orders (company currency)."""
        return SQL(
            """
            SELECT given.partner_id, given.company_id,
                   SUM(given.amount)::float8 AS amount,
                   SUM(given.baseline)::float8 AS baseline
              FROM (
                SELECT change.partner_id, change.company_id,
                       SUM(change.amount) AS amount,
                       MAX(sale.baseline_amount / rate.value) AS baseline
                  FROM (%(changes)s) change
             LEFT JOIN sale_order sale ON sale.id = change.order_id
                                      AND sale.state = 'sale'
             LEFT JOIN LATERAL (%(rate)s) rate ON TRUE
              GROUP BY change.partner_id, change.company_id, change.order_id
              ) given
          GROUP BY given.partner_id, given.company_id
            """,
            changes=self._given_scope(),
            rate=self._order_rate(),
        )

    @api.model
    def _read_returned_tasks(self):
        """SQL: tasks, how many were sent back, each once a day."""
        return SQL(
            """
            SELECT partner_id, company_id, COUNT(*) AS tasks
              FROM (%(tasks)s) task
          GROUP BY partner_id, company_id
            """,
            tasks=self._sent_back_tasks(),
        )

    @api.model
    def _read_meetings(self):
        """SQL: hours of meetings with the customer's people."""
        return SQL(
            """
            SELECT partner_id, company_id, SUM(duration) AS hours
              FROM (%(meetings)s) meeting
          GROUP BY partner_id, company_id
            """,
            meetings=self._meetings(),
        )

    @api.model
    def _read_messages(self):
        """SQL: messages of the customer's people, of them those in_hours (counts)."""
        return SQL(
            """
            SELECT partner_id, company_id,
                   COUNT(*) AS messages, COUNT(in_hours) AS in_hours
              FROM (%(messages)s) message
          GROUP BY partner_id, company_id
            """,
            messages=self._messages(),
        )
