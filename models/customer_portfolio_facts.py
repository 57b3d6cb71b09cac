"""The facts that the portfolio is made of, each one pass over Odoo's records."""

from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from .customer_portfolio_query import MONEY
from .toxicity_measure_scope import UNDECIDED_DAYS


class Facts(NamedTuple):
    """SQL that selects partner_id, company_id, date and the measures named."""

    measures: tuple
    query: SQL


class CustomerPortfolio(models.Model):
    _inherit = "customer.portfolio"

    _depends = {
        "account.account": ["account_type"],
        "account.analytic.line": [
            *("amount", "company_id", "date", "partner_id", "product_uom_id"),
            *("project_id", "unit_amount"),
        ],
        "account.move": [
            *("company_id", "date", "invoice_date", "invoice_user_id", "move_type"),
            *("partner_id", "state"),
        ],
        "account.move.line": [
            *("account_id", "amount_residual", "balance", "company_id"),
            *("date_maturity", "debit", "display_type", "move_id"),
        ],
        "account.partial.reconcile": [
            *("amount", "credit_move_id", "debit_move_id", "max_date"),
        ],
        "calendar.attendee": ["event_id", "partner_id"],
        "calendar.event": ["active", "allday", "duration", "start", "user_id"],
        "res.company": ["currency_id", "partner_id", "toxicity_strained_threshold"],
        "res.partner": ["commercial_partner_id", "industry_id", "user_id"],
        "res.users": ["company_id", "partner_id", "share"],
        "sale.order": ["currency_rate"],
        "scope.change": [
            *("company_id", "date", "gift_amount", "order_id", "partner_id", "state"),
        ],
        "toxicity.score": [
            *("company_id", "credit", "current_band", "customer_class", "partner_id"),
            "score",
        ],
        "toxicity.score.snapshot": ["band", "credit", "date", "score", "score_id"],
        "toxicity.signal": ["company_id", "date", "partner_id", "polarity", "state"],
    }

    @api.model
    def _get_facts(self):
        """Hook: {name: Facts}; each measure stands in one of them alone."""
        return {
            "billed": Facts(("invoiced",), self._read_invoice_lines()),
            "worked": Facts(("timesheet_cost", "hours"), self._read_timesheets()),
            "met": Facts(("meeting_hours",), self._read_meetings()),
            "paid": Facts(("amount_due", "late_amount"), self._read_payments()),
            "recorded": Facts(("signals",), self._read_signals()),
            "given": Facts(("scope_given",), self._read_given_scope()),
        }

    @api.model
    def _get_totals(self, measures=None, since=None, until=None):
        """SQL of customer_id, company_id, date and the measures, one row of each.

        The building block for reports of one's own: ``date`` is the first day of the
        quarter, ``customer_id`` the commercial partner or NULL for what belongs to no
        customer, money is in the currency of ``self.env.company``. All measures of
        ``_get_facts`` unless some are named; only what they need is read. Days from
        ``since`` until ``until``, both included, of the companies that are switched on
        (``allowed_company_ids`` in the context). Who uses it answers for the access.

        SQL: it adds up what lies in six tables, for all customers at once.
        """
        facts = {
            name: fact
            for name, fact in self._get_facts().items()
            if not measures or not set(measures).isdisjoint(fact.measures)
        }
        names = [
            name
            for fact in facts.values()
            for name in fact.measures
            if not measures or name in measures
        ]
        query = SQL(
            """
            SELECT fact.customer_id, fact.company_id, fact.date%(converted)s
              FROM (
                SELECT part.customer_id, part.company_id, part.date%(sums)s
                  FROM (%(parts)s) part
              GROUP BY part.customer_id, part.company_id, part.date
                   ) fact
              JOIN %(rates)s ON account_currency_table.company_id = fact.company_id
            """,
            converted=SQL("").join(self._get_converted(name) for name in names),
            sums=SQL("").join(
                SQL(", SUM(part.%(name)s) AS %(name)s", name=SQL.identifier(name))
                for name in names
            ),
            parts=SQL(" UNION ALL ").join(
                self._get_part(fact, names, since, until) for fact in facts.values()
            ),
            rates=self.env["res.currency"]._get_simple_currency_table(
                self.env.companies
            ),
        )
        return SQL().join([query, *self._get_flushed()])

    @api.model
    def _get_flushed(self):
        """SQL without words: the fields whose pending values are written before."""
        for model, names in self._depends.items():
            for name in names:
                yield SQL(to_flush=self.env[model]._fields[name])

    @api.model
    def _get_converted(self, name):
        """SQL column of a sum; money as Odoo's invoice analysis converts it."""
        column = SQL.identifier("fact", name)
        if name in MONEY:
            column = SQL("%s * account_currency_table.rate", column)
        return SQL(", %s AS %s", column, SQL.identifier(name))

    @api.model
    def _get_part(self, fact, names, since, until):
        """SQL: the facts by customer and quarter, with the others' measures as 0."""
        columns = [
            SQL(
                # float8: numeric takes five times as long to add up
                ", (%s)::float8 AS %s",
                SQL.identifier("fact", name) if name in fact.measures else SQL("0"),
                SQL.identifier(name),
            )
            for name in names
        ]
        conditions = [SQL("fact.company_id IN %s", tuple(self.env.companies.ids))]
        if since:
            conditions.append(SQL("fact.date >= %s", since))
        if until:
            conditions.append(SQL("fact.date <= %s", until))
        return SQL(
            """
            SELECT customer.customer_id, fact.company_id,
                   DATE_TRUNC('quarter', fact.date::timestamp)::date AS date%(columns)s
              FROM (%(query)s) fact
         LEFT JOIN (%(customers)s) customer ON customer.partner_id = fact.partner_id
             WHERE %(conditions)s
            """,
            columns=SQL("").join(columns),
            query=fact.query,
            customers=self._get_customers(),
            conditions=SQL(" AND ").join(conditions),
        )

    @api.model
    def _get_customers(self):
        """SQL: partners and their customer, our own people and companies left out."""
        own = self.env["toxicity.score"]._get_own_query()
        return SQL(
            """
            SELECT id AS partner_id, commercial_partner_id AS customer_id
              FROM res_partner
             WHERE id NOT IN (%(own)s)
               AND commercial_partner_id NOT IN (%(own)s)
            """,
            own=own,
        )

    # -- the facts ---------------------------------------------------------------------

    @api.model
    def _read_invoice_lines(self):
        """SQL: the lines that Odoo's invoice analysis counts, of posted documents."""
        return SQL(
            """
            SELECT move.partner_id, line.company_id,
                   COALESCE(move.invoice_date, move.date) AS date,
                   -line.balance AS invoiced
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE move.move_type IN ('out_invoice', 'out_refund')
               AND move.state = 'posted'
               AND line.account_id IS NOT NULL
               AND line.display_type = 'product'
            """
        )

    @api.model
    def _read_timesheets(self):
        return SQL(
            """
            SELECT entry.partner_id, entry.company_id, entry.date,
                   -entry.amount AS timesheet_cost,
                   entry.unit_amount * COALESCE(unit.hours, 1) AS hours
              FROM account_analytic_line entry
         LEFT JOIN %(units)s unit ON unit.uom_id = entry.product_uom_id
             WHERE entry.project_id IS NOT NULL
            """,
            units=self.env["toxicity.measure"]._hour_units(),
        )

    @api.model
    def _read_meetings(self):
        """SQL: as in the measure: each once, by its organiser's company."""
        return SQL(
            """
            SELECT DISTINCT customer.customer_id AS partner_id, organiser.company_id,
                   event.start::date AS date, event.id,
                   event.duration AS meeting_hours
              FROM calendar_attendee attendee
              JOIN (%(customers)s) customer
                ON customer.partner_id = attendee.partner_id
              JOIN calendar_event event ON event.id = attendee.event_id
              JOIN res_users organiser ON organiser.id = event.user_id
             WHERE event.active
               AND event.allday IS NOT TRUE
               AND event.start <= %(now)s
            """,
            customers=self._get_customers(),
            now=fields.Datetime.now(),
        )

    @api.model
    def _read_payments(self):
        """SQL: what was paid, and what is overdue, by the date of the invoice."""
        return SQL(
            """
            SELECT due.partner_id, due.company_id, due.date,
                   part.amount AS amount_due,
                   part.amount * GREATEST(0, part.paid_on - due.date_maturity)
                       AS late_amount
              FROM (%(due)s) due
              JOIN LATERAL (
                   SELECT paid.amount, paid.max_date AS paid_on
                     FROM account_partial_reconcile paid
                     JOIN account_move_line credit ON credit.id = paid.credit_move_id
                     JOIN account_move counter ON counter.id = credit.move_id
                    WHERE paid.debit_move_id = due.line_id
                      AND counter.move_type <> 'out_refund'
                UNION ALL
                   SELECT due.amount_residual, %(today)s
                    WHERE due.amount_residual > 0
                      AND due.date_maturity < %(today)s
                   ) part ON TRUE
            """,
            due=self._get_due_lines(),
            today=fields.Date.today(),
        )

    @api.model
    def _get_due_lines(self):
        """SQL: what posted invoices asked to be paid."""
        return SQL(
            """
            SELECT line.id AS line_id, move.partner_id, line.company_id,
                   COALESCE(move.invoice_date, move.date) AS date,
                   line.date_maturity, line.amount_residual
              FROM account_move move
              JOIN account_move_line line ON line.move_id = move.id
              JOIN account_account account ON account.id = line.account_id
             WHERE move.move_type = 'out_invoice'
               AND move.state = 'posted'
               AND account.account_type = 'asset_receivable'
               AND line.debit > 0
            """
        )

    @api.model
    def _read_signals(self):
        return SQL(
            """
            SELECT partner_id, company_id, date, 1 AS signals
              FROM toxicity_signal
             WHERE state = 'counted' AND polarity = 'strain'
            """
        )

    @api.model
    def _read_given_scope(self):
        """SQL: as in the measure of unpaid scope, in the company's currency."""
        return SQL(
            """
            SELECT change.partner_id, change.company_id, change.date,
                   change.gift_amount
                       / COALESCE(NULLIF(sale.currency_rate, 0), 1)::numeric
                       AS scope_given
              FROM scope_change change
         LEFT JOIN sale_order sale ON sale.id = change.order_id
             WHERE change.gift_amount > 0
               AND (change.state = 'absorbed'
                    OR (change.state IN ('detected', 'negotiating')
                        AND change.date < %(today)s - %(days)s))
            """,
            today=fields.Date.today(),
            days=UNDECIDED_DAYS,
        )
