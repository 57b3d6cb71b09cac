from datetime import datetime, time

from odoo import fields
from odoo.tests import freeze_time

from .common import ToxicityCommon


class PortfolioReviewCommon(ToxicityCommon):
    """Customers who stand where a test puts them, today and a quarter ago."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.quarter = fields.Date.start_of(cls.today, "quarter")
        cls.reviews = cls.env["portfolio.review"]

    @classmethod
    def get_quarter(cls, ahead):
        """The first day of the quarter so many quarters ahead."""
        return fields.Date.add(cls.quarter, months=3 * ahead)

    @classmethod
    def make_scored(cls, name, then=None, company=None, **values):
        """A customer with the score of today, and of a quarter ago: (score, band)."""
        customer = cls.make_customer(name=name)
        company = company or cls.company
        # sudo: the engine alone writes results
        score = (
            cls.env["toxicity.score"]
            .sudo()
            .create(
                {
                    "partner_id": customer.id,
                    "company_id": company.id,
                    "score": 10.0,
                    "credit": 0.0,
                    "band": "healthy",
                    "customer_class": "regular",
                    **values,
                }
            )
        )
        if then:
            cls.make_snapshot(score, *then)
        return customer

    @classmethod
    def make_snapshot(cls, score, points, band, day=None):
        day = day or fields.Date.subtract(cls.quarter, months=3, days=1)
        return (
            cls.env["toxicity.score.snapshot"]
            .sudo()
            .create(
                {
                    "score_id": score.id,
                    "partner_id": score.partner_id.id,
                    "company_id": score.company_id.id,
                    "date": day,
                    "score": points,
                    "band": band,
                }
            )
        )

    @classmethod
    def set_score(cls, customer, **values):
        cls.get_score(customer).sudo().write(values)

    @classmethod
    def open_review(cls, ahead=0, company=None):
        """The company's review of the quarter, made on its second day."""
        day = cls.get_quarter(ahead)
        moment = datetime.combine(fields.Date.add(day, days=1), time(6))
        with freeze_time(moment):
            reviews = cls.reviews.sudo()
            for each in reviews._find_companies_without():
                reviews._try_to_open(each)
        return cls.reviews.search(
            [("company_id", "=", (company or cls.company).id), ("date", "=", day)]
        ).with_user(cls.manager)

    @classmethod
    def get_line(cls, review, customer):
        return review.line_ids.filtered(lambda line: line.partner_id == customer)

    @classmethod
    def decide(cls, review, customer, decision, note="Because of what we saw"):
        line = cls.get_line(review, customer).with_user(cls.manager)
        line.write({"decision": decision, "note": note})
        return line
