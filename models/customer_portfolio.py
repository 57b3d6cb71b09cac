from functools import cache

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, OrderedSet
from odoo.tools.misc import format_date

from .toxicity_score import BANDS, CLASSES

# What the grouping that is under way reads; see _asking.
ASKED = "customer_portfolio_asked"


class CustomerPortfolio(models.Model):
    """What each customer brought and took in each quarter, one row of these.

    A row is a customer (the commercial partner of today), a company and a quarter.
    Money is untaxed and in the currency of the current company, converted as Odoo's
    invoice analysis does; as there, only the companies that are switched on count.

    What belongs to no customer (internal work, our own companies and colleagues) has
    rows without a customer, so that all together is what Odoo's own reports say.

    Band, class, score and credit are those that the last snapshot of the quarter, or
    before it, kept; in the current quarter, and before the first snapshot, those of
    now. The class goes by today's thresholds. The salesperson is the customer's own,
    or else that of the customer's last invoice.

    For sums by anything, in code as on screen, group it: only the facts are read that
    the asked-for measures are made of. To join the facts in SQL, see _get_totals.
    """

    _name = "customer.portfolio"
    _description = "Customer portfolio by quarter"
    _auto = False
    _order = "date desc, invoiced desc, id"
    _rec_name = "commercial_partner_id"

    date = fields.Date("Quarter", readonly=True, help="The first day of the quarter.")
    quarter = fields.Char("Quarter's Name", compute="_compute_quarter")
    commercial_partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    industry_id = fields.Many2one("res.partner.industry", readonly=True)

    band = fields.Selection(BANDS, readonly=True)
    customer_class = fields.Selection(CLASSES, "Class", readonly=True)
    score = fields.Float("Strain", digits=(5, 2), readonly=True, aggregator="avg")
    credit = fields.Float(digits=(5, 2), readonly=True, aggregator="avg")

    invoiced = fields.Monetary(
        readonly=True,
        help="Posted invoices less credit notes, untaxed, by invoice date.",
    )
    timesheet_cost = fields.Monetary(readonly=True, help="What the hours cost us.")
    margin = fields.Monetary(
        readonly=True, help="What is left of the invoiced after the timesheet cost."
    )
    hours = fields.Float(readonly=True, help="Hours on timesheets.")
    margin_per_hour = fields.Monetary(readonly=True, aggregator="avg")
    meeting_hours = fields.Float(
        readonly=True, help="Meetings that began, with the customer's people in them."
    )
    amount_due = fields.Monetary(
        readonly=True,
        help="Of the quarter's invoices: what was paid so far, and what is overdue.",
    )
    late_amount = fields.Float("Amount × Days Late", readonly=True)
    days_late = fields.Float(
        readonly=True,
        aggregator="avg",
        digits=(12, 1),
        help="Of the quarter's invoices, weighted by the amount: how long after their "
        "due date they were paid, or are unpaid by now.",
    )
    signals = fields.Integer(
        "Signals of Strain", readonly=True, help="Recorded by people, and counted."
    )
    scope_given = fields.Monetary(
        "Scope Given Away",
        readonly=True,
        help="Changes taken on without charge, or undecided for over 14 days.",
    )

    @api.depends("date")
    def _compute_quarter(self):
        for row in self:
            row.quarter = row.date and format_date(
                self.env, row.date, date_format="QQQ yyyy"
            )

    @api.depends("commercial_partner_id", "date")
    def _compute_display_name(self):
        for row in self:
            name = row.commercial_partner_id.name or self.env._("No customer")
            row.display_name = f"{name}, {row.quarter}"

    # -- reading only what is asked for ------------------------------------------------

    @api.model
    def _asking(self, domain, *specs):
        """This model, telling _table_query which fields it has to fill.

        PostgreSQL drops the columns that nobody asks for by itself, but not the facts
        that they come from.
        """
        names = {leaf.field_expr for leaf in Domain(domain).iter_conditions()}
        for spec in specs:
            names.update(spec.split(",") if isinstance(spec, str) else spec)
        asked = {name.strip().partition(":")[0].split()[0] for name in names if name}
        asked = frozenset(name.partition(".")[0] for name in asked)
        # Rows alone: they are counted by all that they are made of.
        counts_rows = not asked & self._get_parts_of_measures().keys()
        return self.with_context(**{ASKED: None if counts_rows else asked})

    @api.model
    def _read_group(
        self,
        domain,
        groupby=(),
        aggregates=(),
        having=(),
        offset=0,
        limit=None,
        order=None,
    ):
        conditions = [leaf.field_expr for leaf in Domain(having).iter_conditions()]
        asking = self._asking(domain, groupby, aggregates, conditions, order or "")
        return super(CustomerPortfolio, asking)._read_group(
            domain, groupby, aggregates, having, offset, limit, order
        )

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        groupby = [spec for groupby in grouping_sets for spec in groupby]
        asking = self._asking(domain, groupby, aggregates, order or "")
        return super(CustomerPortfolio, asking)._read_grouping_sets(
            domain, grouping_sets, aggregates, order
        )

    def _read_group_postprocess_groupby(self, groupby_spec, raw_values):
        return super(
            CustomerPortfolio, self._asking_no_more()
        )._read_group_postprocess_groupby(groupby_spec, raw_values)

    def _read_group_postprocess_aggregate(self, aggregate_spec, raw_values):
        return super(
            CustomerPortfolio, self._asking_no_more()
        )._read_group_postprocess_aggregate(aggregate_spec, raw_values)

    def _asking_no_more(self):
        """This model for what comes after: records keep the context they come with."""
        context = {
            key: value for key, value in self.env.context.items() if key != ASKED
        }
        return self.with_env(self.env(context=context))

    def _read_group_select(self, aggregate_spec, query):
        """What is a quotient is one of the sums, not the mean of the rows'."""
        name, _colon, function = aggregate_spec.partition(":")
        quotients = self._get_quotients()
        if name not in quotients or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        above, below = (
            self._field_to_sql(self._table, part, query) for part in quotients[name]
        )
        return SQL("SUM(%s) / NULLIF(SUM(%s), 0)", above, below)

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        """Each value is put into words once: there are few quarters, and many groups
        of them.
        """
        return cache(super()._web_read_group_groupby_formatter(groupby_spec, values))

    def _search(self, domain, *args, **kwargs):
        """The id tells the customer, by whom the facts are found in an index."""
        domain = Domain(domain).map_conditions(self._with_customers)
        return super()._search(domain, *args, **kwargs)

    @api.model
    def _with_customers(self, condition):
        ids = condition.value
        if (condition.field_expr, condition.operator) != ("id", "in"):
            return condition
        # A query would be executed to look into it.
        if not isinstance(ids, (list, tuple, OrderedSet)):
            return condition
        customers = {self._get_customer_of_row(id_) for id_ in ids if id_}
        return condition & Domain("commercial_partner_id", "in", list(customers))
