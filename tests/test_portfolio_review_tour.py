from odoo.tests import HttpCase, tagged

from .portfolio_review_common import PortfolioReviewCommon


@tagged("post_install", "-at_install")
class TestPortfolioReviewTour(PortfolioReviewCommon, HttpCase):
    def test_a_manager_runs_a_quarterly_review_to_a_decision(self):
        customer = self.make_scored(
            "Tour Customer Ltd", (10, "healthy"), score=60, band="strained"
        )
        other = self.make_scored("Other Ltd", (40, "watch"), score=10)
        review = self.open_review()
        self.start_tour(
            "/odoo/portfolio-reviews",
            "toxic_customer_exit.review_portfolio",
            login=self.manager.login,
        )
        self.assertRecordValues(
            review, [{"state": "closed", "closed_by_id": self.manager.id}]
        )
        self.assertRecordValues(
            self.get_line(review, customer) + self.get_line(review, other),
            [{"decision": "quarantine"}, {"decision": "carry"}],
        )
        quarantine = self.env["customer.quarantine"].search(
            [("partner_id", "=", customer.id)]
        )
        self.assertRecordValues(
            quarantine,
            [{"state": "draft", "reason": "Takes three calls a day for one question."}],
        )
