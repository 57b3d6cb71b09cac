from contextlib import closing, contextmanager
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from .base_automation import DroppedCallbacks


class Move(NamedTuple):
    """A customer who goes from band to band; held: what a manager set stays above."""

    partner_id: int
    old_score: float | None
    new_score: float | None
    old_band: str
    new_band: str
    is_held: bool


class ToxicityScoreEngine(models.AbstractModel):
    """What the engine would say under other settings, without writing a score."""

    _inherit = "toxicity.score.engine"

    @api.model
    @contextmanager
    def _rehearsal(self):
        """Undo whatever is done within, and whatever that left to do at the commit.

        No automation rule runs (see base_automation.py), no mail, bus message or web
        hook leaves, no scheduled action is woken.
        """
        cr = self.env.cr
        # Entering does what waits for the commit of what was done before.
        savepoint = cr.savepoint()
        hooks = cr.precommit, cr.postcommit
        cr.precommit, cr.postcommit = DroppedCallbacks(), DroppedCallbacks()
        try:
            with closing(savepoint):
                yield
        finally:
            cr.precommit, cr.postcommit = hooks

    @api.model
    def _foresee(self, company, customer_ids=None):
        """What rescoring would do in the company, to be undone by the caller.

        Returns the moves, and how many go from which band to which: of everyone, or of
        the given commercial partners.
        """

        def scope(column):
            if customer_ids is None:
                return SQL("TRUE")
            return SQL("%s = ANY(%s)", column, customer_ids)

        kept = self._keep_relations()
        self.env["toxicity.norm"]._refresh(kept)
        relations = self._get_kept_relations(kept, scope)
        self._create_results(relations, scope, with_parts=False)
        self._create_outlook(company, scope)
        return self._get_moves(), self._get_band_counts()

    @api.model
    def _get_moves(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, old_score, new_score,
                       CASE WHEN is_held THEN computed_old ELSE old_band END,
                       CASE WHEN is_held THEN computed_new ELSE new_band END,
                       is_held
                  FROM toxicity_outlook
                 WHERE is_held OR old_band != new_band
                """
            )
        )
        return [Move(*row) for row in rows]

    @api.model
    def _get_band_counts(self):
        return self.env.execute_query(
            SQL(
                "SELECT old_band, new_band, COUNT(*) FROM toxicity_outlook"
                " GROUP BY old_band, new_band"
            )
        )

    @api.model
    def _create_outlook(self, company, scope):
        """Compare the results of the company with its scores, customer by customer.

        The band of a customer is what a manager set, while that lasts, or else what is
        computed; who has no data left loses the score and with it what was set.
        *Held* is whose computed band changes under one that a manager set.
        """
        self.env.cr.execute(
            SQL(
                """
                DROP TABLE IF EXISTS toxicity_outlook;
                CREATE TEMPORARY TABLE toxicity_outlook ON COMMIT DROP AS
                SELECT outlook.*,
                       override IS NOT NULL AND old_band = new_band
                           AND computed_old != computed_new AS is_held
                  FROM (
                    SELECT COALESCE(result.partner_id, score.partner_id) AS partner_id,
                           score.score AS old_score,
                           result.score AS new_score,
                           COALESCE(score.band, 'unknown') AS computed_old,
                           COALESCE(result.band, 'unknown') AS computed_new,
                           COALESCE(score.current_band, 'unknown') AS old_band,
                           CASE WHEN result.partner_id IS NULL THEN 'unknown'
                                ELSE COALESCE(kept.override, result.band)
                                 END AS new_band,
                           kept.override
                      FROM (SELECT * FROM toxicity_result
                             WHERE company_id = %(company)s) result
                 FULL JOIN (SELECT * FROM toxicity_score
                             WHERE company_id = %(company)s AND %(scope)s) score
                        ON score.partner_id = result.partner_id
        CROSS JOIN LATERAL (
                           SELECT CASE WHEN score.band_override_until >= %(today)s::date
                                       THEN score.band_override END AS override
                           ) kept
                  ) outlook
                """,
                company=company.id,
                scope=scope(SQL("partner_id")),
                today=fields.Date.today(),
            )
        )
