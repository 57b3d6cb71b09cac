from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .toxicity_internal_thread import MANAGER_GROUP

ACTIVITY_TYPE = "toxic_customer_exit.mail_activity_type_portfolio_review"
# Days that managers have for their decisions.
DAYS_TO_DECIDE = 14


class PortfolioReview(models.Model):
    """Once a quarter: who moved, and what we decide about each of them.

    Made at the beginning of a quarter (see portfolio_review_opening.py), it looks back
    on the one that has ended. Whether decisions held is in
    portfolio_review_line_outcome.py.
    """

    _name = "portfolio.review"
    _description = "Portfolio review"
    _inherit = ["toxicity.internal.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        "Quarter from",
        required=True,
        readonly=True,
        help="The first day of the quarter at whose beginning it was made.",
    )
    date_start = fields.Date(
        "Looks back from",
        compute="_compute_period",
        help="The first day of the quarter that it looks back on.",
    )
    date_end = fields.Date("Looks back until", compute="_compute_period")
    quarter_then = fields.Char(
        "Compared with",
        compute="_compute_quarter_then",
        help="The quarter at whose end scores are looked at beside those of today.",
    )
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")],
        required=True,
        readonly=True,
        default="open",
        index=True,
        tracking=True,
    )
    date_closed = fields.Date("Closed on", readonly=True)
    closed_by_id = fields.Many2one("res.users", "Closed by", readonly=True)
    line_ids = fields.One2many("portfolio.review.line", "review_id", "Customers")
    line_count = fields.Integer("Customers to decide on", compute="_compute_counts")
    open_count = fields.Integer("Still undecided", compute="_compute_counts")
    obstacles = fields.Html(compute="_compute_obstacles", sanitize=False)

    _quarter_uniq = models.UniqueIndex(
        "(company_id, date)", "This company already has its review of the quarter."
    )

    @api.depends("date")
    def _compute_period(self):
        for review in self:
            start = fields.Date.subtract(review.date, months=3)
            review.date_start = start
            review.date_end = fields.Date.end_of(start, "quarter")

    @api.depends("date")
    @api.depends_context("lang")
    def _compute_quarter_then(self):
        for review in self:
            then = fields.Date.subtract(review.date, months=6)
            review.quarter_then = review._format_quarter(then)

    @api.depends("date", "company_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for review in self:
            review.display_name = self.env._(
                "Portfolio review %(quarter)s, %(company)s",
                quarter=review._get_quarter_name(),
                company=review.company_id.name,
            )

    def _get_quarter_name(self):
        return self._format_quarter(self.date)

    def _format_quarter(self, day):
        return format_date(self.env, day, date_format="QQQ yyyy")

    @api.depends("line_ids.decision")
    def _compute_counts(self):
        groups = self.env["portfolio.review.line"]._read_group(
            [("review_id", "in", self.ids)], ["review_id", "decision"], ["__count"]
        )
        for review in self:
            counts = {
                decision: count for owner, decision, count in groups if owner == review
            }
            review.line_count = sum(counts.values())
            review.open_count = counts.get(False, 0)

    @api.depends("state", "line_ids.decision")
    @api.depends_context("lang", "uid")
    def _compute_obstacles(self):
        for review in self:
            found = review.state == "open" and review._get_closing_obstacles()
            review.obstacles = found and self.env["ir.qweb"]._render(
                "toxic_customer_exit.customer_exit_obstacles",
                {"obstacles": list(found.values())},
            )

    def write(self, vals):
        if not self.env.su and vals.keys() - {"line_ids", "message_main_attachment_id"}:
            raise UserError(
                self.env._(
                    "%(review)s was made by itself: decide on its customers, then use "
                    "the buttons on its form.",
                    review=self[:1].display_name,
                )
            )
        return super().write(vals)

    # Steps

    def _get_closing_obstacles(self):
        """Hook: what stands in the way of closing, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state == "closed":
            obstacles["closed"] = self.env._(
                "%(review)s is closed already.", review=self.display_name
            )
        if not self.env.user.has_group(MANAGER_GROUP):
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits closes a review."
            )
        if undecided := self.line_ids.filtered(lambda line: not line.decision):
            obstacles["undecided"] = self.env._(
                "Not decided yet: %(customers)s. Decide, or carry them over to the "
                "next review.",
                customers=self._name_some(undecided.partner_id),
            )
        return obstacles

    def _name_some(self, partners, limit=5):
        names = ", ".join(partner.display_name for partner in partners[:limit])
        if len(partners) <= limit:
            return names
        more = len(partners) - limit
        return self.env._("%(names)s and %(more)s more", names=names, more=more)

    def action_close(self):
        for review in self:
            if obstacles := review._get_closing_obstacles():
                raise UserError("\n".join(obstacles.values()))
        # sudo: the steps are closed to everyone's direct writing
        self.sudo().write(
            {
                "state": "closed",
                "date_closed": fields.Date.context_today(self),
                "closed_by_id": self.env.user.id,
            }
        )
        self.sudo().activity_feedback([ACTIVITY_TYPE])

    def action_carry_over(self):
        """Leave whatever is undecided to the next review."""
        undecided = self.line_ids.filtered(lambda line: not line.decision)
        undecided.write({"decision": "carry"})

    def action_view_lines(self):
        """The customers as a list that can be filtered, grouped and decided at once."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "portfolio.review.line",
            "view_mode": "list,kanban,form",
            "domain": [("review_id", "=", self.id)],
        }

    def _get_portfolio(self, customers):
        """{customer: (hours, margin) in the quarter that the review looks back on}."""
        self.ensure_one()
        # Of this company alone, and in its currency.
        portfolio = self.env["customer.portfolio"].with_context(
            allowed_company_ids=self.company_id.ids
        )
        groups = portfolio._read_group(
            [
                ("commercial_partner_id", "in", customers.ids),
                ("company_id", "=", self.company_id.id),
                ("date", "=", self.date_start),
            ],
            ["commercial_partner_id"],
            ["hours:sum", "margin:sum"],
        )
        return {customer: sums for customer, *sums in groups}

    # Reminding

    def _ask_managers(self):
        """An activity for each manager of the company, to have it decided."""
        deadline = fields.Date.add(fields.Date.today(), days=DAYS_TO_DECIDE)
        for review in self:
            for user in review._get_managers():
                review.activity_schedule(ACTIVITY_TYPE, deadline, user_id=user.id)

    def _get_managers(self):
        """Who administers the system as well is asked where there is nobody else."""
        # sudo: whoever makes the review need not read users
        managers = (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", self.env.ref(MANAGER_GROUP).ids),
                    ("company_ids", "in", self.company_id.ids),
                    ("share", "=", False),
                ]
            )
        )
        return (
            managers.filtered(lambda user: not user.has_group("base.group_system"))
            or managers
        )
