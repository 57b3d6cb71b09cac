from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

# What one rescore may write anew; all else of a score is its identity or a person's.
RESULT_COLUMNS = (
    *("score", "credit", "load", "coverage", "dimension_count", "has_person_word"),
    *("previous_score", "trend", "customer_class"),
)
LINE_COLUMNS = ("polarity", "value", "intensity", "load")


class ToxicityScoreEngine(models.AbstractModel):
    """Turns signals and measures into scores, for a set of customers at a time.

    The steps, each one SQL statement over the whole set (that is why it is SQL: the
    ORM would take a query per customer):

    1. *parts*: one row per customer, company and indicator that has data, from each
       measure and from the counted signals;
    2. *results*: their sums, graded, one row per customer and company; parts and
       results lie in tables that live as long as the transaction;
    3. *scores* and *lines*: written where something changed, deleted where it
       vanished;
    4. *bands*: changes go through the ORM, so that tracking and automated actions
       see them, and leave a snapshot.
    """

    _name = "toxicity.score.engine"
    _description = "Customer relationship scoring"

    @api.model
    def _rescore_customers(self, customer_ids):
        """Rescore the given commercial partners; the number of rows written."""
        ids = list(customer_ids)
        return self._rescore_scope(lambda column: SQL("%s = ANY(%s)", column, ids))

    @api.model
    def _rescore_range(self, first, last):
        """Rescore the customers with first < id <= last, as _rescore_customers."""
        return self._rescore_scope(
            lambda column: SQL("(%s > %s AND %s <= %s)", column, first, column, last)
        )

    @api.model
    def _rescore_scope(self, scope):
        """Rescore the customers for whom ``scope(column) -> SQL`` holds."""
        self.env.flush_all()
        self.env["toxicity.score.snapshot"]._take_month_end(scope)
        self._create_parts(scope)
        self._create_results()
        written = self._delete_vanished(scope)
        written += self._write_scores()
        written += self._delete_vanished_lines(scope)
        written += self._write_lines()
        self._invalidate()
        self._apply_bands()
        return written

    @api.model
    def _invalidate(self):
        """Forget what the ORM remembers of the rows that SQL has written."""
        self.env["toxicity.score"].invalidate_model(flush=False)
        self.env["toxicity.score.line"].invalidate_model(flush=False)
        self.env["res.partner"]._invalidate_toxicity()

    # -- scores and lines ----------------------------------------------------------

    @api.model
    def _delete_vanished(self, scope):
        """Delete the scores of customers about whom nothing is known any more."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT score.id
                  FROM toxicity_score score
                 WHERE %(scope)s
                   AND NOT EXISTS (
                       SELECT 1 FROM toxicity_result result
                        WHERE result.partner_id = score.partner_id
                          AND result.company_id = score.company_id)
                """,
                scope=scope(SQL("score.partner_id")),
            )
        )
        self.env["toxicity.score"].browse(row[0] for row in rows).unlink()
        return len(rows)

    @api.model
    def _write_scores(self):
        """Write the scores that changed; the number of rows written.

        A new customer begins healthy, or else as *unknown*: to be told of strain is
        news, and news goes through the ORM (see _apply_bands).
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO toxicity_score (
                    partner_id, commercial_partner_id, company_id,
                    band, current_band, computed_at, %(columns)s, %(log_columns)s
                )
                SELECT result.partner_id, result.partner_id, result.company_id,
                       first.band, first.band, %(now)s, %(new)s, %(log_values)s
                  FROM toxicity_result result
            CROSS JOIN LATERAL (
                       SELECT CASE result.band WHEN 'healthy' THEN 'healthy'
                                               ELSE 'unknown' END AS band
                   ) first
             LEFT JOIN toxicity_score old ON old.partner_id = result.partner_id
                                         AND old.company_id = result.company_id
                 WHERE old.id IS NULL OR (%(old)s) IS DISTINCT FROM (%(new)s)
                ON CONFLICT (partner_id, company_id) DO UPDATE SET
                    computed_at = EXCLUDED.computed_at, %(update)s
                """,
                now=fields.Datetime.now(),
                **self._get_write_clauses("result", RESULT_COLUMNS),
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _delete_vanished_lines(self, scope):
        """Delete the lines whose indicator has no data any more; how many."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM toxicity_score_line line
                      WHERE %(scope)s
                        AND NOT EXISTS (
                            SELECT 1 FROM toxicity_part part
                             WHERE part.partner_id = line.partner_id
                               AND part.company_id = line.company_id
                               AND part.indicator_id = line.indicator_id)
                """,
                scope=scope(SQL("line.partner_id")),
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _write_lines(self):
        """Write the lines that changed; the number of rows written."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO toxicity_score_line (
                    score_id, partner_id, commercial_partner_id, company_id,
                    indicator_id, %(columns)s, %(log_columns)s
                )
                SELECT score.id, part.partner_id, part.partner_id, part.company_id,
                       part.indicator_id, %(new)s, %(log_values)s
                  FROM toxicity_part part
                  JOIN toxicity_score score ON score.partner_id = part.partner_id
                                           AND score.company_id = part.company_id
             LEFT JOIN toxicity_score_line old ON old.score_id = score.id
                                              AND old.indicator_id = part.indicator_id
                 WHERE old.id IS NULL OR (%(old)s) IS DISTINCT FROM (%(new)s)
                ON CONFLICT (score_id, indicator_id) DO UPDATE SET %(update)s
                """,
                **self._get_write_clauses("part", LINE_COLUMNS),
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _get_write_clauses(self, source, columns):
        """The SQL clauses of an insert-or-update of the columns from the source."""
        written = (*columns, "write_uid", "write_date")
        now = fields.Datetime.now()
        return {
            "columns": self._join(SQL.identifier(name) for name in columns),
            "old": self._join(SQL.identifier("old", name) for name in columns),
            "new": self._join(SQL.identifier(source, name) for name in columns),
            "update": self._join(
                SQL("%s = %s", SQL.identifier(name), SQL.identifier("excluded", name))
                for name in written
            ),
            "log_columns": SQL("create_uid, create_date, write_uid, write_date"),
            "log_values": SQL("%s, %s, %s, %s", self.env.uid, now, self.env.uid, now),
        }

    @api.model
    def _join(self, terms):
        return SQL(", ").join(terms)

    # -- bands ---------------------------------------------------------------------

    @api.model
    def _apply_bands(self):
        """Write the bands that changed, and remember what they looked like."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT score.id, result.band, result.capped_by,
                       result.old_band IS NULL,
                       result.old_band IS DISTINCT FROM result.band,
                       (score.band, score.capped_by)
                           IS DISTINCT FROM (result.band, result.capped_by)
                  FROM toxicity_result result
                  JOIN toxicity_score score ON score.partner_id = result.partner_id
                                           AND score.company_id = result.company_id
                 WHERE (result.old_band, score.capped_by)
                    IS DISTINCT FROM (result.band, result.capped_by)
                """
            )
        )
        changes = defaultdict(list)
        moved_ids = []
        for score_id, band, capped_by, is_new, moved, differs in rows:
            if moved:
                moved_ids.append(score_id)
            if differs:
                changes[band, capped_by, is_new].append(score_id)
        for (band, capped_by, is_new), ids in changes.items():
            # The first band of a customer is no change that the chatter could tell.
            scores = self.env["toxicity.score"].with_context(tracking_disable=is_new)
            scores.browse(ids).write({"band": band, "capped_by": capped_by})
        if moved_ids:
            self._keep_moved(moved_ids)

    @api.model
    def _keep_moved(self, score_ids):
        """Take a snapshot of the scores whose band has moved."""
        self.env.flush_all()
        self.env["toxicity.score.snapshot"]._take(
            SQL("score.id = ANY(%s)", score_ids), fields.Date.today()
        )
        self.env["res.partner"]._invalidate_toxicity()
