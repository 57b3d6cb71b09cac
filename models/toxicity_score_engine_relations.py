from odoo import api, fields, models
from odoo.tools import SQL

# A few rows each, and the same for every customer
SMALL = {"setting", "own"}


class ToxicityScoreEngine(models.AbstractModel):
    """What measures may read: as queries for few customers, kept in tables for all.

    Odoo's tables are large, and a range of customers lies all over them: read for
    every batch anew, they would be read from end to end as often as there are
    batches. So a run reads them once, when it begins.
    """

    _inherit = "toxicity.score.engine"

    @api.model
    def _get_relations(self, scope):
        """SQL: WITH the relations of the customers in scope (see toxicity.measure)."""
        return self._join_relations(self._get_relation_queries(scope))

    @api.model
    def _get_relation_queries(self, scope):
        """{name: SQL} in the order of reading."""
        return {
            "setting": SQL(
                """
                SELECT id AS company_id,
                       %(today)s::date AS today,
                       %(today)s::date - toxicity_window_days AS since
                  FROM res_company
                """,
                today=fields.Date.today(),
            ),
            "own": self.env["toxicity.score"]._get_own_query(),
            "customer": SQL(
                """
                SELECT partner.id AS partner_id,
                       partner.commercial_partner_id AS customer_id
                  FROM res_partner partner
                 WHERE %(scope)s
                   AND partner.commercial_partner_id NOT IN (SELECT partner_id FROM own)
                   AND partner.id NOT IN (SELECT partner_id FROM own)
                """,
                scope=scope(SQL("partner.commercial_partner_id")),
            ),
            **self.env["toxicity.measure"]._get_facts(),
        }

    @api.model
    def _join_relations(self, relations):
        """SQL: WITH the {name: query}; not materialized, so that indexes are seen."""
        return SQL(
            "WITH %s",
            SQL(", ").join(
                SQL("%s AS NOT MATERIALIZED (%s)", SQL.identifier(name), query)
                for name, query in relations.items()
            ),
        )

    # -- kept ----------------------------------------------------------------------

    @api.model
    def _keep_relations(self):
        """Read the relations over all customers into tables; {name: SQL} to read them.

        The tables outlive commits and end with the connection, or _drop_kept. One
        that fails stays a query: what reads it fails in its turn, for its reason.
        """
        self.env.flush_all()
        self._drop_kept()
        kept = {}
        queries = self._get_relation_queries(lambda column: SQL("TRUE"))
        for name, query in queries.items():
            if name in SMALL or self._attempt(
                f"The relation {name}", self._keep_relation, kept, name, query
            ):
                kept[name] = query
            else:
                kept[name] = SQL("SELECT * FROM %s", self._get_kept_table(name))
        return kept

    @api.model
    def _keep_relation(self, kept, name, query):
        self.env.cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE %(table)s AS %(relations)s %(query)s;"
                " ANALYZE %(table)s",
                table=self._get_kept_table(name),
                relations=self._join_relations(kept) if kept else SQL(),
                query=query,
            )
        )

    @api.model
    def _get_kept_relations(self, kept, scope):
        """SQL: as _get_relations, from what was kept."""
        return self._join_relations(
            {
                name: self._narrow(name, query, scope) if name not in SMALL else query
                for name, query in kept.items()
            }
        )

    @api.model
    def _narrow(self, name, query, scope):
        column = SQL.identifier("customer_id" if name == "customer" else "partner_id")
        return SQL("SELECT * FROM (%s) kept WHERE %s", query, scope(column))

    @api.model
    def _get_kept_table(self, name):
        return SQL.identifier(f"toxicity_kept_{name}")

    @api.model
    def _drop_kept(self):
        """Drop what a run has kept."""
        for name in self._get_relation_queries(lambda column: SQL("TRUE")):
            self.env.cr.execute(
                SQL("DROP TABLE IF EXISTS %s", self._get_kept_table(name))
            )
