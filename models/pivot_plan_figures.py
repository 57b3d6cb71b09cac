from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .toxicity_score import CLASSES

STRAINED_BANDS = ("strained", "toxic")
# So many quarters before the plan are shown beside it.
PAST_QUARTERS = 4


class PivotPlan(models.Model):
    """Where the hours and the margin go: now, by quarter, and against the plan.

    Now is the year of an exit's impact, in whose bands and classes customers are now;
    quarters are those of the portfolio report.
    """

    _inherit = "pivot.plan"

    share_now = fields.Float(
        "Share of strained hours",
        compute="_compute_now",
        help="Of the hours logged for customers in the last 365 days, those for "
        "customers who are strained or toxic now.",
    )
    hours_now = fields.Float("Hours of the year", compute="_compute_now")
    strained_hours_now = fields.Float(
        "Strained hours of the year", compute="_compute_now"
    )
    standing = fields.Json(
        compute="_compute_standing",
        help="Hours and margin by class, now and by quarter.",
    )
    chart = fields.Json(
        compute="_compute_chart", help="Target, planned and actual share by quarter."
    )

    @api.depends("company_id")
    def _compute_now(self):
        years = self._read_standing()
        for plan in self:
            year = years.get(plan.company_id.id, {})
            total = sum(hours for hours, _margin in year.values())
            strained = sum(
                hours
                for (band, _class), (hours, _margin) in year.items()
                if band in STRAINED_BANDS
            )
            plan.hours_now, plan.strained_hours_now = total, strained
            plan.share_now = strained / total if total else 0.0

    @api.depends_context("lang")
    @api.depends("company_id", "quarter_ids.date_from")
    def _compute_standing(self):
        years = self._read_standing()
        for plan in self:
            year = years.get(plan.company_id.id, {})
            plan.standing = plan._prepare_standing(year) if plan.company_id else False

    def _get_quarterly_hours(self):
        """(hours, strained hours) a quarter that the plan starts from."""
        self.ensure_one()
        if self.state != "draft":
            return self.base_hours, self.base_strained_hours
        return self.hours_now / 4, self.strained_hours_now / 4

    def _read_standing(self):
        """{company id: {(band, class): (hours, margin)}} of the last 365 days."""
        found = defaultdict(dict)
        for company, band, kind, hours, margin in self._read_year(
            SQL(
                """
                SELECT year.company_id, COALESCE(score.current_band, 'unknown'),
                       score.customer_class, SUM(year.hours)::float8,
                       SUM(year.revenue - year.cost)::float8
                  FROM year
             LEFT JOIN toxicity_score score ON score.partner_id = year.customer_id
                                           AND score.company_id = year.company_id
              GROUP BY 1, 2, 3
                """
            ),
            set(self.company_id.ids),
        ):
            found[company][band, kind] = (hours, margin)
        return found

    @api.model
    def _read_customers(self, pairs):
        """{(customer id, company id): (hours of the year, whether strained now)}."""
        if not pairs:
            return {}
        rows = self._read_year(
            SQL(
                """
                SELECT pair.customer_id, pair.company_id,
                       COALESCE(year.hours, 0)::float8,
                       COALESCE(score.current_band IN %s, FALSE)
                  FROM (VALUES %s) pair (customer_id, company_id)
             LEFT JOIN year USING (customer_id, company_id)
             LEFT JOIN toxicity_score score ON score.partner_id = pair.customer_id
                                           AND score.company_id = pair.company_id
                """,
                STRAINED_BANDS,
                SQL(", ").join(SQL("%s", pair) for pair in sorted(pairs)),
            ),
            {company for _customer, company in pairs},
        )
        return {row[:2]: row[2:] for row in rows}

    @api.model
    def _read_year(self, query, company_ids):
        """Rows of a query over ``year``, the relation of the impact of an exit."""
        if not company_ids:
            return []
        # Managers plan for their companies alone, and so are asked before the sudo.
        self.env["res.company"].browse(company_ids).check_access("read")
        relations = self.env["customer.exit"]._year_relations(company_ids)
        # sudo: sums over all customers, whoever may read their documents
        return self.sudo().env.execute_query(SQL("WITH %s %s", relations, query))

    # By quarter

    def _read_quarters(self, company, since, until):
        """{(first day, band, class): (hours, margin)} of a company's customers."""
        portfolio = self.env["customer.portfolio"].with_context(
            allowed_company_ids=company.ids
        )
        # sudo: sums over all customers; whose plans a manager reads, a rule says
        groups = (
            portfolio.with_company(company)
            .sudo()
            ._read_group(
                [
                    ("company_id", "=", company.id),
                    ("commercial_partner_id", "!=", False),
                    ("date", ">=", since),
                    ("date", "<=", until),
                ],
                ["date:quarter", "band", "customer_class"],
                ["hours:sum", "margin:sum"],
            )
        )
        return {tuple(row[:3]): (row[3], row[4]) for row in groups}

    def _read_strained_quarters(self, quarters):
        """{(company id, first day): (hours, strained hours)} of these quarters."""
        worked = defaultdict(lambda: (0.0, 0.0))
        today = fields.Date.context_today(self)
        for company, those in quarters.grouped("company_id").items():
            days = [day for day in those.mapped("date_from") if day and day <= today]
            if not company or not days:
                continue
            found = self._read_quarters(company, min(days), max(days))
            for (day, band, _class), (hours, _margin) in found.items():
                total, strained = worked[company.id, day]
                worked[company.id, day] = (
                    total + hours,
                    strained + (hours if band in STRAINED_BANDS else 0.0),
                )
        return worked

    def _get_quarter_days(self):
        """The first days of the quarters that are shown: some past ones, and this."""
        today = fields.Date.context_today(self)
        current = fields.Date.start_of(today, "quarter")
        first = fields.Date.subtract(current, months=3 * PAST_QUARTERS)
        begun = [day for day in self.quarter_ids.mapped("date_from") if day]
        first = max(min([first, *begun]), fields.Date.subtract(current, months=3 * 11))
        days = []
        while first <= current:
            days.append(first)
            first = fields.Date.add(first, months=3)
        return days

    def _prepare_standing(self, year):
        """{columns, rows}: shares of hours and margin by class, and of the strained."""
        days = self._get_quarter_days()
        found = self._read_quarters(self.company_id, days[0], days[-1])
        columns = [{(band, kind): value for (band, kind), value in year.items()}]
        columns += [
            {key[1:]: value for key, value in found.items() if key[0] == day}
            for day in days
        ]
        names = [self.env._("Now")]
        names += [format_date(self.env, day, date_format="QQQ y") for day in days]
        return {
            "columns": names,
            # None: the year
            "days": [None, *map(fields.Date.to_string, days)],
            "rows": [
                {
                    "key": key,
                    "name": name,
                    "cells": [self._share_of(column, belongs) for column in columns],
                }
                for key, name, belongs in self._get_standing_rows()
            ],
        }

    def _get_standing_rows(self):
        """[(key, name, whether a (band, class) belongs there)] from best to worst."""
        labels = dict(
            self.env["toxicity.score"]
            ._fields["customer_class"]
            ._description_selection(self.env)
        )
        rows = [
            (key, labels[key], lambda _band, kind, key=key: kind == key)
            for key, _label in CLASSES
        ]
        return [
            *rows,
            ("unknown", self.env._("Not known"), lambda _band, kind: not kind),
            (
                "strained",
                self.env._("Strained and toxic"),
                lambda band, _kind: band in STRAINED_BANDS,
            ),
        ]

    def _share_of(self, column, belongs):
        """Hours and margin of those who belong there, and their parts of the whole."""
        hours = margin = all_hours = all_margin = 0.0
        for (band, kind), (its_hours, its_margin) in column.items():
            all_hours += its_hours
            all_margin += its_margin
            if belongs(band, kind):
                hours += its_hours
                margin += its_margin
        return {
            "hours": hours,
            "margin": margin,
            "hours_share": hours / all_hours if all_hours else None,
            # A part of a loss, or of what another one's loss took, tells nothing.
            "margin_share": (
                margin / all_margin
                if 0 <= margin <= all_margin and all_margin
                else None
            ),
        }

    @api.depends_context("lang")
    @api.depends(
        *("quarter_ids.date_from", "quarter_ids.target_share", "state"),
        *("quarter_ids.planned_share", "quarter_ids.actual_share"),
    )
    def _compute_chart(self):
        for plan in self:
            quarters = plan.quarter_ids.filtered("date_from").sorted("date_from")
            plan.chart = [
                {
                    "name": quarter.name,
                    "target": quarter.target_share,
                    "planned": quarter.planned_share,
                    "actual": quarter.actual_share if quarter.total_hours else None,
                }
                for quarter in quarters
            ]
