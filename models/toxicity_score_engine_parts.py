import logging

from psycopg2 import errors

from odoo import api, models
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
    """From Odoo's records to parts: what each indicator found, and what it weighs."""

    _inherit = "toxicity.score.engine"

    @api.model
    def _create_parts(self, relations):
        """Fill the table ``toxicity_part`` from the relations.

        One row per customer, company and indicator that has data: value, intensity
        (the x of the formula) and load, rounded as they are stored.
        """
        # Emptied, not made anew: each new table takes locks until the transaction ends.
        self.env.cr.execute(
            """
            CREATE TEMPORARY TABLE IF NOT EXISTS toxicity_part (
                indicator_id integer, partner_id integer, company_id integer,
                value float8, intensity float8, load float8
            ) ON COMMIT DROP;
            TRUNCATE toxicity_part
            """
        )
        self._insert_parts(relations, self._get_signal_query())
        for indicator in self._get_measured_indicators():
            failure = self._attempt(
                f"The measure {indicator.code}",
                self._insert_measure,
                relations,
                indicator,
            )
            indicator._note_failure(failure)
        self.env.cr.execute("ANALYZE toxicity_part")

    @api.model
    def _attempt(self, name, work, *args):
        """Do what may fail without harm to the rest; what went wrong, or False."""
        try:
            with self.env.cr.savepoint(flush=False):
                work(*args)
        except TRANSACTION_ERRORS:
            raise
        except Exception as error:  # noqa: BLE001 (other modules add measures)
            _logger.exception("%s failed and is left out.", name)
            return str(error) or type(error).__name__
        return False

    @api.model
    def _insert_measure(self, relations, indicator):
        """Add the parts of one measure."""
        # PostgreSQL sorts NaN above infinity: only finite values pass.
        query = SQL(
            """
            SELECT %(indicator)s AS indicator_id, partner_id, company_id,
                   value::float8 AS value
              FROM (%(measure)s) measure
             WHERE value::float8 > '-Infinity' AND value::float8 < 'Infinity'
            """,
            indicator=indicator.id,
            measure=self.env["toxicity.measure"]._get_query(indicator.code),
        )
        self._insert_parts(relations, query)

    @api.model
    def _insert_parts(self, relations, query):
        """Weigh what the query found: x, and load = weight × min(cap, x).

        What weighs nothing in a company is as if it had not been looked for there.
        """
        self.env.cr.execute(
            SQL(
                """
                %(relations)s
                INSERT INTO toxicity_part
                SELECT found.indicator_id, found.partner_id, found.company_id,
                       ROUND(1e6 * found.value) / 1e6,
                       ROUND(1e6 * weighed.x) / 1e6,
                       ROUND(1e6 * LEAST(indicator.cap, weighed.x)
                             * COALESCE(tuned.weight, indicator.weight)) / 1e6
                  FROM (%(query)s) found
                  JOIN toxicity_indicator indicator
                    ON indicator.id = found.indicator_id
             LEFT JOIN toxicity_weight tuned
                    ON tuned.company_id = found.company_id
                   AND tuned.indicator_id = found.indicator_id
            CROSS JOIN LATERAL (
                       SELECT CASE indicator.origin
                              WHEN 'recorded' THEN found.value
                              ELSE LEAST(1, GREATEST(0, (found.value - indicator.low)
                                                / (indicator.high - indicator.low)))
                              END AS x
                   ) weighed
                 WHERE tuned.weight IS DISTINCT FROM 0
                """,
                relations=relations,
                query=query,
            )
        )

    @api.model
    def _get_measured_indicators(self):
        return self.env["toxicity.indicator"].search([("origin", "=", "measured")])

    @api.model
    def _get_signal_query(self):
        """SQL: the decayed sum of counted signals per customer and indicator."""
        # LEAST: PostgreSQL refuses tiny numbers. Rows put in by SQL count as chosen.
        return SQL(
            """
            SELECT signal.indicator_id,
                   customer.customer_id AS partner_id,
                   signal.company_id,
                   SUM(COALESCE(signal.counted_severity, signal.severity::integer)
                       / 3.0 * POWER(2.0::float8,
                       -LEAST(100, GREATEST(0, setting.today - signal.date)
                              / indicator.half_life::float8))) AS value
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
