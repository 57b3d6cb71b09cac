from odoo import api, fields, models
from odoo.tools import SQL

from .toxicity_score_engine import RESULT_COLUMNS


class ToxicityScoreEngine(models.AbstractModel):
    """From parts to results: sums, score and credit, trend, class and band."""

    _inherit = "toxicity.score.engine"

    @api.model
    def _create_results(self, relations, scope, with_parts=True):
        """Grade what the relations tell into ``toxicity_result``; writes no score.

        One row per customer and company: what their score would be, with or without its
        parts, and of the score that they have now ``score_id``, ``old_band`` (NULL when
        they have none), and whether it is_changed. A measure that fails is left out,
        and remembers why.
        """
        # Emptied, not made anew: each new table takes locks until the transaction ends.
        self.env.cr.execute(
            """
            CREATE TEMPORARY TABLE IF NOT EXISTS toxicity_result (
                partner_id integer, company_id integer,
                score numeric, credit numeric, load numeric, coverage numeric,
                dimension_count integer, has_person_word boolean,
                previous_score numeric, trend varchar, customer_class varchar,
                band varchar, capped_by varchar,
                parts_digest numeric, parts float8[],
                score_id integer, old_band varchar, old_capped_by varchar,
                is_changed boolean
            ) ON COMMIT DROP;
            TRUNCATE toxicity_result
            """
        )
        measured = self._get_measured_indicators()
        failures = {}
        _nothing, error = self._attempt(
            self._fill_results, relations, scope, measured, with_parts
        )
        if error:
            failures = self._find_failures(relations, measured)
            works = measured.filtered(lambda indicator: indicator not in failures)
            self._fill_results(relations, scope, works, with_parts)
        for indicator in measured:
            indicator._note_failure(failures.get(indicator, False))
        # Not the parts: they take long to analyze, and nothing is found by them.
        self.env.cr.execute(
            "ANALYZE toxicity_result (partner_id, company_id, score_id, is_changed)"
        )

    @api.model
    def _fill_results(self, relations, scope, measured, with_parts):
        self.env.cr.execute(
            SQL(
                """
                %(relations)s
                INSERT INTO toxicity_result (
                    partner_id, company_id, parts, %(columns)s, band, capped_by,
                    score_id, old_band, old_capped_by, is_changed
                )
                SELECT total.partner_id, total.company_id, total.parts, %(new)s,
                       CASE WHEN cap.capped_by IS NULL THEN reached.band
                            ELSE 'strained' END,
                       cap.capped_by,
                       known.id, known.band, known.capped_by,
                       (%(old)s) IS DISTINCT FROM (%(new)s)
                  -- OFFSET 0: each sum is taken once, however often it is named.
                  FROM (%(totals)s OFFSET 0) total
                  JOIN res_company company ON company.id = total.company_id
             LEFT JOIN toxicity_score known ON known.partner_id = total.partner_id
                                           AND known.company_id = total.company_id
             LEFT JOIN LATERAL (%(past)s) past ON TRUE
            CROSS JOIN LATERAL (
                       SELECT total.*, past.score AS previous_score,
                              %(trend)s AS trend, %(class)s AS customer_class
                   ) new
            CROSS JOIN LATERAL (SELECT %(reached)s AS band) reached
            CROSS JOIN LATERAL (%(cap)s) cap
                """,
                relations=relations,
                totals=self._get_totals_query(scope, measured, with_parts),
                past=self._get_past_query(),
                trend=self._get_trend_sql(),
                **{"class": self._get_class_sql()},
                reached=self._get_reached_band_sql(),
                cap=self._get_cap_query(),
                columns=self._get_columns(RESULT_COLUMNS),
                new=self._get_columns(RESULT_COLUMNS, "new"),
                old=self._get_columns(RESULT_COLUMNS, "known"),
            )
        )

    @api.model
    def _get_totals_query(self, scope, measured, with_parts):
        """SQL: score and credit of the loads of each customer, parts and their digest.

        The digest adds up a hash of 64 bits of each part: of other parts it is another,
        but for once in some 10^19 times.
        """
        return SQL(
            """
            SELECT added.*,
                   ROUND(added.raw_load::numeric, 6) AS load,
                   %(score)s AS score,
                   %(credit)s AS credit,
                   -- Bits, not COUNT(DISTINCT): that would sort all parts.
                   LENGTH(REPLACE(added.dimensions::bit(32)::text, '0', ''))
                       AS dimension_count,
                   ROUND(added.measured / GREATEST(
                       1, %(measures)s - COALESCE(unused.count, 0))::numeric, 4)
                       AS coverage
              FROM (
                SELECT partner_id, company_id,
                       COALESCE(SUM(load) FILTER (WHERE is_strain), 0) AS raw_load,
                       COALESCE(SUM(load) FILTER (WHERE NOT is_strain), 0)
                           AS credit_load,
                       COUNT(*) FILTER (WHERE is_measured) AS measured,
                       COALESCE(BIT_OR(dimension) FILTER (
                           WHERE is_strain AND load > 0), 0) AS dimensions,
                       COALESCE(BOOL_OR(NOT is_measured) FILTER (
                           WHERE is_strain AND load > 0), FALSE) AS has_person_word,
                       SUM(HASHFLOAT8EXTENDED(load, HASHFLOAT8EXTENDED(intensity,
                           HASHFLOAT8EXTENDED(value, indicator_id)))) AS parts_digest,
                       %(array)s AS parts
                  FROM (%(parts)s) part
              GROUP BY partner_id, company_id
              ) added
         LEFT JOIN (%(unused)s) unused ON unused.company_id = added.company_id
            """,
            score=self._get_score_sql(SQL("added.raw_load")),
            credit=self._get_score_sql(SQL("added.credit_load")),
            measures=len(self._get_measured_indicators()),
            unused=self._get_unused_query(),
            array=self._get_array_sql() if with_parts else SQL("NULL::float8[]"),
            parts=self._get_parts_query(scope, measured),
        )

    @api.model
    def _get_array_sql(self):
        """SQL: the parts as they are kept."""
        return SQL(
            "ARRAY_AGG(ARRAY[part.indicator_id, part.value, part.intensity, part.load]"
            " ORDER BY part.indicator_id)"
        )

    @api.model
    def _get_unused_query(self):
        """SQL: company_id, count of the measures that weigh nothing there."""
        return SQL(
            """
            SELECT company_id, COUNT(*)
              FROM toxicity_weight
             WHERE weight = 0 AND indicator_id = ANY(%s)
          GROUP BY company_id
            """,
            self._get_measured_indicators().ids,
        )

    @api.model
    def _get_score_sql(self, load):
        """SQL: 100 × (1 − 2^(−load)), to 2 decimals."""
        # In floats: PostgreSQL takes a hundred times as long for numeric powers. LEAST:
        # it refuses numbers too small for them.
        return SQL(
            "ROUND((100 * (1 - POWER(2.0::float8, -LEAST(1000, %s))))::numeric, 2)",
            load,
        )

    @api.model
    def _get_past_query(self):
        """SQL: the last snapshot of a score that is at least four weeks old."""
        return SQL(
            """
            SELECT snapshot.score
              FROM toxicity_score_snapshot snapshot
             WHERE snapshot.score_id = known.id
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
                 WHEN total.score - past.score >= 3 THEN 'rising'
                 WHEN past.score - total.score >= 3 THEN 'falling'
                 ELSE 'steady' END
            """
        )

    @api.model
    def _get_class_sql(self):
        """SQL: the class of a customer on the two axes, strain and credit."""
        return SQL(
            """
            CASE WHEN total.credit >= 50
                 THEN CASE WHEN total.score < company.toxicity_strained_threshold
                           THEN 'preferred' ELSE 'demanding' END
                 ELSE CASE WHEN total.score < company.toxicity_strained_threshold
                           THEN 'regular' ELSE 'draining' END
             END
            """
        )

    @api.model
    def _get_reached_band_sql(self):
        """SQL: the band that the score reaches, before it is capped."""
        return SQL(
            """
            CASE WHEN %(toxic)s THEN 'toxic'
                 WHEN %(strained)s THEN 'strained'
                 WHEN %(watch)s THEN 'watch'
                 ELSE 'healthy' END
            """,
            toxic=self._get_reached_sql("toxic", ["toxic"]),
            strained=self._get_reached_sql("strained", ["strained", "toxic"]),
            watch=self._get_reached_sql("watch", ["watch", "strained", "toxic"]),
        )

    @api.model
    def _get_reached_sql(self, band, held_from):
        """SQL: the score reaches the band, or holds it coming from above.

        A band is left downwards only 3 points below its threshold.
        """
        return SQL(
            "(total.score >= %(threshold)s OR (known.band = ANY(%(held)s)"
            " AND total.score > %(threshold)s - 3))",
            threshold=SQL.identifier("company", f"toxicity_{band}_threshold"),
            held=held_from,
        )

    @api.model
    def _get_cap_query(self):
        """SQL: why a score over the highest threshold stays *strained*, or NULL.

        *Toxic* takes at least two dimensions and a person's word: a machine alone
        calls nobody so.
        """
        return SQL(
            """
            SELECT CASE
                   WHEN reached.band != 'toxic' THEN NULL
                   WHEN NOT total.has_person_word THEN 'person'
                   WHEN total.dimension_count < 2 THEN 'dimension'
                   END AS capped_by
            """
        )
