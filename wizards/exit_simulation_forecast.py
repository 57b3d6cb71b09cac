from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import format_date

from ..models.margin_replacement import (
    compare_monthly,
    first_covered,
    months_to_replace,
)


class ExitSimulation(models.TransientModel):
    """From which month on the company could afford to be without them.

    Month by month, what they no longer bring beside what the freed hours earn with
    the others' pipeline; see margin_replacement.py.
    """

    _inherit = "exit.simulation"

    pipeline = fields.Json(
        compute="_compute_pipeline",
        store=True,
        help="[month from now, weighted revenue of the others' opportunities]",
    )
    pipeline_revenue = fields.Monetary(
        "Weighted pipeline of others",
        compute="_compute_pipeline",
        store=True,
        help="Expected revenue × probability of the open opportunities of everybody "
        "else that have an expected closing.",
    )
    forecast = fields.Json(compute="_compute_forecast")
    covered_on = fields.Date(
        "Affordable from",
        compute="_compute_forecast",
        help="The first month from which on others have earned what is lost, until "
        "the end of the horizon.",
    )
    is_covered = fields.Boolean(compute="_compute_forecast")
    verdict = fields.Char(compute="_compute_forecast")
    months_text = fields.Char(
        "A year's margin is replaced after",
        compute="_compute_forecast",
        help="As on an exit: until others have earned what they leave in a whole "
        "year, from the day their hours are free, however far ahead.",
    )

    @api.depends("partner_ids", "company_id")
    def _compute_pipeline(self):
        exits = self.env["customer.exit"]
        for simulation in self:
            simulation._refuse_foreign_companies()
            company = simulation.company_id
            groups = exits._read_pipeline(company)
            months = exits._sum_pipeline(groups, company, simulation.customer_ids)
            simulation.pipeline = sorted(months.items())
            simulation.pipeline_revenue = sum(months.values())

    @api.depends_context("lang")
    @api.depends(
        *("partner_ids", "company_id", "margin", "hours", "pipeline", "horizon"),
        *("margin_per_hour", "margin_rate", "hours_share", "pipeline_weight"),
        "notice",
    )
    def _compute_forecast(self):
        for simulation in self:
            if simulation._get_obstacles():
                simulation.update(
                    {
                        "forecast": False,
                        "covered_on": False,
                        "is_covered": False,
                        "verdict": False,
                        "months_text": False,
                    }
                )
                continue
            months = simulation._compare_monthly()
            found = first_covered(months, simulation.notice)
            simulation.is_covered = found is not None
            simulation.covered_on = (
                found is not None and simulation._get_months()[found]
            )
            simulation.forecast = simulation._prepare_forecast(months, found)
            simulation.verdict = simulation._describe_verdict(months, found)
            simulation.months_text = simulation._describe_year()

    def _get_pipeline_margin(self):
        """{months from now: margin} that the others' pipeline is expected to leave."""
        rate = self.pipeline_weight * self.margin_rate
        return {month: revenue * rate for month, revenue in self.pipeline or []}

    def _get_capacity(self):
        """What the freed hours earn a month, None where they set no limit."""
        if not self.margin_per_hour or self.hours <= 0:
            return None
        return self.margin_per_hour * self.hours / 12 * self.hours_share

    def _compare_monthly(self):
        return compare_monthly(
            self.margin,
            self._get_pipeline_margin(),
            self._get_capacity(),
            self.horizon,
            self.notice,
        )

    def _get_months(self):
        first = fields.Date.today().replace(day=1)
        return [first + relativedelta(months=index) for index in range(self.horizon)]

    def _prepare_forecast(self, months, found):
        pipeline = self._get_pipeline_margin()
        return {
            "found": found,
            "notice": self.notice,
            "months": [
                {
                    "date": fields.Date.to_string(date),
                    "pipeline": pipeline.get(index, 0.0),
                    "lost": month.lost,
                    "replaced": month.replaced,
                    "is_covered": month.is_covered,
                }
                for index, (date, month) in enumerate(
                    zip(self._get_months(), months, strict=True)
                )
            ],
        }

    def _describe_verdict(self, months, found):
        if self.margin <= 0:
            return self.env._("Affordable at once: they leave no margin to replace.")
        name = self._name_month(found if found is not None else self.horizon - 1)
        if found is None:
            return self.env._(
                "Not affordable within %(horizon)s months: by %(month)s others earn "
                "%(replaced)s of the %(lost)s that is lost.",
                horizon=self.horizon,
                month=name,
                replaced=self.currency_id.format(months[-1].replaced),
                lost=self.currency_id.format(months[-1].lost),
            )
        if found == self.notice:
            return self.env._(
                "Affordable from %(month)s on, as soon as they leave.", month=name
            )
        return self.env._(
            "Affordable from %(month)s on, %(count)s months after they leave.",
            month=name,
            count=found - self.notice,
        )

    def _name_month(self, index):
        return format_date(self.env, self._get_months()[index], date_format="LLLL y")

    def _describe_year(self):
        months = months_to_replace(
            self.margin, self._get_pipeline_margin(), self._get_capacity()
        )
        exits = self.env["customer.exit"]
        return exits._describe_months(months or 0, months is not None)
