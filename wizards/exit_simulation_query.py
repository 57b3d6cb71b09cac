from typing import NamedTuple

from odoo import models
from odoo.tools import SQL

from ..models.customer_exit_impact_query import YearOfBusiness, share_of

# As economists say it: 10 000 is one single customer.
HHI_SCALE = 10_000


class Portfolio(NamedTuple):
    """A year of all customers of a company, or of those who are left of them.

    `gained` and `squares` are sums over those who brought revenue, of it and of its
    square: whoever was credited more than invoiced is no part of the concentration.
    """

    revenue: float = 0.0
    cost: float = 0.0
    hours: float = 0.0
    count: int = 0
    largest_id: int | None = None
    largest: float = 0.0
    gained: float = 0.0
    squares: float = 0.0

    @property
    def margin(self):
        return self.revenue - self.cost

    @property
    def largest_share(self):
        return share_of(self.largest, self.revenue)

    @property
    def hhi(self):
        """The sum of the squares of all shares, 0 to 10 000."""
        if self.gained <= 0:
            return 0.0
        return HHI_SCALE * self.squares / self.gained**2


class ExitSimulation(models.TransientModel):
    """The year of the chosen customers, beside all and beside the others."""

    _inherit = "exit.simulation"

    def _read_year(self):
        """(YearOfBusiness of the chosen, Portfolio of all, Portfolio of the others)."""
        # sudo: sums over all customers, whoever may read their documents
        [row] = self.sudo().env.execute_query(self._simulation_query())
        own, others = len(YearOfBusiness._fields), len(Portfolio._fields)
        return (
            YearOfBusiness(*row[:own]),
            Portfolio(*row[own : own + others]),
            Portfolio(*row[own + others :]),
        )

    def _simulation_query(self):
        """SQL: one row, as _read_year takes it apart."""
        exits = self.env["customer.exit"]
        chosen = self.customer_ids.ids or [0]
        is_other = SQL("rest.customer_id <> ALL(%s)", chosen)
        # SQL: sums over all customers with and without some, as in the impact
        return SQL(
            """
            WITH %(year)s
            SELECT theirs.*, other.*, whole.*, remaining.*
              FROM (
                SELECT COALESCE(SUM(year.revenue), 0)::float8,
                       COALESCE(SUM(year.cost), 0)::float8,
                       COALESCE(SUM(year.hours), 0)::float8
                  FROM year
                 WHERE year.customer_id = ANY(%(chosen)s)
              ) theirs
        CROSS JOIN (%(others)s) other
        CROSS JOIN (%(whole)s) whole
        CROSS JOIN (%(remaining)s) remaining
            """,
            year=exits._year_relations({self.company_id.id}),
            chosen=chosen,
            others=exits._year_of_others(is_other),
            whole=self._portfolio_query(SQL("TRUE")),
            remaining=self._portfolio_query(is_other),
        )

    def _portfolio_query(self, is_counted):
        """SQL: a Portfolio of those of ``year``, as ``rest``, that are counted."""
        return SQL(
            """
            SELECT COALESCE(SUM(rest.revenue), 0)::float8,
                   COALESCE(SUM(rest.cost), 0)::float8,
                   COALESCE(SUM(rest.hours), 0)::float8,
                   COUNT(*),
                   (ARRAY_AGG(rest.customer_id
                        ORDER BY rest.revenue DESC, rest.customer_id)
                        FILTER (WHERE rest.revenue > 0))[1],
                   COALESCE(MAX(rest.revenue), 0)::float8,
                   COALESCE(SUM(rest.revenue) FILTER (WHERE rest.revenue > 0), 0)
                       ::float8,
                   COALESCE(SUM(POWER(rest.revenue, 2))
                       FILTER (WHERE rest.revenue > 0), 0)::float8
              FROM year rest
             WHERE %s
            """,
            is_counted,
        )

    def _read_years_of_chosen(self):
        """{customer id: (revenue, cost, hours)} of those who did business."""
        rows = self.sudo().env.execute_query(
            SQL(
                """
                WITH %s
                SELECT customer_id, revenue::float8, cost::float8, hours::float8
                  FROM year
                 WHERE customer_id = ANY(%s)
                """,
                self.env["customer.exit"]._year_relations({self.company_id.id}),
                self.customer_ids.ids or [0],
            )
        )
        return {row[0]: row[1:] for row in rows}
