from odoo import fields

from .common import ToxicityCommon
from .leak_options import MARKER


class LeakReviews(ToxicityCommon):
    """The quarter's review that takes in the customer everybody looks for."""

    @classmethod
    def seed_reviews(cls):
        """An open review, with a decision on the customer."""
        # sudo: reviews are made by the scheduler alone
        review = (
            cls.env["portfolio.review"]
            .sudo()
            .create(
                {
                    "company_id": cls.company.id,
                    "date": fields.Date.start_of(fields.Date.today(), "quarter"),
                }
            )
        )
        line = (
            cls.env["portfolio.review.line"]
            .sudo()
            .create(
                {
                    "review_id": review.id,
                    "partner_id": cls.customer.id,
                    "reason": "worse",
                    "is_worse": True,
                    "score_now": 81.25,
                    "band_now": "strained",
                    "decision": "watch",
                    "note": f"{MARKER} decided",
                }
            )
        )
        return {
            "portfolio.review": review.sudo(False),
            "portfolio.review.line": line.sudo(False),
        }
