from odoo import api, fields, models

# Decided a quarter ago: customer, why then, its band then, the decision and the note.
DECIDED = (
    ("castellane", "worse", "watch", "watch", "They promised to name one contact."),
    ("nordhavn", "worse", "watch", "keep", "One bad month after years without any."),
    ("okafor", "candidate", "healthy", "prefer", "Demands a lot, and pays for it."),
    ("lindqvist", "candidate", "healthy", "keep", False),
)
# Where some stood before the quarter that the review of today looks back on.
STOOD = {
    "brightwater": (52.0, 8.0, "strained"),
    "vandermeer": (31.0, 24.0, "watch"),
    "castellane": (14.0, 20.0, "healthy"),
    "harbour": (33.0, 10.0, "watch"),
}


class ToxicityDemoReview(models.AbstractModel):
    """The review of last quarter with its decisions, and that of this one to do."""

    _inherit = "toxicity.demo"

    @api.model
    def _load(self):
        result = super()._load()
        reviews = self.env["portfolio.review"].sudo()
        if not reviews.search_count([], limit=1):
            self._review_last_quarter(reviews)
            self._remember_scores(fields.Date.subtract(reviews._get_quarter(), days=93))
            # What moved since then, as of today.
            reviews._open(self.env.company)
        return result

    @api.model
    def _review_last_quarter(self, reviews):
        begun = fields.Date.subtract(reviews._get_quarter(), months=3)
        review = reviews.create({"company_id": self.env.company.id, "date": begun})
        decided = fields.Datetime.to_datetime(fields.Date.add(begun, days=6))
        reviews.env["portfolio.review.line"].create(
            [
                {
                    "review_id": review.id,
                    "partner_id": self._get("res.partner", name).id,
                    "reason": reason,
                    f"is_{reason}": True,
                    "band_now": band,
                    "decision": decision,
                    "note": note,
                    "decided_by_id": self._get_manager().id,
                    "date_decided": decided,
                    "band_decided": band,
                }
                for name, reason, band, decision, note in DECIDED
            ]
        )
        review.write(
            {
                "state": "closed",
                "date_closed": decided.date(),
                "closed_by_id": self._get_manager().id,
            }
        )

    @api.model
    def _remember_scores(self, day):
        """Snapshots as the engine would have taken them, had it been there."""
        for name, (points, credit, band) in STOOD.items():
            score = self._get("res.partner", name).sudo().toxicity_score_id
            if score:
                score.snapshot_ids.create(
                    {
                        "score_id": score.id,
                        "partner_id": score.partner_id.id,
                        "company_id": score.company_id.id,
                        "date": day,
                        "score": points,
                        "credit": credit,
                        "band": band,
                    }
                )
