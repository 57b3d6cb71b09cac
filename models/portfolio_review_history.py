from odoo import api, fields, models

# So many reviews stand side by side.
SIDE_BY_SIDE = 4
# More customers than these are read in the list.
MAX_ROWS = 80


class PortfolioReview(models.Model):
    """The last reviews side by side: what was decided, and did it hold?"""

    _inherit = "portfolio.review"

    history = fields.Html(
        "Did decisions hold?", compute="_compute_history", sanitize=False
    )
    held_count = fields.Integer("Decisions that hold", compute="_compute_held_counts")
    broken_count = fields.Integer(
        "Decisions that do not hold", compute="_compute_held_counts"
    )

    @api.depends("line_ids.decision")
    def _compute_held_counts(self):
        for review in self:
            outcomes = review.line_ids.mapped("outcome")
            review.held_count = outcomes.count("held")
            review.broken_count = outcomes.count("broken")

    @api.depends("date", "company_id", "line_ids.decision")
    @api.depends_context("lang")
    def _compute_history(self):
        for review in self:
            reviews = review._get_side_by_side()
            rows = reviews._get_history_rows()
            review.history = rows and self.env["ir.qweb"]._render(
                "toxic_customer_exit.portfolio_review_history",
                {
                    "quarters": [each._get_quarter_name() for each in reviews],
                    "totals": [each._get_totals() for each in reviews],
                    "rows": rows[:MAX_ROWS],
                    "more": len(rows[MAX_ROWS:]),
                },
            )

    def _get_side_by_side(self):
        """The last reviews until this one, the oldest first."""
        reviews = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("date", "<=", self.date),
            ],
            limit=SIDE_BY_SIDE,
        )
        return reviews.sorted("date")

    def _get_totals(self):
        judged = self.held_count + self.broken_count
        return judged and self.env._(
            "%(held)s of %(judged)s held", held=self.held_count, judged=judged
        )

    def _get_history_rows(self):
        """One row per customer decided on, what did not hold first, then by name."""
        decided = self.line_ids.filtered(lambda line: line.decision)
        rows = [
            {
                "customer": customer.display_name,
                "broken": len(lines.filtered(lambda line: line.outcome == "broken")),
                "cells": [
                    lines.filtered(lambda line, each=each: line.review_id == each)[
                        :1
                    ]._get_history_cell()
                    for each in self
                ],
            }
            for customer, lines in decided.grouped("partner_id").items()
        ]
        return sorted(rows, key=lambda row: (-row["broken"], row["customer"]))
