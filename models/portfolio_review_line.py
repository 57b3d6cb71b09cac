from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .toxicity_score import BANDS, CLASSES

# Why a customer is reviewed, the weightiest first.
REASONS = [
    ("carried", "Carried over"),
    ("new_toxic", "Newly toxic"),
    ("new_strained", "Newly strained"),
    ("worse", "Got worse"),
    ("quarantine", "Quarantine ends"),
    ("exit_review", "Look back due"),
    ("better", "Got better"),
    ("candidate", "Could be preferred"),
]
DECISIONS = [
    ("keep", "Keep"),
    ("watch", "Watch"),
    ("quarantine", "Quarantine"),
    ("exit", "Exit"),
    ("prefer", "Prefer"),
    ("carry", "Carry over"),
]
# Whoever reads it in a year asks why.
EXPLAINED = {"watch", "quarantine", "exit", "prefer"}
WRITTEN_BY_HAND = {"decision", "note"}


class PortfolioReviewLine(models.Model):
    """One customer in a review: how it moved, and what we decide."""

    _name = "portfolio.review.line"
    _description = "Customer in a portfolio review"
    _order = "date desc, rank, score_now desc, id"
    _rec_name = "partner_id"

    review_id = fields.Many2one(
        "portfolio.review",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(related="review_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(related="review_id.date", store=True, index=True)
    review_state = fields.Selection(related="review_id.state")

    reason = fields.Selection(REASONS, "Why", readonly=True)
    rank = fields.Integer(readonly=True, aggregator=None)
    is_carried = fields.Boolean(readonly=True)
    is_new_toxic = fields.Boolean(readonly=True)
    is_new_strained = fields.Boolean(readonly=True)
    is_worse = fields.Boolean(readonly=True)
    is_quarantine = fields.Boolean(readonly=True)
    is_exit_review = fields.Boolean(readonly=True)
    is_better = fields.Boolean(readonly=True)
    is_candidate = fields.Boolean(readonly=True)
    reasons = fields.Char("All reasons", compute="_compute_reasons")
    quarantine_id = fields.Many2one(
        "customer.quarantine",
        "Quarantine that ends",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    exit_review_id = fields.Many2one(
        "customer.exit.review",
        "Look back due",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    quarter_then = fields.Char("Compared with", related="review_id.quarter_then")
    score_then = fields.Float(
        readonly=True,
        digits=(5, 2),
        aggregator=None,
        help="At the end of the quarter before the one that the review looks back on.",
    )
    band_then = fields.Selection(BANDS, "Band then", readonly=True)
    score_now = fields.Float(
        "Score", readonly=True, digits=(5, 2), aggregator=None, help="On this review."
    )
    band_now = fields.Selection(BANDS, "Band", readonly=True)
    credit_now = fields.Float("Credit", readonly=True, digits=(5, 2), aggregator=None)
    class_now = fields.Selection(CLASSES, "Class", readonly=True)
    hours = fields.Float(
        compute="_compute_portfolio", help="Logged in the quarter looked back on."
    )
    margin = fields.Monetary(
        compute="_compute_portfolio",
        help="Invoiced less timesheet cost in the quarter looked back on.",
    )
    own_part = fields.Html("Is it us?", compute="_compute_own_part", sanitize=False)

    decision = fields.Selection(DECISIONS, index=True)
    note = fields.Text(help="Why, and what comes next.")
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    date_decided = fields.Datetime("Decided on", readonly=True)

    _customer_uniq = models.UniqueIndex("(review_id, partner_id)")

    @api.depends(*(f"is_{reason}" for reason, _label in REASONS))
    @api.depends_context("lang")
    def _compute_reasons(self):
        labels = self._fields["reason"]._description_selection(self.env)
        for line in self:
            line.reasons = ", ".join(
                label for reason, label in labels if line[f"is_{reason}"]
            )

    @api.depends("partner_id", "review_id.date")
    def _compute_portfolio(self):
        for review, lines in self.grouped("review_id").items():
            sums = review._get_portfolio(lines.commercial_partner_id)
            for line in lines:
                line.hours, line.margin = sums.get(line.commercial_partner_id, (0, 0))

    @api.depends("commercial_partner_id", "company_id")
    @api.depends_context("lang")
    def _compute_own_part(self):
        keys = {
            line: (line.commercial_partner_id.id, line.company_id.id) for line in self
        }
        shown = self.env["own.part"]._render(keys.values())
        for line in self:
            line.own_part = shown.get(keys[line], False)

    @api.constrains("decision", "note")
    def _check_decision_is_explained(self):
        for line in self:
            if line.decision in EXPLAINED and not (line.note or "").strip():
                raise ValidationError(
                    self.env._(
                        "%(customer)s: say in a note why you decide so.",
                        customer=line.partner_id.display_name,
                    )
                )

    def write(self, vals):
        if not self.env.su:
            self._refuse_unlawful_values(vals)
        result = super().write(vals)
        if "decision" in vals:
            self._stamp_decision()
        return result

    def _refuse_unlawful_values(self, vals):
        if others := vals.keys() - WRITTEN_BY_HAND:
            labels = self.fields_get(sorted(others), ["string"])
            raise UserError(
                self.env._(
                    "%(fields)s of a review is not written by hand: a decision and its "
                    "note are.",
                    fields=", ".join(field["string"] for field in labels.values()),
                )
            )
        for review in self.review_id.filtered(lambda review: review.state == "closed"):
            raise UserError(
                self.env._(
                    "%(review)s is closed, and its decisions stay: decide anew in the "
                    "next one.",
                    review=review.display_name,
                )
            )

    def _stamp_decision(self):
        """Hook: note who decided, and when; of what is undecided again, nobody."""
        decided = self.filtered("decision")
        # sudo: nobody writes these by hand
        decided.sudo().write(
            {"decided_by_id": self.env.user.id, "date_decided": fields.Datetime.now()}
        )
        (self - decided).sudo().write({"decided_by_id": False, "date_decided": False})

    @api.model
    def _prepare_merge(self, partners, kept):
        """Leave one line per review to customers who are about to be merged.

        What was decided goes before what was not, then the kept customer's.
        """
        lines = self.search([("partner_id", "in", (kept | partners).ids)])
        for rivals in lines.grouped("review_id").values():
            ranked = rivals.sorted(
                lambda line: (not line.decision, line.partner_id != kept, line.id)
            )
            ranked[1:].unlink()
        self.env.flush_all()
