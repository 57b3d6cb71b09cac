from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, split_every

# What one rescore may write anew, with the parts; all else of a score is its identity
# or a person's.
RESULT_COLUMNS = (
    *("score", "credit", "load", "coverage", "dimension_count", "has_person_word"),
    *("previous_score", "trend", "customer_class", "parts_digest"),
)
# Bands go through the ORM, which remembers what it writes.
WRITTEN_AT_ONCE = 5000
# More than so many are found faster among everyone than one by one.
FEW = 5000


class ToxicityScoreEngine(models.AbstractModel):
    """Turns signals and measures into scores, for a set of customers at a time.

    The steps, each one SQL statement over the whole set (that is why it is SQL: the
    ORM would take a query per customer):

    1. *parts*: one row per customer, company and indicator that has data, from each
       measure and from the counted signals;
    2. *results*: their sums, graded, one row per customer and company, in a table
       that lives as long as the transaction;
    3. *scores*: written where something changed, deleted where it vanished;
    4. *bands*: changes go through the ORM, so that tracking and automated actions
       see them, and leave a snapshot.
    """

    _name = "toxicity.score.engine"
    _description = "Customer relationship scoring"

    @api.model
    def _rescore_customers(self, customer_ids):
        """Rescore the given commercial partners; the number of rows written."""
        ids = list(customer_ids)

        def scope(column):
            return SQL("%s = ANY(%s)", column, ids)

        self.env.flush_all()
        return self._rescore_scope(scope, self._read_relations(scope))

    @api.model
    def _rescore_range(self, first, last, kept):
        """Rescore the customers with first < id <= last, from what the run has kept."""
        scope = self._get_range(first, last)
        self.env.flush_all()
        return self._rescore_scope(scope, self._get_kept_relations(kept, scope))

    @api.model
    def _repeat_range(self, first, last, kept):
        """Rescore as _rescore_range, where nearly all are as they were.

        Who moved is looked for without putting the parts of everyone together, and
        then rescored; with everyone, where these are many after all.
        """
        scope = self._get_range(first, last)
        self.env.flush_all()
        relations = self._get_kept_relations(kept, scope)
        self._create_results(relations, scope, with_parts=False)
        moved_ids = self._find_moved()
        if len(moved_ids) > FEW:
            return self._rescore_scope(scope, relations)
        self.env["toxicity.score.snapshot"]._take_month_end(scope)
        written = self._delete_vanished(scope)
        if moved_ids:

            def moved(column):
                return SQL("%s = ANY(%s)", column, moved_ids)

            written += self._rescore_scope(moved, self._get_kept_relations(kept, moved))
        return written

    @api.model
    def _get_range(self, first, last):
        """The scope of the customers with first < id <= last."""

        def scope(column):
            return SQL("(%s > %s AND %s <= %s)", column, first, column, last)

        return scope

    @api.model
    def _find_moved(self):
        """The ids of the customers whose results are not what their scores say."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT partner_id
                  FROM toxicity_result
                 WHERE is_changed
                    OR (old_band, old_capped_by) IS DISTINCT FROM (band, capped_by)
                """
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _rescore_scope(self, scope, relations):
        """Rescore the customers for whom ``scope(column) -> SQL`` holds."""
        self.env["toxicity.score.snapshot"]._take_month_end(scope)
        self._create_results(relations, scope)
        written = self._delete_vanished(scope)
        written += self._update_scores() + self._insert_scores()
        self._invalidate()
        self._apply_bands()
        return written

    @api.model
    def _invalidate(self):
        """Forget what the ORM remembers of the rows that SQL has written."""
        self.env["toxicity.score"].invalidate_model(flush=False)
        self.env["toxicity.score.line"].invalidate_model(flush=False)
        self.env["res.partner"]._invalidate_toxicity()

    # -- scores --------------------------------------------------------------------

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
    def _update_scores(self):
        """Write the scores that changed; how many."""
        return self._execute(
            SQL(
                """
                UPDATE toxicity_score old
                   SET (%(columns)s) = ROW(%(new)s),
                       parts = COALESCE(new.parts, old.parts),
                       computed_at = %(now)s, write_uid = %(uid)s, write_date = %(now)s
                  FROM toxicity_result new
                 WHERE old.id = new.score_id AND new.is_changed
                """,
                now=fields.Datetime.now(),
                uid=self.env.uid,
                columns=self._get_columns(RESULT_COLUMNS),
                new=self._get_columns(RESULT_COLUMNS, "new"),
            )
        )

    @api.model
    def _insert_scores(self):
        """Add the scores of customers who had none; how many.

        They begin healthy, or else as *unknown*: to be told of strain is news, and
        news goes through the ORM (see _apply_bands). Where another transaction was
        quicker, PostgreSQL refuses, and the run begins its batch anew.
        """
        inserted = self._execute(
            SQL(
                """
                INSERT INTO toxicity_score (
                    partner_id, commercial_partner_id, company_id, band, current_band,
                    computed_at, create_uid, create_date, write_uid, write_date,
                    parts, %(columns)s
                )
                SELECT new.partner_id, new.partner_id, new.company_id,
                       first.band, first.band,
                       %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s,
                       new.parts, %(new)s
                  FROM toxicity_result new
            CROSS JOIN LATERAL (
                       SELECT CASE new.band WHEN 'healthy' THEN 'healthy'
                                            ELSE 'unknown' END AS band
                   ) first
                 WHERE new.score_id IS NULL
                ON CONFLICT (partner_id, company_id) DO NOTHING
                """,
                now=fields.Datetime.now(),
                uid=self.env.uid,
                columns=self._get_columns(RESULT_COLUMNS),
                new=self._get_columns(RESULT_COLUMNS, "new"),
            )
        )
        if inserted > FEW:
            # Autovacuum sees none of these rows before the commit, and may take the
            # table for empty: the next batch would then look up each score among all
            # of a company.
            self.env.cr.execute("ANALYZE toxicity_score (partner_id, company_id)")
        return inserted

    @api.model
    def _execute(self, statement):
        """Execute the SQL; the number of rows written."""
        self.env.cr.execute(statement)
        return self.env.cr.rowcount

    @api.model
    def _get_columns(self, names, *alias):
        """SQL: the columns of those names, of the alias if one is given."""
        return SQL(", ").join(SQL.identifier(*alias, name) for name in names)

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
                 WHERE (result.old_band, result.old_capped_by)
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
            for some_ids in split_every(WRITTEN_AT_ONCE, ids):
                some = scores.browse(some_ids)
                some.write({"band": band, "capped_by": capped_by})
                # All scores at once, as after the installation, would fill the memory.
                some.flush_recordset()
                some.invalidate_recordset()
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
