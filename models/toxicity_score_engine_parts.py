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
    def _get_parts_query(self, scope, measured):
        """SQL: a part per customer, company and indicator that has data.

        Value, intensity (the x of the formula) and load = weight × min(cap, x), as
        they are stored, and what kind of indicator it is. What weighs nothing in a
        company is as if it had not been looked for there.
        """
        return SQL(
            """
            SELECT found.partner_id, found.company_id, found.indicator_id,
                   ROUND(1e6 * found.value) / 1e6 AS value,
                   ROUND(1e6 * weighed.x) / 1e6 AS intensity,
                   ROUND(1e6 * LEAST(kind.cap, weighed.x) * kind.weight) / 1e6 AS load,
                   kind.is_strain, kind.is_measured, kind.dimension
              FROM (%(found)s) found
              JOIN (%(kinds)s) kind ON kind.company_id = found.company_id
                                   AND kind.indicator_id = found.indicator_id
        CROSS JOIN LATERAL (
                   SELECT CASE WHEN kind.is_measured
                          THEN LEAST(1, GREATEST(0, (found.value - kind.low)
                                                    / (kind.high - kind.low)))
                          ELSE found.value END AS x
               ) weighed
             WHERE kind.weight IS NOT NULL
            """,
            found=SQL(" UNION ALL ").join(
                [self._get_signal_query(scope), *map(self._get_measure_query, measured)]
            ),
            kinds=self._get_kinds_query(),
        )

    @api.model
    def _get_kinds_query(self):
        """SQL: what each indicator weighs in each company; each dimension is a bit."""
        return SQL(
            """
            SELECT setting.company_id, indicator.id AS indicator_id,
                   CASE WHEN tuned.weight IS NULL THEN indicator.weight
                        ELSE NULLIF(tuned.weight, 0) END AS weight,
                   indicator.cap, indicator.low, indicator.high,
                   indicator.polarity = 'strain' AS is_strain,
                   indicator.origin = 'measured' AS is_measured,
                   1 << (DENSE_RANK() OVER (ORDER BY indicator.dimension) - 1)::integer
                       AS dimension
              FROM setting
        CROSS JOIN toxicity_indicator indicator
         LEFT JOIN toxicity_weight tuned ON tuned.company_id = setting.company_id
                                        AND tuned.indicator_id = indicator.id
            """
        )

    @api.model
    def _get_measure_query(self, indicator):
        """SQL: what the measure of the indicator found."""
        # PostgreSQL sorts NaN above infinity: only finite values pass.
        return SQL(
            """
            SELECT %(indicator)s AS indicator_id, partner_id, company_id,
                   value::float8 AS value
              FROM (%(measure)s) measure
             WHERE value::float8 > '-Infinity' AND value::float8 < 'Infinity'
            """,
            indicator=indicator.id,
            measure=self.env["toxicity.measure"]._get_query(indicator.code),
        )

    @api.model
    def _find_failures(self, relations, measured):
        """{indicator: why} of those whose measure fails, each tried on its own."""
        failures = {}
        for indicator in measured:
            _nothing, error = self._attempt(self._try_measure, relations, indicator)
            if error:
                _logger.error(
                    "The measure %s is left out.", indicator.code, exc_info=error
                )
                failures[indicator] = str(error) or type(error).__name__
        return failures

    @api.model
    def _try_measure(self, relations, indicator):
        # The sum, for PostgreSQL computes no value that nobody asks for.
        query = self._get_measure_query(indicator)
        self.env.cr.execute(
            SQL("%s SELECT SUM(value) FROM (%s) found", relations, query)
        )

    @api.model
    def _attempt(self, work, *args):
        """Do what may fail without harm to the rest; return its result and error."""
        try:
            with self.env.cr.savepoint(flush=False):
                return work(*args), None
        except TRANSACTION_ERRORS:
            raise
        except Exception as error:  # noqa: BLE001 (other modules add measures)
            return None, error

    @api.model
    def _get_measured_indicators(self):
        return self.env["toxicity.indicator"].search([("origin", "=", "measured")])

    @api.model
    def _get_signal_query(self, scope):
        """SQL: the decayed sum of counted signals per customer and indicator."""
        # LEAST: PostgreSQL refuses tiny numbers. Rows put in by SQL count as chosen.
        # Floats: numeric division would take as long as all the rest.
        return SQL(
            """
            SELECT signal.indicator_id,
                   signal.commercial_partner_id AS partner_id,
                   signal.company_id,
                   SUM(COALESCE(signal.counted_severity, signal.severity::integer)
                       / 3::float8 * POWER(2::float8,
                       -LEAST(100, GREATEST(0, setting.today - signal.date)
                              / indicator.half_life::float8))) AS value
              FROM toxicity_signal signal
              JOIN setting ON setting.company_id = signal.company_id
              JOIN toxicity_indicator indicator ON indicator.id = signal.indicator_id
             WHERE signal.state = 'counted'
               AND indicator.active
               AND indicator.origin = 'recorded'
               AND %(scope)s
               AND signal.partner_id NOT IN (SELECT partner_id FROM own)
               AND signal.commercial_partner_id NOT IN (SELECT partner_id FROM own)
          GROUP BY signal.indicator_id, signal.commercial_partner_id,
                   signal.company_id
            """,
            scope=scope(SQL("signal.commercial_partner_id")),
        )
