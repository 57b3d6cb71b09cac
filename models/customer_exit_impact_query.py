from collections import defaultdict
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .toxicity_measure import MIN_HOURS

YEAR_DAYS = 365


class YearOfBusiness(NamedTuple):
    """What a customer brought and took in a year, beside the company's others.

    `usual_*` are sums over the others who are neither strained nor toxic and took
    enough hours to tell.
    """

    revenue: float = 0.0
    cost: float = 0.0
    hours: float = 0.0
    other_revenue: float = 0.0
    largest_other: float = 0.0
    usual_revenue: float = 0.0
    usual_cost: float = 0.0
    usual_hours: float = 0.0

    @property
    def margin(self):
        """What is left after the cost of the hours."""
        return self.revenue - self.cost

    @property
    def usual_yield(self):
        """What an hour with the usual customer leaves, None where unknown."""
        if self.usual_hours <= 0:
            return None
        return max(0.0, (self.usual_revenue - self.usual_cost) / self.usual_hours)

    @property
    def usual_margin_rate(self):
        """Which part of the usual revenue is left after the cost of the hours."""
        if self.usual_revenue <= 0:
            return 1.0
        return max(0.0, 1 - self.usual_cost / self.usual_revenue)

    @property
    def share(self):
        """The customer's part of the company's revenue."""
        return share_of(self.revenue, self.revenue + self.other_revenue)

    @property
    def largest_share_after(self):
        """The largest other customer's part of what is left of the revenue."""
        return share_of(self.largest_other, self.other_revenue)


def share_of(part, whole):
    """A part of the whole between 0 and 1, however credit notes make it look."""
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0


