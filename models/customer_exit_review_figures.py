from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .customer_exit_impact_query import YEAR_DAYS
from .toxicity_score import CLASSES

DAYS_A_MONTH = 365 / 12


class CustomerExitReview(models.Model):
    """What came after an exit: money of theirs, and where the team's hours went.

    Read from Odoo's records until the review is done, which keeps them.
    """

    _inherit = "customer.exit.review"

    kept_amount = fields.Monetary(readonly=True)
    kept_hours = fields.Json(readonly=True)
    collected_amount = fields.Monetary(
        "Collected since closing",
        compute="_compute_collected_amount",
        help="Paid on their invoices since the exit was closed, less what was paid "
        "back; credit notes are no money.",
    )
    hours_by_class = fields.Json(compute="_compute_hours_by_class")
    hours_table = fields.Html(
        "Where the hours went",
        compute="_compute_hours_by_class",
        sanitize=False,
        help="Hours a month of those who worked for the customer in the year before: "
        "as long before the closing as it is ago, and since.",
    )

    @api.depends("exit_id", "state")
    def _compute_collected_amount(self):
        for review in self:
            review.collected_amount = (
                review.kept_amount
                if review.state == "done"
                else review._get_collected_amount()
            )

    def _get_collected_amount(self):
        """In the company's currency, whatever the invoices are in."""
        if not self.exit_id.date_closed:
            return 0.0
        paid = self._sum_payments("debit_move_id", "out_invoice", "credit_move_id")
        returned = self._sum_payments("credit_move_id", "out_refund", "debit_move_id")
        return paid - returned

    def _sum_payments(self, side, move_type, other_side):
        """What was reconciled since with documents of the type, by money alone."""
        customer = self.commercial_partner_id
        # sudo: the sum is for whoever reviews, the entries are not
        [(amount,)] = (
            self.env["account.partial.reconcile"]
            .sudo()
            ._read_group(
                Domain(f"{side}.partner_id.commercial_partner_id", "=", customer.id)
                & Domain(f"{side}.move_id.move_type", "=", move_type)
                & Domain(
                    f"{other_side}.move_id.move_type",
                    "not in",
                    ["out_invoice", "out_refund"],
                )
                & Domain("company_id", "=", self.company_id.id)
                & Domain("max_date", ">", self.exit_id.date_closed),
                [],
                ["amount:sum"],
            )
        )
        return amount or 0.0

    @api.depends("exit_id", "state")
    @api.depends_context("lang")
    def _compute_hours_by_class(self):
        for review in self:
            review.hours_by_class = (
                review.kept_hours
                if review.state == "done"
                else review._get_hours_by_class()
            )
            review.hours_table = review.hours_by_class and self.env["ir.qweb"]._render(
                "toxic_customer_exit.customer_exit_review_hours",
                {"rows": review._label_hours(review.hours_by_class)},
            )

    def _label_hours(self, rows):
        labels = {
            "theirs": self.env._("This customer"),
            **dict(self.env["toxicity.score"]._fields["customer_class"].selection),
            "unknown": self.env._("Customers not known well"),
            "internal": self.env._("No customer"),
        }
        return [{**row, "label": labels[row["class"]]} for row in rows]

    def _get_periods(self):
        """Two equally long periods as [from, to]: before the closing, and since."""
        closed, today = self.exit_id.date_closed, fields.Date.today()
        days = min((today - closed).days, YEAR_DAYS) if closed else 0
        if days <= 0:
            return None
        return (
            (closed - timedelta(days=days - 1), closed),
            (closed + timedelta(days=1), closed + timedelta(days=days)),
        )

    def _get_hours_by_class(self):
        """Hours a month of the team, before and since, by class of customer."""
        periods = self._get_periods()
        if not periods:
            return False
        team = self._get_team()
        hours = [self._get_team_hours(team, *period) for period in periods]
        months = ((periods[0][1] - periods[0][0]).days + 1) / DAYS_A_MONTH
        kinds = ["theirs", *(key for key, _label in CLASSES), "unknown", "internal"]
        return [
            {
                "class": kind,
                "before": round(hours[0][kind] / months, 2),
                "since": round(hours[1][kind] / months, 2),
            }
            for kind in kinds
            if hours[0][kind] or hours[1][kind]
        ]

    def _get_team(self):
        """The employees who worked for the customer in the year before the closing."""
        closed = self.exit_id.date_closed
        start = closed - timedelta(days=YEAR_DAYS)
        # sudo: a sum over colleagues, whose timesheets the author may not read
        groups = (
            self.env["account.analytic.line"]
            .sudo()
            ._read_group(
                self._get_work_domain(start, closed)
                & Domain(
                    "partner_id.commercial_partner_id",
                    "=",
                    self.commercial_partner_id.id,
                ),
                ["employee_id"],
            )
        )
        return (
            self.env["hr.employee"].sudo().union(*(employee for (employee,) in groups))
        )

    def _get_work_domain(self, start, end):
        return (
            Domain("project_id", "!=", False)
            & Domain("employee_id", "!=", False)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("date", ">=", start)
            & Domain("date", "<=", end)
        )

    def _get_team_hours(self, team, start, end):
        """{class of customer: hours of the team in the period}."""
        groups = (
            self.env["account.analytic.line"]
            .sudo()
            ._read_group(
                self._get_work_domain(start, end)
                & Domain("employee_id", "in", team.ids),
                ["partner_id.commercial_partner_id", "product_uom_id"],
                ["unit_amount:sum"],
            )
        )
        units = self.env["uom.uom"]._get_hours_by_unit()
        classes = self._get_classes([customer.id for customer, _unit, _sum in groups])
        hours = defaultdict(float)
        for customer, unit, amount in groups:
            hours[classes[customer.id]] += amount * units.get(unit.id, 1)
        return hours

    def _get_classes(self, customer_ids):
        """{customer id: its class today}, this exit's customer apart."""
        scores = (
            self.env["toxicity.score"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", customer_ids),
                    ("company_id", "=", self.company_id.id),
                ]
            )
        )
        known = {score.partner_id.id: score.customer_class for score in scores}
        classes = {id_: known.get(id_) or "unknown" for id_ in customer_ids}
        classes[False] = "internal"
        classes[self.commercial_partner_id.id] = "theirs"
        return classes

    def _get_figures_to_keep(self):
        self.ensure_one()
        return {
            **super()._get_figures_to_keep(),
            "kept_amount": self._get_collected_amount(),
            "kept_hours": self._get_hours_by_class(),
        }
