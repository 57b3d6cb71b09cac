from odoo import api, fields, models
from odoo.tools import SQL


class ToxicityScoreEngine(models.AbstractModel):
    """From parts to results: sums, score and credit, trend, class and band."""

    _inherit = "toxicity.score.engine"

    @api.model
    def _create_results(self):
        """Grade the parts into the table ``toxicity_result``; writes no score.

        One row per customer and company: what their score would be, and
        ``old_band``, the computed band that it has now (NULL when it has none).
        """
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE IF NOT EXISTS toxicity_result (
                    partner_id integer, company_id integer,
                    score numeric, credit numeric, load numeric, coverage numeric,
                    dimension_count integer, has_person_word boolean,
                    previous_score numeric, trend varchar, customer_class varchar,
                    band varchar, capped_by varchar, old_band varchar
                ) ON COMMIT DROP;
                TRUNCATE toxicity_result;
                INSERT INTO toxicity_result
                  WITH total AS MATERIALIZED (%(totals)s),
                graded AS (
                    SELECT total.*, known.band AS old_band,
                           past.score AS previous_score,
                           %(trend)s AS trend,
                           %(class)s AS customer_class,
                           %(reached)s AS reached
                      FROM total
                      JOIN res_company company ON company.id = total.company_id
                 LEFT JOIN toxicity_score known
                        ON known.partner_id = total.partner_id
                       AND known.company_id = total.company_id
                 LEFT JOIN LATERAL (%(past)s) past ON TRUE
                )
                SELECT partner_id, company_id, score, credit, load, coverage,
                       dimension_count, has_person_word, previous_score, trend,
                       customer_class,
                       CASE WHEN cap.capped_by IS NULL THEN reached
                            ELSE 'strained' END,
                       cap.capped_by, old_band
                  FROM graded
            CROSS JOIN LATERAL (%(cap)s) cap;
                ANALYZE toxicity_result
                """,
                totals=self._get_totals_query(),
                past=self._get_past_query(),
                trend=self._get_trend_sql(),
                **{"class": self._get_class_sql()},
                reached=self._get_reached_band_sql(),
                cap=self._get_cap_query(),
            )
        )

    @api.model
    def _get_totals_query(self):
        """SQL: the loads of the parts added up and turned into score and credit."""
        return SQL(
            """
            SELECT added.partner_id, added.company_id, added.measured,
                   added.dimension_count, added.has_person_word,
                   ROUND(added.load::numeric, 6) AS load,
                   %(score)s AS score,
                   %(credit)s AS credit,
                   ROUND(added.measured / GREATEST(
                       1, %(measures)s - COALESCE(unused.count, 0))::numeric, 4)
                       AS coverage
              FROM (
                SELECT part.partner_id, part.company_id,
                       COALESCE(SUM(part.load) FILTER (WHERE kind.is_strain), 0)
                           AS load,
                       COALESCE(SUM(part.load) FILTER (WHERE NOT kind.is_strain), 0)
                           AS credit_load,
                       COUNT(*) FILTER (WHERE kind.is_measured) AS measured,
                       -- Bits, not COUNT(DISTINCT): that would sort all parts.
                       LENGTH(REPLACE(COALESCE(BIT_OR(kind.dimension) FILTER (
                           WHERE kind.is_strain AND part.load > 0
                       ), 0)::bit(32)::text, '0', '')) AS dimension_count,
                       COALESCE(BOOL_OR(kind.is_strain AND NOT kind.is_measured
                                        AND part.load > 0), FALSE) AS has_person_word
                  FROM toxicity_part part
                  JOIN (%(kinds)s) kind ON kind.indicator_id = part.indicator_id
              GROUP BY part.partner_id, part.company_id
              ) added
         LEFT JOIN (%(unused)s) unused ON unused.company_id = added.company_id
            """,
            score=self._get_score_sql(SQL("added.load")),
            credit=self._get_score_sql(SQL("added.credit_load")),
            measures=len(self._get_measured_indicators()),
            unused=self._get_unused_query(),
            kinds=SQL(
                """
                SELECT id AS indicator_id,
                       polarity = 'strain' AS is_strain,
                       origin = 'measured' AS is_measured,
                       1 << (DENSE_RANK() OVER (ORDER BY dimension) - 1)::integer
                           AS dimension
                  FROM toxicity_indicator
                """
            ),
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
                   WHEN graded.reached != 'toxic' THEN NULL
                   WHEN NOT graded.has_person_word THEN 'person'
                   WHEN graded.dimension_count < 2 THEN 'dimension'
                   END AS capped_by
            """
        )