class CustomerExit(models.Model):
    """What an exit costs and frees, read for any number of exits in two queries.

    Definitions as in the measures: money untaxed in the company's currency, customers
    by the commercial partner of today. The year is that of 365 days up to today.
    """

    _inherit = "customer.exit"

    def _get_year(self):
        """The year as dates (since, today]: since is left out."""
        today = fields.Date.today()
        return fields.Date.subtract(today, days=YEAR_DAYS), today

    def _get_years_of_business(self):
        """{(customer id, company id): YearOfBusiness} of these exits."""
        pairs = {
            (record.commercial_partner_id.id, record.company_id.id)
            for record in self
            if record.commercial_partner_id and record.company_id
        }
        if not pairs:
            return {}
        # sudo: sums over all customers, whoever may read their documents
        rows = self.sudo().env.execute_query(self._year_query(pairs))
        return {row[:2]: YearOfBusiness(*row[2:]) for row in rows}

    def _year_query(self, pairs):
        """SQL: customer, company and what YearOfBusiness says of them.

        The others of a company are all its customers less this one, and the largest of
        them one of the two largest: customers are added up once, for all pairs.
        """
        companies = sorted({company for _customer, company in pairs})
        # SQL: sums over all customers beside each one, which the ORM cannot group by
        return SQL(
            """
            WITH pair (customer_id, company_id) AS (VALUES %(pairs)s),
            %(year)s,
            total AS (
                SELECT company_id, SUM(revenue) AS revenue,
                       SUM(revenue) FILTER (WHERE is_usual) AS usual_revenue,
                       SUM(cost) FILTER (WHERE is_usual) AS usual_cost,
                       SUM(hours) FILTER (WHERE is_usual) AS usual_hours
                  FROM year
              GROUP BY company_id
            ),
            largest AS (
                SELECT company.id AS company_id, top.*
                  FROM UNNEST(%(companies)s) company (id)
            CROSS JOIN LATERAL (
                       SELECT customer_id, revenue
                         FROM year
                        WHERE company_id = company.id
                     ORDER BY revenue DESC NULLS LAST, customer_id
                        LIMIT 2
                       ) top
            )
            SELECT pair.customer_id, pair.company_id,
                   COALESCE(year.revenue, 0)::float8,
                   COALESCE(year.cost, 0)::float8,
                   COALESCE(year.hours, 0)::float8,
                   (COALESCE(total.revenue, 0) - COALESCE(year.revenue, 0))::float8,
                   COALESCE((
                       SELECT MAX(largest.revenue)
                         FROM largest
                        WHERE largest.company_id = pair.company_id
                          AND largest.customer_id <> pair.customer_id
                   ), 0)::float8,
                   %(usual)s
              FROM pair
         LEFT JOIN year USING (customer_id, company_id)
         LEFT JOIN total USING (company_id)
            """,
            pairs=SQL(", ").join(SQL("%s", pair) for pair in sorted(pairs)),
            year=self._year_relations(companies),
            companies=companies,
            usual=SQL(", ").join(
                SQL(
                    "(COALESCE(total.%s, 0)"
                    " - CASE WHEN year.is_usual THEN year.%s ELSE 0 END)::float8",
                    SQL.identifier(f"usual_{name}"),
                    SQL.identifier(name),
                )
                for name in ("revenue", "cost", "hours")
            ),
        )

    def _year_relations(self, company_ids):
        """SQL for WITH: what is ours, the entries, and year, a row per customer."""
        self.env["account.move"].flush_model()
        self.env["account.analytic.line"].flush_model()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        return SQL(
            """
            own AS MATERIALIZED (%(own)s),
            entry AS (%(entries)s),
            year AS MATERIALIZED (%(customers)s)
            """,
            own=self.env["toxicity.score"]._get_own_query(),
            entries=self._year_entries(sorted(company_ids)),
            customers=self._year_by_customer(),
        )

    def _year_of_others(self, is_other):
        """SQL: those of ``year``, as ``rest``, that are others, in one row."""
        return SQL(
            """
            SELECT COALESCE(SUM(rest.revenue), 0)::float8,
                   COALESCE(MAX(rest.revenue), 0)::float8,
                   COALESCE(SUM(rest.revenue) FILTER (WHERE rest.is_usual), 0)::float8,
                   COALESCE(SUM(rest.cost) FILTER (WHERE rest.is_usual), 0)::float8,
                   COALESCE(SUM(rest.hours) FILTER (WHERE rest.is_usual), 0)::float8
              FROM year rest
             WHERE %s
            """,
            is_other,
        )

    def _year_by_customer(self):
        """SQL: one row for each customer and company, and whether it is usual."""
        return SQL(
            """
            SELECT customer.*,
                   customer.hours >= %s
                   AND COALESCE(score.current_band, 'unknown')
                       NOT IN ('strained', 'toxic') AS is_usual
              FROM (
                   SELECT entry.company_id,
                          partner.commercial_partner_id AS customer_id,
                          SUM(entry.revenue) AS revenue,
                          SUM(entry.cost) AS cost,
                          SUM(entry.hours) AS hours
                     FROM entry
                     JOIN res_partner partner ON partner.id = entry.partner_id
                    WHERE partner.id NOT IN (SELECT partner_id FROM own)
                      AND partner.commercial_partner_id
                          NOT IN (SELECT partner_id FROM own)
                 GROUP BY entry.company_id, partner.commercial_partner_id
                   ) customer
         LEFT JOIN toxicity_score score ON score.partner_id = customer.customer_id
                                       AND score.company_id = customer.company_id
            """,
            MIN_HOURS,
        )

    def _year_entries(self, company_ids):
        """SQL: partner_id, company_id, revenue, cost, hours of invoices and work.

        Added up by partner at once: of the many rows, few are joined to anything.
        """
        since, today = self._get_year()
        return SQL(
            """
            SELECT move.partner_id, move.company_id,
                   SUM(move.amount_untaxed_signed) AS revenue,
                   0 AS cost, 0 AS hours
              FROM account_move move
             WHERE move.move_type IN ('out_invoice', 'out_refund')
               AND move.state = 'posted'
               AND move.company_id = ANY(%(companies)s)
               AND move.invoice_date > %(since)s
               AND move.invoice_date <= %(today)s
          GROUP BY move.partner_id, move.company_id
         UNION ALL
            SELECT work.partner_id, work.company_id, 0, -work.amount,
                   work.unit_amount * COALESCE(unit.hours, 1)
              FROM (
                   SELECT line.partner_id, line.company_id, line.product_uom_id,
                          SUM(line.amount) AS amount,
                          SUM(line.unit_amount) AS unit_amount
                     FROM account_analytic_line line
                    WHERE line.project_id IS NOT NULL
                      AND line.company_id = ANY(%(companies)s)
                      AND line.date > %(since)s
                      AND line.date <= %(today)s
                 GROUP BY line.partner_id, line.company_id, line.product_uom_id
                   ) work
         LEFT JOIN %(units)s unit ON unit.uom_id = work.product_uom_id
            """,
            companies=company_ids,
            since=since,
            today=today,
            units=self.env["toxicity.measure"]._hour_units(),
        )

    # What is expected of others

    def _get_pipelines(self):
        """{exit: {months from now: weighted revenue}} of all other customers."""
        groups = self._read_pipeline(self.company_id)
        return {
            record: self._sum_pipeline(
                groups, record.company_id, record.commercial_partner_id
            )
            for record in self
        }

    def _read_pipeline(self, companies):
        """[(company, customer, month, weighted revenue)] of these companies."""
        # sudo: a sum over everybody's leads, whoever may read them
        return (
            self.env["crm.lead"]
            .sudo()
            ._read_group(
                self._get_pipeline_domain(companies),
                [
                    "company_id",
                    "partner_id.commercial_partner_id",
                    "date_deadline:month",
                ],
                ["prorated_revenue:sum"],
            )
        )

    def _sum_pipeline(self, groups, company, leaving):
        """{months from now: weighted revenue} without those who leave."""
        pipeline = defaultdict(float)
        for lead_company, customer, month, revenue in groups:
            is_theirs = customer.id in leaving.ids
            if lead_company.id in (False, company.id) and not is_theirs:
                pipeline[self._count_months_until(month)] += revenue
        return pipeline

    def _get_pipeline_domain(self, companies):
        """Open opportunities with a date."""
        dated = Domain("date_deadline", "!=", False)
        return self._get_open_leads_domain(companies) & dated

    def _get_open_leads_domain(self, companies):
        """Open opportunities; those of no company are everyone's."""
        return (
            Domain("type", "=", "opportunity")
            & Domain("won_status", "=", "pending")
            & Domain("company_id", "in", [*companies.ids, False])
        )

    def _count_months_until(self, month):
        """Calendar months from this one; what is overdue may come this month."""
        delta = relativedelta(month, fields.Date.today().replace(day=1))
        return max(0, 12 * delta.years + delta.months)
