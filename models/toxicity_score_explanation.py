from odoo import api, fields, models

from .score_move import SETTING_FIELDS, Setting, explain_move


class ToxicityScore(models.Model):
    """The answer to "why this score?", as the Scoring tab draws it."""

    _inherit = "toxicity.score"

    explanation = fields.Json(compute="_compute_explanation")

    @api.depends_context("company", "lang")
    def _compute_explanation(self):
        for score in self:
            score.explanation = score._get_explanation()

    def _get_explanation(self):
        """Hook: what the Scoring tab shows, as JSON; loads and shares as numbers."""
        self.ensure_one()
        return {
            "score": self.score,
            "credit": self.credit,
            "band": self.current_band,
            "bands": dict(self._fields["band"]._description_selection(self.env)),
            "thresholds": self._get_thresholds(),
            "class": self._get_label("customer_class"),
            "trend": self._get_label("trend"),
            "coverage": self.coverage,
            "capped": self._get_label("capped_by"),
            "override": self._get_override(),
            "missing": self.env["toxicity.indicator"]._get_failed_names(
                self.company_id
            ),
            "bars": [line._get_bar() for line in self._get_ranked_lines()],
            "history": self._get_history(),
            "move": self._get_last_move(),
        }

    def _get_ranked_lines(self):
        """What strains first, the heaviest first; what has no load comes last."""
        return self.line_ids.sorted(
            lambda line: (not line.load, line.polarity != "strain", -line.load)
        )

    def _get_label(self, name):
        field = self._fields[name]
        return dict(field._description_selection(self.env)).get(self[name], "")

    def _get_thresholds(self):
        # sudo: the thresholds explain the band to whoever may see it
        company = self.company_id.sudo()
        return [
            company.toxicity_watch_threshold,
            company.toxicity_strained_threshold,
            company.toxicity_toxic_threshold,
        ]

    def _get_override(self):
        if not self.band_override:
            return False
        return {
            "computed": self._get_label("band"),
            "reason": self.band_override_reason,
            "until": fields.Date.to_string(self.band_override_until),
        }

    def _get_history(self):
        """The snapshots of the last twelve months and today, oldest first."""
        today = fields.Date.today()
        start = fields.Date.subtract(today, months=12)
        past = self.snapshot_ids.filtered(lambda shot: start <= shot.date < today)
        return [
            {
                "date": fields.Date.to_string(day),
                "score": score,
                "credit": credit,
            }
            for day, score, credit in [
                *((shot.date, shot.score, shot.credit) for shot in past.sorted("date")),
                (today, self.score, self.credit),
            ]
        ]

    def _get_last_move(self):
        """What moved the strain since the last snapshot before today, or False."""
        today = fields.Date.today()
        past = self.snapshot_ids.filtered(lambda shot: shot.date < today)[:1]
        if not past:
            return False
        strain = self.line_ids.filtered(lambda line: line.polarity == "strain")
        move = explain_move(
            past._get_strain_parts(),
            {line.indicator_id.code: line.load for line in strain},
            self._get_strain_settings(),
            (today - past.date).days,
        )
        return {"since": fields.Date.to_string(past.date), **move._asdict()}

    def _get_strain_settings(self):
        indicators = self.env["toxicity.indicator"].search(
            [("polarity", "=", "strain")]
        )
        weights = self.env["toxicity.weight"]._get_weights(self.company_id, indicators)
        return {
            indicator.code: Setting(
                **{name: indicator[name] for name in SETTING_FIELDS}
                | {"weight": weights[indicator]}
            )
            for indicator in indicators
        }
