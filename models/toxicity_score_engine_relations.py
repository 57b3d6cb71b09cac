import logging

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# A few rows each, and the same for every customer
SMALL = {"setting", "own"}
# How PostgreSQL is to read while a run keeps what it has read: what is sorted and
# joined is large, its usual share of memory is not; rows go from one of its processes
# to the other faster than it believes; a small sample tells enough of a table.
SESSION = {
    "work_mem": "128MB",
    "parallel_setup_cost": "100",
    "parallel_tuple_cost": "0.01",
    "default_statistics_target": "10",
}


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
            **self.env["toxicity.measure"]._with_earliest()._get_facts(),
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

    # -- in tables -----------------------------------------------------------------

    @api.model
    def _read_relations(self, scope):
        """SQL: as _get_relations, each read once into a table of this transaction."""
        relations = {}
        for name, query in self._get_relation_queries(scope).items():
            self._tabulate(relations, name, query, self._read_relation)
        return self._join_relations(relations)

    @api.model
    def _read_relation(self, name, query):
        """Fill the table of this transaction with the relation; return it."""
        table = SQL.identifier(f"toxicity_few_{name}")
        # Emptied, not made anew: each new table takes locks until the transaction ends.
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE IF NOT EXISTS %(table)s ON COMMIT DROP
                    AS %(query)s WITH NO DATA;
                DELETE FROM %(table)s;
                INSERT INTO %(table)s %(query)s;
                ANALYZE %(table)s
                """,
                table=table,
                query=query,
            )
        )
        return table

    @api.model
    def _keep_relations(self):
        """Read the relations over all customers into tables; {name: SQL} to read them.

        The tables outlive commits and end with the connection, or _drop_kept.
        """
        self.env.flush_all()
        self._drop_kept()
        # In memory, unless the connection has had temporary tables before.
        self._attempt(self.env.cr.execute, "SET temp_buffers = '128MB'", None, False)
        for name, value in SESSION.items():
            self.env.cr.execute(SQL("SET %s = %s", SQL.identifier(name), value))
        relations = {}
        queries = self._get_relation_queries(lambda column: SQL("TRUE"))
        for name, query in queries.items():
            # Customers are read from Odoo's table each time: where a temporary table
            # takes part, PostgreSQL's processes cannot share the work.
            if name == "customer":
                relations[name] = query
            else:
                self._tabulate(relations, name, query, self._keep_relation)
        return relations

    @api.model
    def _keep_relation(self, name, query):
        """Fill the table of this session with the relation; return it."""
        table = self._get_kept_table(name)
        self.env.cr.execute(
            SQL(
                # What facts are joined by is all that is ever looked for.
                "CREATE TEMPORARY TABLE %(table)s AS %(query)s;"
                " ANALYZE %(table)s (partner_id, company_id)",
                table=table,
                query=query,
            )
        )
        return table

    @api.model
    def _tabulate(self, relations, name, query, read):
        """Have read(name, query) fill a table; add to the relations how it is read.

        A relation that fails stays a query: what reads it fails in its turn, for its
        reason.
        """
        relations[name] = query
        if name in SMALL:
            return
        known = self._join_relations(relations)
        whole = SQL("%s SELECT * FROM %s", known, SQL.identifier(name))
        table, error = self._attempt(read, name, whole)
        if error:
            _logger.error("The relation %s is not read.", name, exc_info=error)
        else:
            relations[name] = SQL("SELECT * FROM %s", table)

    @api.model
    def _get_kept_table(self, name):
        return SQL.identifier(f"toxicity_kept_{name}")

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
    def _drop_kept(self):
        """Drop what a run has kept."""
        for name in self._get_relation_queries(lambda column: SQL("TRUE")):
            self.env.cr.execute(
                SQL("DROP TABLE IF EXISTS %s", self._get_kept_table(name))
            )
        for name in SESSION:
            self.env.cr.execute(SQL("RESET %s", SQL.identifier(name)))
