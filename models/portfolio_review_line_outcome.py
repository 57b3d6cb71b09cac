from odoo import api, fields, models

from .toxicity_score import BANDS, CLASSES

RANKS = {band: rank for rank, (band, _label) in enumerate(BANDS)}
# Exits that came to nothing, or were turned: the customer stayed.
STAYED = ("cancelled", "retained")
# Quarantines that were never in force.
NEVER_IN_FORCE = ("draft", "cancelled")


class PortfolioReviewLine(models.Model):
    """Did the decision hold? Read from what is until the next review, which keeps it.

    - *keep* and *watch* held when the band is no worse than on the day of the decision;
    - *quarantine*, when in addition one was in force since then;
    - *exit*, when one is under way or closed, and the customer was not retained;
    - *prefer*, when the customer is of the class preferred;
    - what was carried over has decided nothing.
    """

    _inherit = "portfolio.review.line"

    band_decided = fields.Selection(BANDS, "Band at the decision", readonly=True)
    kept_band = fields.Selection(BANDS, readonly=True)
    kept_class = fields.Selection(CLASSES, readonly=True)
    kept_outcome = fields.Selection(
        [("held", "Held"), ("broken", "Did not hold")], readonly=True
    )
    is_kept = fields.Boolean("Final", readonly=True, help="The next review was made.")
    band_after = fields.Selection(BANDS, "Band since", compute="_compute_outcome")
    class_after = fields.Selection(CLASSES, "Class since", compute="_compute_outcome")
    outcome = fields.Selection(
        [("held", "Held"), ("broken", "Did not hold")],
        "Did it hold?",
        compute="_compute_outcome",
        help="At the next review; until then, so far.",
    )

    @api.depends("decision", "date_decided", "is_kept")
    def _compute_outcome(self):
        kept = self.filtered("is_kept")
        for line in kept:
            line.band_after = line.kept_band
            line.class_after = line.kept_class
            line.outcome = line.kept_outcome
        live = self - kept
        scores, deeds = live._get_scores(), live._get_deeds()
        for line in live:
            score = scores.get(line._key())
            line.band_after = score.current_band if score else "unknown"
            line.class_after = score.customer_class if score else False
            line.outcome = line._judge(deeds)

    def _key(self):
        return self.commercial_partner_id.id, self.company_id.id

    def _judge(self, deeds):
        """Whether the decision held, False where there is nothing to judge."""
        if not self.decision or self.decision == "carry":
            return False
        is_no_worse = RANKS[self.band_after] <= RANKS[self.band_decided or "unknown"]
        held = {
            "keep": is_no_worse,
            "watch": is_no_worse,
            "quarantine": is_no_worse and self in deeds["quarantine"],
            "exit": self in deeds["exit"],
            "prefer": self.class_after == "preferred",
        }
        return "held" if held[self.decision] else "broken"

    def _get_scores(self):
        """{(customer id, company id): score as it is}."""
        scores = self.env["toxicity.score"].search_fetch(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ],
            ["partner_id", "company_id", "current_band", "customer_class"],
        )
        return {(score.partner_id.id, score.company_id.id): score for score in scores}

    def _get_deeds(self):
        """{decision: {line: what was done after it}}."""
        return {
            "exit": self._find_done("exit", "customer.exit", STAYED, "date_closed"),
            "quarantine": self._find_done(
                "quarantine", "customer.quarantine", NEVER_IN_FORCE, "date_ended"
            ),
        }

    def _find_done(self, decision, model, undone, ended):
        """{line: record} of those whose customer has such a one.

        It had not ended by the decision; of several, the last.
        """
        lines = self.filtered(lambda line: line.decision == decision)
        # sudo: that there is one, of companies that the line may be read of
        records = (
            self.env[model]
            .sudo()
            .search(
                [
                    ("commercial_partner_id", "in", lines.commercial_partner_id.ids),
                    ("company_id", "in", lines.company_id.ids),
                    ("state", "not in", undone),
                ],
                order="id",
            )
        )
        found = records.grouped(
            lambda record: (record.commercial_partner_id.id, record.company_id.id)
        )
        return {
            line: record
            for line in lines
            for record in found.get(line._key(), [])
            if not record[ended] or record[ended] >= line._get_day_decided()
        }

    def _get_day_decided(self):
        return (self.date_decided or fields.Datetime.now()).date()

    def _keep_outcome(self):
        """Keep what came of the decisions, as the next review finds it."""
        lines = self.filtered(lambda line: not line.is_kept)
        by_outcome = lines.grouped(
            lambda line: (line.band_after, line.class_after, line.outcome)
        )
        for (band, class_, outcome), some in by_outcome.items():
            some.write(
                {
                    "is_kept": True,
                    "kept_band": band,
                    "kept_class": class_,
                    "kept_outcome": outcome,
                }
            )

    def _stamp_decision(self):
        result = super()._stamp_decision()
        scores = self._get_scores()
        bands = self.grouped(
            lambda line: (
                scores[line._key()].current_band if line._key() in scores else "unknown"
            )
        )
        for band, lines in bands.items():
            # sudo: nobody writes these by hand
            lines.sudo().band_decided = band
        return result

    # -- shown side by side -----------------------------------------------------------

    def _get_history_cell(self):
        """What the table shows of a decision, None where there was none."""
        if not self:
            return None
        return {
            "decision": self._get_label("decision"),
            "note": self.note or "",
            "then": self._get_label("band_decided"),
            "after": self._get_label("band_after"),
            "outcome": self.outcome,
            "is_final": self.is_kept,
        }

    def _get_label(self, name):
        field = self._fields[name]
        return dict(field._description_selection(self.env)).get(self[name], "")
