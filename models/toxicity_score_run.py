from collections import namedtuple

from psycopg2 import errors

from odoo import api, fields, models
from odoo.tools import SQL

from .band_news import BY_SETTINGS

ATTEMPTS = 5
Batch = namedtuple("Batch", "first last count remaining")


class ToxicityScoreRun(models.Model):
    """One pass of the engine over all customers; remembers where it stopped."""

    _name = "toxicity.score.run"
    _description = "Rescoring of all customers"
    _order = "id desc"
    _rec_name = "started_at"

    started_at = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now
    )
    finished_at = fields.Datetime(readonly=True)
    position = fields.Integer(
        readonly=True, aggregator=None, help="Id of the last partner passed."
    )
    changed = fields.Integer(readonly=True, string="Scores written")
    is_after_settings = fields.Boolean(
        readonly=True,
        help="The settings changed, or the module is new: the bands that this moves "
        "are no news of the customers.",
    )

    @api.model
    def _get_current(self):
        """The unfinished run of today, else a new one: yesterday's is outdated.

        Where settings changed while one was under way there are two: the later one
        begins anew, and the earlier is outdated too.
        """
        unfinished = self.search([("finished_at", "=", False)])
        run = unfinished[:1].filtered(
            lambda run: run.started_at.date() == fields.Date.today()
        )
        (unfinished - run).finished_at = fields.Datetime.now()
        return run or self.create(
            # What that one did not come to is left to this one.
            {"is_after_settings": any(unfinished.mapped("is_after_settings"))}
        )

    def _get_next_batch(self, size):
        """The next range of partner ids (first excluded), None when all are passed."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT (SELECT MAX(id) FROM (
                            SELECT id FROM res_partner WHERE id > %(position)s
                          ORDER BY id LIMIT %(size)s) batch),
                       COUNT(*)
                  FROM res_partner
                 WHERE id > %(position)s
                """,
                position=self.position,
                size=size,
            )
        )
        last, left = rows[0]
        if not left:
            return None
        count = min(size, left)
        return Batch(self.position, last, count, left - count)

    def _rescore(self, batch, kept):
        """Rescore the batch and remember it; try again when a user was quicker."""
        engine = self.env["toxicity.score.engine"]
        if self.is_after_settings:
            engine = engine.with_context(**BY_SETTINGS)
        rescore = engine._repeat_range if self._is_repeat() else engine._rescore_range
        for attempts_left in reversed(range(ATTEMPTS)):
            try:
                with self.env.cr.savepoint():
                    changed = rescore(batch.first, batch.last, kept)
                break
            except errors.SerializationFailure:
                # The batch began with what was committed before: begin a new view.
                self.env.cr.rollback()
                if not attempts_left:
                    raise
        self.write({"position": batch.last, "changed": self.changed + changed})

    def _is_repeat(self):
        """Whether a run has passed everyone today, and no setting changed since.

        From one day to the next all signals fade; within a day little moves.
        """
        started = self.started_at.replace(hour=0, minute=0, second=0)
        return not self.is_after_settings and bool(
            self.search_count(
                [
                    ("id", "<", self.id),
                    ("started_at", ">=", started),
                    ("finished_at", "!=", False),
                ],
                limit=1,
            )
        )

    def _finish(self):
        self.finished_at = fields.Datetime.now()

    @api.autovacuum
    def _gc_old_runs(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), months=3)
        self.search([("started_at", "<", limit)]).unlink()
