from odoo import api, fields, models

# Decided a quarter ago: customer, why then, the decision and the note.
DECIDED = (
    ("castellane", "worse", "watch", "They promised to name one contact."),
    ("nordhavn", "worse", "keep", "One bad month after years without any."),
    ("okafor", "candidate", "prefer", "Demands a lot, and pays for it."),
    ("lindqvist", "candidate", "keep", False),
)
# Strain, credit and band at the end of the quarter before last, and of the last one:
# the review of today looks back to the first, the matrix to both.
STOOD = {
    "brightwater": ((52, 8, "strained"), (61, 16, "strained")),
    "vandermeer": ((31, 24, "watch"), (47, 24, "watch")),
    "castellane": ((27, 20, "watch"), (37, 18, "watch")),
    "nordhavn": ((40, 20, "watch"), (33, 22, "watch")),
    "okafor": ((35, 66, "watch"), (24, 76, "healthy")),
    "lindqvist": ((6, 61, "healthy"), (2, 72, "healthy")),
    "harbour": ((33, 10, "watch"), (20, 4, "healthy")),
    "aldgate": ((8, 18, "healthy"), (12, 22, "healthy")),
    "pellworth": ((34, 2, "watch"), (29, 0, "watch")),
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
            self._remember_scores(reviews._get_quarter())
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
                    "score_now": STOOD[name][0][0],
                    "credit_now": STOOD[name][0][1],
                    "band_now": STOOD[name][0][2],
                    "decision": decision,
                    "note": note,
                    "decided_by_id": self._get_manager().id,
                    "date_decided": decided,
                    "band_decided": STOOD[name][0][2],
                }
                for name, reason, decision, note in DECIDED
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
    def _remember_scores(self, quarter):
        """Snapshots as the engine would have taken them, had it been there."""
        ends = [fields.Date.subtract(quarter, months=n, days=1) for n in (3, 0)]
        for name, stood in STOOD.items():
            score = self._get("res.partner", name).sudo().toxicity_score_id
            known = set(score.snapshot_ids.mapped("date"))
            score.snapshot_ids.create(
                [
                    {
                        "score_id": score.id,
                        "partner_id": score.partner_id.id,
                        "company_id": score.company_id.id,
                        "date": day,
                        "score": points,
                        "credit": credit,
                        "band": band,
                    }
                    for day, (points, credit, band) in zip(ends, stood, strict=True)
                    if score and day not in known
                ]
            )
