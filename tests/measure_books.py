"""All records there are, read as the measures read them, for measure_oracle.py.

Written from the definitions of the measures, not from the module's SQL: what the two
have in common is the sentence that both put into practice.
"""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

OPEN_TASK_STATES = (
    "01_in_progress",
    "02_changes_requested",
    "03_approved",
    "04_waiting_normal",
)


class Part(NamedTuple):
    """A part of what an invoice asked for: when it was paid, or that it was not."""

    move: object
    amount: Fraction
    due: object
    paid: object


def exact(number):
    """The decimal that a person would read in the database, not its nearest float."""
    return Fraction(repr(float(number)))


class Books:
    """The conventions that the measures share, over records of any company."""

    def __init__(self, env, today):
        # Archived records happened all the same.
        self.env = env(su=True, context={"active_test": False})
        self.today = today
        self.hour = self.env.ref("uom.product_uom_hour")

    def all(self, model, *domain):
        return self.env[model].search(list(domain))

    # -- time ----------------------------------------------------------------------

    def since(self, company):
        """The day before the first of the window."""
        return self.today - timedelta(company.toxicity_window_days)

    def in_window(self, company, day):
        """*day* is a date, or a moment in UTC."""
        day = day.date() if hasattr(day, "date") else day
        return bool(day) and self.since(company) < day <= self.today

    def is_time(self, unit):
        return bool(unit) and unit.parent_path.split("/")[0] == str(self.hour.id)

    def hours(self, quantity, unit):
        return exact(quantity) * exact(unit.factor) / exact(self.hour.factor)

    # -- whose ---------------------------------------------------------------------

    @cached_property
    def _own(self):
        """Our companies and everybody in them, our users, and nobody in particular.

        Not everybody of the group *Public*: a customer whose access to the portal is
        revoked lands there too and remains a customer. Odoo makes its users for
        anonymous visitors under these logins.
        """
        users = self.all("res.users").filtered(
            lambda user: (
                user._is_internal()
                or user.login == "public"
                or user.login.startswith("public-user@company-")
            )
        )
        companies = self.all("res.company").partner_id.commercial_partner_id
        return users.partner_id | companies

    def customer(self, partner):
        """The customer behind a partner, who may not be one."""
        customer = partner.commercial_partner_id
        return customer.browse() if (partner | customer) & self._own else customer

    def companies(self, customer, *records):
        """The company of the first of the records that has one, else all sellers."""
        for record in records:
            if record and "company_id" in record._fields and record.company_id:
                return record.company_id
        return self._sellers[customer]

    @cached_property
    def _sellers(self):
        sellers = defaultdict(self.env["res.company"].browse)
        for order in self.orders:
            sellers[self.customer(order.partner_id)] |= order.company_id
        return sellers

    def by_customer(self, records, find_partner=lambda record: record.partner_id):
        """{(customer, company): records} of documents that name their company."""
        groups = defaultdict(records.browse)
        for record in records:
            if customer := self.customer(find_partner(record)):
                groups[customer, record.company_id] |= record
        return groups

    def windowed(self, groups, field):
        """The same, without what was dated elsewhere and what is then empty."""
        kept = {
            (customer, company): records.filtered(
                lambda record, company=company: self.in_window(company, record[field])
            )
            for (customer, company), records in groups.items()
        }
        return {key: records for key, records in kept.items() if records}

    # -- sales ---------------------------------------------------------------------

    @cached_property
    def orders(self):
        return self.all("sale.order", ("state", "=", "sale"))

    @cached_property
    def amendments(self):
        return self.all("scope.change").amendment_id

    @cached_property
    def orders_in_window(self):
        return self.windowed(self.by_customer(self.orders), "date_order")

    @cached_property
    def contracts_ever(self):
        """The orders that are no amendments."""
        return self.by_customer(self.orders - self.amendments)

    @cached_property
    def lines_in_window(self):
        return {
            key: orders.order_line.filtered(
                lambda line: not line.display_type and not line.is_downpayment
            )
            for key, orders in self.orders_in_window.items()
        }

    def to_company_money(self, amount, order):
        return exact(amount) / exact(order.currency_rate)

    @cached_property
    def hours_ordered(self):
        """{(customer, company): hours} over all lines sold by time in the window."""
        return {
            key: sum(
                self.hours(line.product_uom_qty, line.product_uom_id)
                for line in lines
                if self.is_time(line.product_uom_id)
            )
            for key, lines in self.lines_in_window.items()
        }

    # -- invoices ------------------------------------------------------------------

    @cached_property
    def bills(self):
        """Posted customer invoices and credit notes of the window."""
        moves = self.all(
            "account.move",
            ("state", "=", "posted"),
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("exit_id", "=", False),
        )
        return self.windowed(self.by_customer(moves), "invoice_date")

    @cached_property
    def payment_parts(self):
        """{(customer, company): parts}, without what is neither paid nor due yet."""
        return {
            key: [
                part
                for line in moves.line_ids
                if line.move_id.move_type == "out_invoice"
                and line.account_id.account_type == "asset_receivable"
                and line.debit > 0
                for part in self._get_parts(line)
                if part.amount
            ]
            for key, moves in self.bills.items()
        }

    def _get_parts(self, line):
        for partial in line.matched_credit_ids:
            other = partial.credit_move_id.move_id
            if other.move_type != "out_refund":
                yield Part(
                    line.move_id,
                    exact(partial.amount),
                    line.date_maturity,
                    partial.max_date,
                )
        if line.date_maturity < self.today:
            yield Part(
                line.move_id,
                exact(line.amount_residual),
                line.date_maturity,
                self.today,
            )

    # -- work ----------------------------------------------------------------------

    @cached_property
    def timesheets(self):
        lines = self.all(
            "account.analytic.line",
            ("project_id", "!=", False),
            ("partner_id", "!=", False),
        )
        return self.windowed(self.by_customer(lines), "date")

    def timesheet_hours(self, key):
        return sum(
            self.hours(line.unit_amount, line.product_uom_id)
            if self.is_time(line.product_uom_id)
            else exact(line.unit_amount)
            for line in self.timesheets.get(key, ())
        )

    def enough(self, hours):
        return round(hours, 2) >= 20

    @cached_property
    def yields(self):
        """{company: {customer: what was left per hour}} of those with enough hours."""
        yields = defaultdict(dict)
        for (customer, company), lines in self.timesheets.items():
            hours = self.timesheet_hours((customer, company))
            if self.enough(hours):
                bills = self.bills.get((customer, company), ())
                revenue = sum(exact(move.amount_untaxed_signed) for move in bills)
                cost = sum(-exact(line.amount) for line in lines)
                yields[company][customer] = (revenue - cost) / hours
        return yields

    # -- opinions ------------------------------------------------------------------

    @cached_property
    def ratings(self):
        """{(customer, company): ratings of the window}."""
        groups = defaultdict(self.env["rating.rating"].browse)
        for rating in self.all("rating.rating", ("consumed", "=", True)):
            customer = self.customer(rating.partner_id)
            if customer and rating.rating >= 1:
                record = self.env[rating.res_model].browse(rating.res_id).exists()
                project = record.project_id if "project_id" in record._fields else None
                for company in self.companies(customer, record, project):
                    if self.in_window(company, self.rated(rating)):
                        groups[customer, company] |= rating
        return groups

    def rated(self, rating):
        return rating.rated_on or rating.write_date

    @cached_property
    def unhappy_days(self):
        """{(task id, day)} with a rating that makes Odoo send the task back itself."""
        return {
            (rating.res_id, self.rated(rating).date())
            for rating in self.all(
                "rating.rating",
                ("res_model", "=", "project.task"),
                ("consumed", "=", True),
                ("rating", "<", 4),
            )
        }

    @cached_property
    def state_labels(self):
        """{label in any language: task states called so}."""
        labels = defaultdict(set)
        for language in self.env["res.lang"].search([("active", "=", True)]):
            tasks = self.env["project.task"].with_context(lang=language.code)
            field = tasks._fields["state"]
            for state, label in field._description_selection(tasks.env):
                labels[label].add(state)
        return labels
