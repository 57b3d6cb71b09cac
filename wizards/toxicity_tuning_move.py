from odoo import api, fields, models
from odoo.tools import SQL

from ..models.toxicity_score import BANDS
from ..models.toxicity_score_engine_rehearsal import Move

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
    _order = "is_held, is_anyway, new_score desc, id"
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
    is_anyway = fields.Boolean(
        string="Anyway",
        readonly=True,
        help="Goes there with the settings in force too, when it is rescored next: by "
        "what was recorded, paid or has faded since.",
    )

    @api.model
    def _keep(self, tuning, moves, anyway):
        """Store the moves that the engine foresaw, with and without the proposal.

        In one statement: there may be as many as customers.
        """
        if not moves:
            return
        ends = {move.partner_id: move.new_band for move in anyway if not move.is_held}
        columns = {
            **{name: [getattr(move, name) for move in moves] for name in Move._fields},
            "direction": [
                "held" if move.is_held else get_direction(move.old_band, move.new_band)
                for move in moves
            ],
            "is_anyway": [
                not move.is_held and ends.get(move.partner_id) == move.new_band
                for move in moves
            ],
        }
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO toxicity_tuning_move (
                    tuning_id, create_uid, create_date, write_uid, write_date,
                    partner_id, old_score, new_score, old_band, new_band, is_held,
                    direction, is_anyway
                )
                SELECT %(tuning)s, %(uid)s, %(now)s, %(uid)s, %(now)s, move.*
                  FROM UNNEST(%(partner_id)s::integer[], %(old_score)s::numeric[],
                              %(new_score)s::numeric[], %(old_band)s::varchar[],
                              %(new_band)s::varchar[], %(is_held)s::boolean[],
                              %(direction)s::varchar[], %(is_anyway)s::boolean[]) move
                """,
                tuning=tuning.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                **columns,
            )
        )
        tuning.invalidate_recordset(["move_ids", "shown_move_ids"])

    def action_open_customer(self):
        self.ensure_one()
        return self.partner_id.get_formview_action()
