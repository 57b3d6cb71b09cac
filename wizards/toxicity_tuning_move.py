from odoo import api, fields, models
from odoo.tools import SQL

from ..models.toxicity_score import BANDS

DIRECTIONS = [
    ("worse", "Gets worse"),
    ("better", "Gets better"),
    ("new", "Becomes known"),
    ("gone", "Nothing known any more"),
    ("held", "Stays as a manager set it"),
]
RANKS = {band: rank for rank, (band, _label) in enumerate(BANDS)}


def get_direction(old, new):
    """Which way a customer goes, from band to band; None for one that stays."""
    if old == new:
        return None
    if old == "unknown":
        return "new"
    if new == "unknown":
        return "gone"
    return "worse" if RANKS[new] > RANKS[old] else "better"


class ToxicityTuningMove(models.TransientModel):
    """A customer who would change band, or would but for what a manager set."""

    _name = "toxicity.tuning.move"
    _description = "Customer who would change band"
    _order = "is_held, new_score desc, id"
    _rec_name = "partner_id"
    _transient_max_hours = 24.0

    tuning_id = fields.Many2one(
        "toxicity.tuning", required=True, readonly=True, ondelete="cascade", index=True
    )
    # Not restrict, as elsewhere: a preview stands in nobody's way.
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    old_band = fields.Selection(BANDS, string="Band now", readonly=True)
    old_score = fields.Float(
        string="Score now", digits=(5, 2), aggregator=None, readonly=True
    )
    new_band = fields.Selection(BANDS, string="Band then", readonly=True)
    new_score = fields.Float(
        string="Score then", digits=(5, 2), aggregator=None, readonly=True
    )
    direction = fields.Selection(DIRECTIONS, readonly=True)
    is_held = fields.Boolean(
        readonly=True,
        help="The computed band changes; the one that a manager set stays beside it.",
    )

    @api.model
    def _keep(self, tuning, moves):
        """Store the moves that the engine foresaw.

        In one statement: there may be as many as customers.
        """
        rows = [
            (*move[:5], "held" if move[5] else get_direction(*move[3:5]), move[5])
            for move in moves
        ]
        if not rows:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO toxicity_tuning_move (
                    tuning_id, create_uid, create_date, write_uid, write_date,
                    partner_id, old_score, new_score, old_band, new_band, direction,
                    is_held
                )
                SELECT %(tuning)s, %(uid)s, %(now)s, %(uid)s, %(now)s, move.*
                  FROM UNNEST(%(partner)s::integer[], %(old_score)s::numeric[],
                              %(new_score)s::numeric[], %(old_band)s::varchar[],
                              %(new_band)s::varchar[], %(direction)s::varchar[],
                              %(is_held)s::boolean[]) move
                """,
                tuning=tuning.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                **{
                    name: list(values)
                    for name, values in zip(
                        (
                            *("partner", "old_score", "new_score", "old_band"),
                            *("new_band", "direction", "is_held"),
                        ),
                        zip(*rows, strict=True),
                        strict=True,
                    )
                },
            )
        )
        self.invalidate_model(flush=False)
        tuning.invalidate_recordset(flush=False)

    def action_open_customer(self):
        self.ensure_one()
        return self.partner_id.get_formview_action()
