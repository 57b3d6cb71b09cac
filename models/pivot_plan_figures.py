from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .toxicity_score import CLASSES

STRAINED_BANDS = ("strained", "toxic")
# So many quarters before the plan are shown beside it.
PAST_QUARTERS = 4
# More columns nobody compares.
MOST_SHOWN = 12


class PivotPlan(models.Model):
    """Where the hours and the margin go: now, by quarter, and against the plan.

    Now is the year of an exit's impact, in whose bands and classes customers are now;
    quarters are those of the portfolio report.
    """

    _inherit = "pivot.plan"

    # Read once, whatever of it is shown: [band, class, hours, margin, revenue and hours
    # of usual customers], and [first day, band, class, hours, margin].
    year = fields.Json(compute="_compute_year")
    past = fields.Json(compute="_compute_past")
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
    def _compute_year(self):
        years = self._read_standing()
        for plan in self:
            plan.year = years[plan.company_id.id]

    @api.depends("year")
    def _compute_now(self):
        for plan in self:
            rows = plan.year or []
            total = sum(hours for _band, _kind, hours, *_rest in rows)
            strained = sum(
                hours for band, _kind, hours, *_rest in rows if band in STRAINED_BANDS
            )
            plan.hours_now, plan.strained_hours_now = total, strained
            plan.share_now = strained / total if total else 0.0

    @api.depends_context("lang")
    @api.depends("year", "past")
    def _compute_standing(self):
        for plan in self:
            plan.standing = plan._prepare_standing() if plan.company_id else False

    def _get_quarterly_hours(self):
        """(hours, strained hours) a quarter that the plan starts from."""
        self.ensure_one()
        if self.state != "draft":
            return self.base_hours, self.base_strained_hours
        return self.hours_now / 4, self.strained_hours_now / 4

    def _read_standing(self):
        """{company id: rows of the last 365 days, as ``year`` has them}."""
        found = defaultdict(list)
        for company, *row in self._read_year(
            SQL(
                """
                SELECT year.company_id, COALESCE(score.current_band, 'unknown'),
                       score.customer_class, SUM(year.hours)::float8,
                       SUM(year.revenue - year.cost)::float8,
                       COALESCE(SUM(year.revenue) FILTER (WHERE is_usual), 0)::float8,
                       COALESCE(SUM(year.hours) FILTER (WHERE is_usual), 0)::float8
                  FROM year
             LEFT JOIN toxicity_score score ON score.partner_id = year.customer_id
                                           AND score.company_id = year.company_id
              GROUP BY 1, 2, 3
                """
            ),
            set(self.company_id.ids),
        ):
            found[company].append(row)
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

    @api.depends("company_id", "quarter_ids.date_from")
    def _compute_past(self):
        today = fields.Date.context_today(self)
        for company, plans in self.grouped("company_id").items():
            since = min(plan._get_quarter_days()[0] for plan in plans)
            read = self._read_quarters
            plans.past = read(company, since, today) if company else []

    @api.model
    def _read_quarters(self, company, since, until):
        """Rows of a company's customers by quarter, as ``past`` has them."""
        # Managers plan for their companies alone, and so are asked before the sudo.
        company.check_access("read")
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
        return [[fields.Date.to_string(day), *row] for day, *row in groups]

    def _get_worked(self, day):
        """(hours, strained hours) of the quarter that begins on the day."""
        self.ensure_one()
        key = fields.Date.to_string(day)
        rows = [row for row in self.past or [] if row[0] == key]
        return (
            sum(hours for _day, _band, _kind, hours, _margin in rows),
            sum(
                hours
                for _day, band, _kind, hours, _margin in rows
                if band in STRAINED_BANDS
            ),
        )

    def _get_quarter_days(self):
        """The first days of quarters, from the plan's first or some before this."""
        today = fields.Date.context_today(self)
        current = fields.Date.start_of(today, "quarter")
        first = fields.Date.subtract(current, months=3 * PAST_QUARTERS)
        begun = [day for day in self.quarter_ids.mapped("date_from") if day]
        first, days = min([first, *begun]), []
        while first <= current:
            days.append(first)
            first = fields.Date.add(first, months=3)
        return days

    def _prepare_standing(self):
        """{columns, rows}: shares of hours and margin by class, and of the strained."""
        days = self._get_quarter_days()[-MOST_SHOWN:]
        columns = [{(band, kind): row for band, kind, *row in self.year or []}]
        for day in map(fields.Date.to_string, days):
            rows = [row[1:] for row in self.past or [] if row[0] == day]
            columns.append({(band, kind): row for band, kind, *row in rows})
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
        for (band, kind), (its_hours, its_margin, *_rest) in column.items():
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
