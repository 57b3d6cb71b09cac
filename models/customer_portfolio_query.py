"""How the rows of the portfolio are made of facts: see customer_portfolio.py for what
they are, and customer_portfolio_facts.py for where the facts come from.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from .customer_portfolio import ASKED

# Room in an id for as many quarters, since 1900, and as many companies.
QUARTERS, COMPANIES = 1024, 4096
# Measures that are sums of a company's currency.
MONEY = {"invoiced", "timesheet_cost", "scope_given", "amount_due", "late_amount"}


class CustomerPortfolio(models.Model):
    _inherit = "customer.portfolio"

    @api.model
    def _get_quotients(self):
        """{measure: (sum above, sum below)} of those that are no sums themselves."""
        return {
            "days_late": ("late_amount", "amount_due"),
            "margin_per_hour": ("margin", "hours"),
        }

    @api.model
    def _get_parts_of_measures(self):
        """{measure: the sums that are read for it}."""
        margin = {"invoiced", "timesheet_cost"}
        read = {name for facts in self._get_facts().values() for name in facts.measures}
        return {
            **{name: {name} for name in read},
            "margin": margin,
            "margin_per_hour": {*margin, "hours"},
            "days_late": {"late_amount", "amount_due"},
        }

    @property
    def _table_query(self):
        asked = self.env.context.get(ASKED)
        parts = self._get_parts_of_measures()
        wanted = parts.keys() if asked is None else parts.keys() & asked
        measures = sorted(set().union(*(parts[name] for name in wanted)))
        columns, joins = self._get_columns(asked, measures)
        return SQL(
            """
            SELECT %(id)s AS id, total.date, total.company_id,
                   total.customer_id AS commercial_partner_id,
                   %(currency)s AS currency_id, %(columns)s
              FROM (%(totals)s) total %(joins)s
            """,
            id=self._get_row_id(),
            currency=self.env.company.currency_id.id,
            columns=SQL(", ").join(columns),
            totals=self._get_totals(measures),
            joins=SQL(" ").join(joins),
        )

    @api.model
    def _get_row_id(self):
        """SQL: the same for the same customer, quarter and company, day after day."""
        return SQL(
            """
            (COALESCE(total.customer_id, 0)::bigint * %(quarters)s
             + LEAST(%(quarters)s - 1, GREATEST(0,
                   (EXTRACT(YEAR FROM total.date)::integer - 1900) * 4
                   + EXTRACT(QUARTER FROM total.date)::integer - 1))
            ) * %(companies)s + total.company_id
            """,
            quarters=QUARTERS,
            companies=COMPANIES,
        )

    @api.model
    def _get_customer_of_row(self, row_id):
        """The customer's id, False for rows of no customer."""
        return row_id // COMPANIES // QUARTERS or False

    @api.model
    def _get_columns(self, asked, measures):
        """SQL of the other columns, and the joins they need; what is not asked is 0."""
        values = {
            name: SQL.identifier("total", name) if name in measures else SQL("0")
            for names in self._get_parts_of_measures().values()
            for name in names
        }
        values["margin"] = SQL("%(invoiced)s - %(timesheet_cost)s", **values)
        for name, (above, below) in self._get_quotients().items():
            values[name] = SQL(
                "(%s)::float8 / NULLIF(%s, 0)::float8", values[above], values[below]
            )
        joins = []
        for alias, (names, join) in self._get_descriptions().items():
            is_asked = asked is None or not asked.isdisjoint(names)
            joins += [join] if is_asked else []
            for name in names:
                values[name] = SQL.identifier(alias, name) if is_asked else SQL("NULL")
        columns = [
            SQL(
                "(%s)::%s AS %s",
                value,
                SQL(self._fields[name].column_type[1]),
                SQL.identifier(name),
            )
            for name, value in values.items()
        ]
        return columns, joins

    # -- what is known of the customer of a row --------------------------------------

    @api.model
    def _get_descriptions(self):
        """Hook: {alias: (fields, SQL of the join)}; ``total`` is the row."""
        return {
            "standing": (
                ("band", "customer_class", "score", "credit"),
                self._join_standing(),
            ),
            "trade": (("industry_id",), self._join_trade()),
            "seller": (("user_id",), self._join_seller()),
        }

    @api.model
    def _join_standing(self):
        """SQL: where the customer stood at the end of the quarter."""
        today = fields.Date.today()
        return SQL(
            """
            LEFT JOIN toxicity_score score ON score.partner_id = total.customer_id
                                          AND score.company_id = total.company_id
            LEFT JOIN LATERAL (
                      SELECT kept.id, kept.band, kept.score, kept.credit
                        FROM toxicity_score_snapshot kept
                       WHERE kept.score_id = score.id
                         AND kept.date < (total.date + INTERVAL '3 months')::date
                         AND total.date < %(this_quarter)s
                    ORDER BY kept.date DESC
                       LIMIT 1
                      ) past ON TRUE
            CROSS JOIN LATERAL (
                   SELECT CASE WHEN total.customer_id IS NOT NULL
                          THEN COALESCE(past.band, score.current_band, 'unknown')
                          END AS band,
                          CASE WHEN past.id IS NULL THEN score.score
                               ELSE past.score END AS score,
                          CASE WHEN past.id IS NULL THEN score.credit
                               ELSE past.credit END AS credit,
                          CASE WHEN past.id IS NULL THEN score.customer_class
                               ELSE (%(class_then)s) END AS customer_class
                   ) standing
            """,
            this_quarter=fields.Date.start_of(today, "quarter"),
            class_then=SQL(
                """
                SELECT %s
                  FROM (SELECT past.score, past.credit) total
                  JOIN res_company company ON company.id = score.company_id
                """,
                self.env["toxicity.score.engine"]._get_class_sql(),
            ),
        )

    @api.model
    def _join_trade(self):
        return SQL("LEFT JOIN res_partner trade ON trade.id = total.customer_id")

    @api.model
    def _join_seller(self):
        """SQL: who looks after the customer, or else sold last."""
        return SQL(
            """
            LEFT JOIN res_partner account ON account.id = total.customer_id
            LEFT JOIN (
                 SELECT partner.commercial_partner_id AS customer_id,
                        move.company_id, MAX(move.id) AS move_id
                   FROM account_move move
                   JOIN res_partner partner ON partner.id = move.partner_id
                  WHERE move.move_type = 'out_invoice'
                    AND move.state = 'posted'
                    AND move.invoice_user_id IS NOT NULL
               GROUP BY partner.commercial_partner_id, move.company_id
                 ) last ON last.customer_id = total.customer_id
                       AND last.company_id = total.company_id
            LEFT JOIN account_move sold ON sold.id = last.move_id
            CROSS JOIN LATERAL (
                 SELECT COALESCE(account.user_id, sold.invoice_user_id) AS user_id
                 ) seller
            """
        )
