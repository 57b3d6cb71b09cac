from collections import defaultdict
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .toxicity_measure import MIN_HOURS

YEAR_DAYS = 365
# As economists say it.
HHI_SCALE = 10_000


class Sums(NamedTuple):
    """A year of some customers of a company, added up.

    `usual_*` are sums over those who are neither strained nor toxic and took enough
    hours to tell; `gained` and `squares` over those who brought revenue, of it and of
    its square: whoever was credited more than invoiced concentrates nothing.
    """

    revenue: float = 0.0
    cost: float = 0.0
    hours: float = 0.0
    count: int = 0
    gained: float = 0.0
    squares: float = 0.0
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
    def hhi(self):
        """How concentrated the revenue is: 10 000 is one single customer."""
        return HHI_SCALE * self.squares / self.gained**2 if self.gained > 0 else 0.0

    def without(self, part):
        """These less a part of them; a hair of binary fractions is nothing."""
        pairs = zip(self, part, strict=True)
        return Sums(*(round(all_of_it - its, 6) for all_of_it, its in pairs))


class YearOfBusiness(NamedTuple):
    """What some customers brought and took in a year, beside all of the company's.

    `largest_*` are of all customers, `largest_other*` of the others; `each` is
    {customer id: (revenue, cost, hours)} of these customers, if they did business.
    """

    theirs: Sums = Sums()
    everyone: Sums = Sums()
    largest_id: int | None = None
    largest: float = 0.0
    largest_other_id: int | None = None
    largest_other: float = 0.0
    each: dict | None = None

    @property
    def others(self):
        return self.everyone.without(self.theirs)

    @property
    def share(self):
        """Their part of the company's revenue."""
        return share_of(self.theirs.revenue, self.everyone.revenue)

    @property
    def largest_share(self):
        """The largest customer's part of the revenue."""
        return share_of(self.largest, self.everyone.revenue)

    @property
    def largest_share_after(self):
        """The largest other customer's part of what is left of the revenue."""
        return share_of(self.largest_other, self.others.revenue)


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
        sets = [((customer,), company) for customer, company in sorted(pairs)]
        years = self._read_years(sets)
        return {
            (customer, company): year
            for ((customer,), company), year in zip(sets, years, strict=True)
        }

    @api.model
    def _read_years(self, sets):
        """A YearOfBusiness for each of [(customer ids, company id)], in that order."""
        if not sets:
            return []
        # sudo: sums over all customers, whoever may read their documents
        rows = self.sudo().env.execute_query(self._year_query(sets))
        width = len(Sums._fields)
        return [
            YearOfBusiness(
                Sums(*row[:width]),
                Sums(*row[width : 2 * width]),
                *row[2 * width : -1],
                each={int(key): tuple(sums) for key, sums in (row[-1] or {}).items()},
            )
            for row in rows
        ]

    @api.model
    def _year_query(self, sets):
        """SQL: for each set what YearOfBusiness says of it, in their order.

        The others of a company are all its customers less these, and the largest of
        them one of the largest few: customers are added up once, for all sets.
        """
        numbers, customers, companies = zip(
            *(
                (number, customer, company)
                for number, (members, company) in enumerate(sets)
                for customer in members or [None]
            ),
            strict=True,
        )
        # SQL: sums over all customers beside some, which the ORM cannot group by
        return SQL(
            """
            WITH chosen AS (
                SELECT *
                  FROM UNNEST(%(numbers)s, %(customers)s::integer[], %(companies)s)
                       chosen (number, customer_id, company_id)
            ),
            %(year)s,
            %(totals)s
            SELECT %(columns)s,
                   CASE WHEN first.revenue > 0 THEN first.customer_id END,
                   COALESCE(first.revenue, 0)::float8,
                   CASE WHEN rest.revenue > 0 THEN rest.customer_id END,
                   COALESCE(rest.revenue, 0)::float8,
                   theirs.each
              FROM theirs
         LEFT JOIN everyone USING (company_id)
         LEFT JOIN first USING (company_id)
         LEFT JOIN rest USING (number)
          ORDER BY theirs.number
            """,
            numbers=list(numbers),
            customers=list(customers),
            companies=list(companies),
            year=self._year_relations(set(companies)),
            totals=self._year_totals(
                sorted(set(companies)), max(len(members) for members, _company in sets)
            ),
            columns=SQL(", ").join(
                SQL("COALESCE(%s, 0)", SQL.identifier(table, name))
                for table in ("theirs", "everyone")
                for name in Sums._fields
            ),
        )

    @api.model
    def _year_totals(self, company_ids, most):
        """SQL for WITH: theirs, everyone's, the largest of all, and of the rest.

        `most` is how many customers a set has at most: one more of the largest, and
        one of them is no member of it.
        """
        return SQL(
            """
            theirs AS (
                SELECT chosen.number, chosen.company_id, %(sums)s,
                       JSON_OBJECT_AGG(
                           year.customer_id,
                           ARRAY[year.revenue, year.cost, year.hours]
                       ) FILTER (WHERE year.customer_id IS NOT NULL) AS each
                  FROM chosen
             LEFT JOIN year USING (customer_id, company_id)
              GROUP BY chosen.number, chosen.company_id
            ),
            everyone AS (
                SELECT year.company_id, %(sums)s FROM year GROUP BY year.company_id
            ),
            largest AS (
                SELECT company.id AS company_id, top.*
                  FROM UNNEST(%(companies)s) company (id)
            CROSS JOIN LATERAL (
                       SELECT customer_id, revenue
                         FROM year
                        WHERE company_id = company.id
                     ORDER BY revenue DESC NULLS LAST, customer_id
                        LIMIT %(most)s
                       ) top
            ),
            first AS (
                SELECT DISTINCT ON (company_id) company_id, customer_id, revenue
                  FROM largest
              ORDER BY company_id, revenue DESC NULLS LAST, customer_id
            ),
            rest AS (
                SELECT DISTINCT ON (theirs.number)
                       theirs.number, largest.customer_id, largest.revenue
                  FROM theirs
                  JOIN largest USING (company_id)
             LEFT JOIN chosen ON chosen.number = theirs.number
                             AND chosen.customer_id = largest.customer_id
                 WHERE chosen.number IS NULL
              ORDER BY theirs.number, largest.revenue DESC NULLS LAST,
                       largest.customer_id
            )
            """,
            sums=self._year_sums(),
            companies=company_ids,
            most=most + 1,
        )

    @api.model
    def _year_sums(self):
        """SQL: the columns of Sums, over rows of ``year``."""
        usual = SQL("FILTER (WHERE year.is_usual)")
        gained = SQL("FILTER (WHERE year.revenue > 0)")
        nothing = SQL()
        return SQL(", ").join(
            SQL("%s %s::float8 AS %s", value, rows, SQL.identifier(name))
            for name, value, rows in (
                ("revenue", SQL("SUM(year.revenue)"), nothing),
                ("cost", SQL("SUM(year.cost)"), nothing),
                ("hours", SQL("SUM(year.hours)"), nothing),
                ("count", SQL("COUNT(year.customer_id)"), nothing),
                ("gained", SQL("SUM(year.revenue)"), gained),
                ("squares", SQL("SUM(POWER(year.revenue, 2))"), gained),
                ("usual_revenue", SQL("SUM(year.revenue)"), usual),
                ("usual_cost", SQL("SUM(year.cost)"), usual),
                ("usual_hours", SQL("SUM(year.hours)"), usual),
            )
        )

    def _year_relations(self, company_ids):
        """SQL for WITH: what is ours, the entries, and year, a row per customer."""
        self.env["account.move"].flush_model()
        self.env["account.analytic.line"].flush_model()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.env["toxicity.score"].flush_model()
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
