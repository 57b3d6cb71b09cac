from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.toxicity_score import BANDS
from .toxicity_tuning import SETTINGS
from .toxicity_tuning_move import get_direction

# So many are shown at once; the list behind the button has all of them.
SHOWN = 20


class ToxicityTuning(models.TransientModel):
    """Who would change band, and what publishing needs: that somebody looked."""

    _inherit = "toxicity.tuning"

    previewed = fields.Char(readonly=True, help="The proposal that was previewed.")
    is_previewed = fields.Boolean(compute="_compute_is_previewed")
    date_previewed = fields.Datetime(readonly=True)
    counts = fields.Json(
        readonly=True, help="How many customers go from which band to which."
    )
    summary = fields.Html(compute="_compute_summary", sanitize=False)
    move_count = fields.Integer(readonly=True)
    anyway_count = fields.Integer(readonly=True)
    move_ids = fields.One2many("toxicity.tuning.move", "tuning_id", readonly=True)
    shown_move_ids = fields.Many2many(
        "toxicity.tuning.move", compute="_compute_shown_move_ids"
    )

    @api.depends("previewed", "line_ids.weight", *SETTINGS)
    def _compute_is_previewed(self):
        for tuning in self:
            tuning.is_previewed = tuning.previewed == tuning._get_proposal()

    @api.depends("date_previewed")
    def _compute_shown_move_ids(self):
        for tuning in self:
            tuning.shown_move_ids = self.env["toxicity.tuning.move"].search(
                [("tuning_id", "=", tuning._origin.id)], limit=SHOWN
            )

    @api.depends_context("lang")
    @api.depends("counts")
    def _compute_summary(self):
        labels = dict(
            self.env["toxicity.score"]._fields["band"]._description_selection(self.env)
        )
        for tuning in self:
            tuning.summary = tuning.date_previewed and self.env["ir.qweb"]._render(
                "toxic_customer_exit.toxicity_tuning_summary",
                {"tuning": tuning, "labels": labels, **tuning._get_matrix()},
            )

    def _get_matrix(self):
        """The counts as {from: {to: count}} over the bands that occur, and sums."""
        counts = Counter({(old, new): n for old, new, n in self.counts or []})
        bands = [band for band, _label in BANDS if any(band in key for key in counts)]
        moved = sum(n for (old, new), n in counts.items() if old != new)
        return {
            "bands": bands,
            "rows": {old: {new: counts[old, new] for new in bands} for old in bands},
            "total": counts.total(),
            "moved": moved,
            "held": self.move_count - moved,
            "anyway": self.anyway_count,
            "direction": get_direction,
        }

    def action_preview(self):
        """Say who would change band, and change nothing."""
        self.ensure_one()
        self._check_manager()
        self._refuse_problems()
        # sudo: the engine reads all customers, whoever asks
        engine = self.env["toxicity.score.engine"].sudo()
        with engine._rehearsal():
            self._apply()
            moves, counts = engine._foresee(self.company_id)
        # Of those alone, what the settings in force would say by now
        with engine._rehearsal():
            anyway, _counts = engine._foresee(
                self.company_id, [move.partner_id for move in moves]
            )
        self._forget_preview()
        self.env["toxicity.tuning.move"]._keep(self, moves, anyway)
        self.write(
            {
                "previewed": self._get_proposal(),
                "date_previewed": fields.Datetime.now(),
                "counts": counts,
                "move_count": len(moves),
                "anyway_count": self.move_ids.search_count(
                    [("tuning_id", "=", self.id), ("is_anyway", "=", True)]
                ),
            }
        )

    def _begin(self):
        self._forget_preview()
        return super()._begin()

    def _forget_preview(self):
        self.move_ids.unlink()
        self.write(
            {
                "previewed": False,
                "date_previewed": False,
                "counts": False,
                "move_count": 0,
                "anyway_count": 0,
            }
        )

    def _refuse_unseen(self):
        """Publish nothing of which nobody has seen the effect."""
        if not self.is_previewed:
            raise UserError(
                self.env._(
                    "Have a preview first: it says which customers of %(company)s "
                    "would change band with these values.",
                    company=self.company_id.name,
                )
            )

    def action_open_moves(self):
        """All customers who would change band, to search and to group."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who would change band"),
            "res_model": "toxicity.tuning.move",
            "view_mode": "list,kanban",
            "domain": [("tuning_id", "=", self.id)],
        }
