import logging
from collections import defaultdict

from psycopg2 import errors

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Not the measure's fault: these end the transaction, and whoever began it retries.
TRANSACTION_ERRORS = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.OperationalError,
)


class ToxicityScoreEngine(models.AbstractModel):
    """Turns signals and measures into scores, for a set of customers at a time.

    The steps, each one SQL statement over the whole set (that is why it is SQL: the
    ORM would take a query per customer):

    1. *parts*: one row per customer, company and indicator that has data, from each
       measure and from the counted signals, in a table that lives as long as the
       transaction;
    2. *scores* and *lines*: upserted where something changed, deleted where it
       vanished;
    3. *bands*: compared with the current ones; changes go through the ORM, so that
       tracking and automated actions see them, and leave a snapshot.
    """

    _name = "toxicity.score.engine"
    _description = "Customer relationship scoring"

    @api.model
    def _rescore_customers(self, customer_ids):
        """Rescore the given commercial partners; the number of scores written."""
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
        self._delete_vanished(scope)
        changed = self._upsert_scores()
        changed += self._upsert_lines(scope)
        self._invalidate()
        self._apply_bands(scope)
        return changed

    @api.model
    def _invalidate(self):
        """Forget what the ORM remembers of the rows that SQL has written."""
        self.env["toxicity.score"].invalidate_model(flush=False)
        self.env["toxicity.score.line"].invalidate_model(flush=False)
        self.env["res.partner"]._invalidate_toxicity()

    # -- parts ---------------------------------------------------------------------

    @api.model
    def _create_parts(self, scope):
        self.env.cr.execute(
            """
            DROP TABLE IF EXISTS toxicity_part;
            CREATE TEMPORARY TABLE toxicity_part (
                indicator_id integer, partner_id integer, company_id integer,
                value double precision
            ) ON COMMIT DROP
            """
        )
        relations = self._get_relations(scope)
        self._insert_parts(relations, self._get_signal_query())
        for indicator in self._get_measured_indicators():
            failure = self._insert_measure(relations, indicator)
            indicator._note_failure(failure)

    @api.model
    def _insert_measure(self, relations, indicator):
        """Add the parts of one measure; what went wrong, or False.

        A measure that fails adds nothing, and all the others still count.
        """
        measures = self.env["toxicity.measure"]
        try:
            with self.env.cr.savepoint(flush=False):
                # PostgreSQL sorts NaN above infinity: only finite values pass.
                query = SQL(
                    """
                    SELECT %(indicator)s AS indicator_id, partner_id, company_id, value
                      FROM (%(measure)s) measure
                     WHERE value::float8 > '-Infinity' AND value::float8 < 'Infinity'
                    """,
                    indicator=indicator.id,
                    measure=measures._get_query(indicator.code),
                )
                self._insert_parts(relations, query)
        except TRANSACTION_ERRORS:
            raise
        except Exception as error:  # noqa: BLE001 (other modules add measures)
            _logger.exception("The measure %s failed and is left out.", indicator.code)
            return str(error) or type(error).__name__
        return False

    @api.model
    def _insert_parts(self, relations, query):
        self.env.cr.execute(
            SQL(
                "%(relations)s INSERT INTO toxicity_part"
                " (indicator_id, partner_id, company_id, value) %(query)s",
                relations=relations,
                query=query,
            )
        )

    @api.model
    def _get_measured_indicators(self):
        return self.env["toxicity.indicator"].search([("origin", "=", "measured")])

    @api.model
    def _get_relations(self, scope):
        """SQL: the relations that a measure may read (see toxicity.measure)."""
        return SQL(
            """
            WITH setting AS (
                SELECT id AS company_id,
                       %(today)s::date AS today,
                       %(today)s::date - toxicity_window_days AS since
                  FROM res_company
            ), own AS (
                %(own)s
            ), customer AS (
                SELECT partner.id AS partner_id,
                       partner.commercial_partner_id AS customer_id
                  FROM res_partner partner
                 WHERE %(scope)s
                   AND partner.commercial_partner_id NOT IN (SELECT partner_id FROM own)
                   AND partner.id NOT IN (SELECT partner_id FROM own)
            )
            """,
            today=fields.Date.today(),
            own=self.env["toxicity.score"]._get_own_query(),
            scope=scope(SQL("partner.commercial_partner_id")),
        )

    @api.model
    def _get_signal_query(self):
        """SQL: the decayed sum of counted signals per customer and indicator."""
        # LEAST: PostgreSQL refuses tiny numbers. Rows put in by SQL count as chosen.
        return SQL(
            """
            SELECT signal.indicator_id,
                   customer.customer_id,
                   signal.company_id,
                   SUM(COALESCE(signal.counted_severity, signal.severity::integer)
                       / 3.0 * POWER(2.0::float8,
                       -LEAST(100, GREATEST(0, setting.today - signal.date)
                              / indicator.half_life::float8)))
              FROM toxicity_signal signal
              JOIN customer ON customer.partner_id = signal.partner_id
              JOIN setting ON setting.company_id = signal.company_id
              JOIN toxicity_indicator indicator ON indicator.id = signal.indicator_id
             WHERE signal.state = 'counted'
               AND indicator.active
               AND indicator.origin = 'recorded'
          GROUP BY signal.indicator_id, customer.customer_id, signal.company_id
            """
        )

    @api.model
    def _get_weighed_parts(self):
        """SQL: the parts with intensity x and load = weight × min(cap, x)."""
        return SQL(
            """
            SELECT part.indicator_id, part.partner_id, part.company_id,
                   indicator.polarity, indicator.dimension, indicator.origin,
                   ROUND(part.value::numeric, 6) AS value,
                   ROUND(weighed.x::numeric, 6) AS intensity,
                   ROUND((indicator.weight * LEAST(indicator.cap, weighed.x))::numeric,
                         6) AS load
              FROM toxicity_part part
              JOIN toxicity_indicator indicator ON indicator.id = part.indicator_id
        CROSS JOIN LATERAL (
                       SELECT CASE indicator.origin
                              WHEN 'recorded' THEN part.value
                              ELSE LEAST(1, GREATEST(0, (part.value - indicator.low)
                                                / (indicator.high - indicator.low)))
                              END AS x
                   ) weighed
            """
        )

    # -- scores and lines ----------------------------------------------------------

    @api.model
    def _upsert_scores(self):
        """Write the scores that changed; the number of rows written."""
        self.env.cr.execute(
            SQL(
                """
                WITH part AS (%(parts)s),
                total AS (
                    SELECT partner_id, company_id,
                           COALESCE(SUM(load) FILTER (WHERE polarity = 'strain'), 0)
                               AS load,
                           COALESCE(SUM(load) FILTER (WHERE polarity = 'credit'), 0)
                               AS credit_load,
                           COUNT(*) FILTER (WHERE origin = 'measured') AS measured,
                           COUNT(DISTINCT dimension) FILTER (
                               WHERE polarity = 'strain' AND load > 0
                           ) AS dimension_count,
                           COALESCE(BOOL_OR(
                               origin = 'recorded' AND polarity = 'strain' AND load > 0
                           ), FALSE) AS has_person_word
                      FROM part
                  GROUP BY partner_id, company_id
                ), result AS (
                    SELECT total.*,
                           ROUND(100 * (1 - POWER(2.0, -total.load)), 2) AS score,
                           ROUND(100 * (1 - POWER(2.0, -credit_load)), 2) AS credit,
                           ROUND(measured / GREATEST(1, %(measures)s)::numeric, 4)
                               AS coverage
                      FROM total
                ), graded AS (
                    SELECT result.*, past.score AS previous_score,
                           %(trend)s AS trend, %(class)s AS customer_class
                      FROM result
                      JOIN res_company company ON company.id = result.company_id
                 LEFT JOIN LATERAL (%(past)s) past ON TRUE
                )
                INSERT INTO toxicity_score AS old (
                    partner_id, commercial_partner_id, company_id, score, credit, load,
                    coverage, dimension_count, has_person_word, previous_score, trend,
                    customer_class, band, current_band, computed_at,
                    create_uid, create_date, write_uid, write_date
                )
                SELECT partner_id, partner_id, company_id, score, credit, load,
                       coverage, dimension_count, has_person_word, previous_score,
                       trend, customer_class, 'unknown', 'unknown', %(now)s,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM graded
                ON CONFLICT (partner_id, company_id) DO UPDATE SET
                    score = EXCLUDED.score,
                    credit = EXCLUDED.credit,
                    load = EXCLUDED.load,
                    coverage = EXCLUDED.coverage,
                    dimension_count = EXCLUDED.dimension_count,
                    has_person_word = EXCLUDED.has_person_word,
                    previous_score = EXCLUDED.previous_score,
                    trend = EXCLUDED.trend,
                    customer_class = EXCLUDED.customer_class,
                    computed_at = EXCLUDED.computed_at,
                    write_uid = EXCLUDED.write_uid,
                    write_date = EXCLUDED.write_date
                 WHERE (old.score, old.credit, old.load, old.coverage,
                        old.dimension_count, old.has_person_word, old.previous_score,
                        old.trend, old.customer_class)
                    IS DISTINCT FROM
                       (EXCLUDED.score, EXCLUDED.credit, EXCLUDED.load,
                        EXCLUDED.coverage, EXCLUDED.dimension_count,
                        EXCLUDED.has_person_word, EXCLUDED.previous_score,
                        EXCLUDED.trend, EXCLUDED.customer_class)
                """,
                parts=self._get_weighed_parts(),
                measures=len(self._get_measured_indicators()),
                trend=self._get_trend_sql(),
                **{"class": self._get_class_sql()},
                past=self._get_past_query(),
                now=fields.Datetime.now(),
                uid=self.env.uid,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _get_past_query(self):
        """SQL: the last snapshot of a result that is at least four weeks old."""
        return SQL(
            """
            SELECT snapshot.score
              FROM toxicity_score known
              JOIN toxicity_score_snapshot snapshot ON snapshot.score_id = known.id
             WHERE known.partner_id = result.partner_id
               AND known.company_id = result.company_id
               AND snapshot.date <= %s::date - 28
          ORDER BY snapshot.date DESC
             LIMIT 1
            """,
            fields.Date.today(),
        )

    @api.model
    def _get_trend_sql(self):
        """SQL: moved by at least three points since then; NULL without a past."""
        return SQL(
            """
            CASE WHEN past.score IS NULL THEN NULL
                 WHEN result.score - past.score >= 3 THEN 'rising'
                 WHEN past.score - result.score >= 3 THEN 'falling'
                 ELSE 'steady' END
            """
        )

    @api.model
    def _get_class_sql(self):
        """SQL: the class of a customer on the two axes, strain and credit."""
        return SQL(
            """
            CASE WHEN result.credit >= 50
                 THEN CASE WHEN result.score < company.toxicity_strained_threshold
                           THEN 'preferred' ELSE 'demanding' END
                 ELSE CASE WHEN result.score < company.toxicity_strained_threshold
                           THEN 'regular' ELSE 'draining' END
             END
            """
        )

    @api.model
    def _upsert_lines(self, scope):
        """Write the lines that changed, delete what vanished; the rows touched."""
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
        deleted = self.env.cr.rowcount
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO toxicity_score_line AS old (
                    score_id, partner_id, commercial_partner_id, company_id,
                    indicator_id, polarity, value, intensity, load,
                    create_uid, create_date, write_uid, write_date
                )
                SELECT score.id, part.partner_id, part.partner_id, part.company_id,
                       part.indicator_id, part.polarity, part.value, part.intensity,
                       part.load, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM (%(parts)s) part
                  JOIN toxicity_score score ON score.partner_id = part.partner_id
                                           AND score.company_id = part.company_id
                ON CONFLICT (score_id, indicator_id) DO UPDATE SET
                    polarity = EXCLUDED.polarity,
                    value = EXCLUDED.value,
                    intensity = EXCLUDED.intensity,
                    load = EXCLUDED.load,
                    write_uid = EXCLUDED.write_uid,
                    write_date = EXCLUDED.write_date
                 WHERE (old.polarity, old.value, old.intensity, old.load)
                    IS DISTINCT FROM (EXCLUDED.polarity, EXCLUDED.value,
                                      EXCLUDED.intensity, EXCLUDED.load)
                """,
                parts=self._get_weighed_parts(),
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        return deleted + self.env.cr.rowcount

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
                       SELECT 1 FROM toxicity_part part
                        WHERE part.partner_id = score.partner_id
                          AND part.company_id = score.company_id)
                """,
                scope=scope(SQL("score.partner_id")),
            )
        )
        self.env["toxicity.score"].browse(row[0] for row in rows).unlink()

    # -- bands ---------------------------------------------------------------------

    @api.model
    def _apply_bands(self, scope):
        """Write the bands that changed, and remember what they looked like."""
        changes = defaultdict(list)
        for score_id, band, capped_by in self.env.execute_query(
            self._get_band_changes_query(scope)
        ):
            changes[band, capped_by].append(score_id)
        scores = self.env["toxicity.score"]
        moved = scores.browse()
        for (band, capped_by), ids in changes.items():
            group = scores.browse(ids)
            moved |= group.filtered(lambda score, band=band: score.band != band)
            group.write({"band": band, "capped_by": capped_by})
        if moved:
            moved.flush_recordset()
            self.env["toxicity.score.snapshot"]._take(
                SQL("score.id = ANY(%s)", moved.ids), fields.Date.today()
            )
            self.env["res.partner"]._invalidate_toxicity()

    @api.model
    def _get_band_changes_query(self, scope):
        """SQL: id, band and cap of the scores whose band or cap changes.

        A band is left downwards only 3 points below its threshold. *Toxic* takes at
        least two dimensions and a person's word: a machine alone calls nobody so.
        """
        return SQL(
            """
            SELECT graded.id, capped.band, capped.capped_by
              FROM (
                SELECT score.id, score.band, score.capped_by,
                       score.has_person_word, score.dimension_count,
                       CASE
                       WHEN %(toxic)s THEN 'toxic'
                       WHEN %(strained)s THEN 'strained'
                       WHEN %(watch)s THEN 'watch'
                       ELSE 'healthy' END AS reached
                  FROM toxicity_score score
                  JOIN res_company company ON company.id = score.company_id
                 WHERE %(scope)s
              ) graded
        CROSS JOIN LATERAL (
                SELECT CASE
                       WHEN graded.reached != 'toxic' THEN NULL
                       WHEN NOT graded.has_person_word THEN 'person'
                       WHEN graded.dimension_count < 2 THEN 'dimension'
                       END AS capped_by
              ) cap
        CROSS JOIN LATERAL (
                SELECT cap.capped_by,
                       CASE WHEN cap.capped_by IS NULL THEN graded.reached
                            ELSE 'strained' END AS band
              ) capped
             WHERE (graded.band, graded.capped_by)
                IS DISTINCT FROM (capped.band, capped.capped_by)
            """,
            scope=scope(SQL("score.partner_id")),
            toxic=self._get_reached_sql("toxic", ["toxic"]),
            strained=self._get_reached_sql("strained", ["strained", "toxic"]),
            watch=self._get_reached_sql("watch", ["watch", "strained", "toxic"]),
        )

    @api.model
    def _get_reached_sql(self, band, held_from):
        """SQL: the score reaches the band, or holds it coming from above."""
        return SQL(
            "(score.score >= %(threshold)s OR (score.band = ANY(%(held)s)"
            " AND score.score > %(threshold)s - 3))",
            threshold=SQL.identifier("company", f"toxicity_{band}_threshold"),
            held=held_from,
        )
