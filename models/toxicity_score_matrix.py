from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .customer_exit import OPEN_STATES
from .customer_quarantine import IN_FORCE_STATES
from .toxicity_score import CLASSES

# More than these nobody tells apart, and no browser draws at once.
MOST_SHOWN = 5000
MOST_PREFERRED = 30
# How far the slider goes back
QUARTERS = 12
# What the hours of the portfolio are read from
HOURS_OF = (
    *("account.analytic.line", "calendar.attendee", "calendar.event"),
    *("res.company", "res.partner", "res.users"),
)
# From this credit on, a customer is preferred or demanding (see _get_class_sql).
CREDIT_THRESHOLD = 50


class ToxicityScore(models.Model):
    """All customers in one picture: strain across, credit up, hours as size."""

    _inherit = "toxicity.score"

    @api.model
    @api.readonly
    def get_matrix(self, domain, quarter=None):
        """What the matrix draws, of the scores in the domain as a quarter left them.

        ``quarter`` is its first day, the current one unless said: that one shows the
        scores as they are, an earlier one the last snapshot until its end, with the
        hours of that quarter. Of too many customers those come who take the most
        hours, then those with the most strain; the preferred are ranked among all.
        """
        self.browse().check_access("read")
        today = fields.Date.context_today(self)
        current = fields.Date.start_of(today, "quarter")
        start = self._read_matrix_quarter(quarter, current)
        end = today if start == current else fields.Date.end_of(start, "quarter")
        rows = self._read_matrix_rows(domain, start, end, is_current=start == current)
        return {
            "quarter": fields.Date.to_string(start),
            "until": fields.Date.to_string(end),
            "quarters": self._get_matrix_quarters(current),
            "strain_threshold": self.env.company.sudo().toxicity_strained_threshold,
            "credit_threshold": CREDIT_THRESHOLD,
            "limit": MOST_SHOWN,
            "companies": {
                company.id: company.display_name for company in self.env.companies
            },
            "decisions": self._get_allowed_matrix_decisions(),
            "can_simulate": self.env["exit.simulation"].has_access("create"),
            **self._sort_matrix_rows(rows),
        }

    @api.model
    def _read_matrix_quarter(self, quarter, current):
        try:
            asked = fields.Date.to_date(quarter or current)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("“%(quarter)s” is no day of a quarter.", quarter=quarter)
            ) from error
        return min(fields.Date.start_of(asked, "quarter"), current)

    @api.model
    def _get_matrix_quarters(self, current):
        """The first days of the quarters that have anything to show, in order."""
        snapshots = self.env["toxicity.score.snapshot"]
        [(earliest,)] = snapshots._read_group([], [], ["date:min"])
        starts = [fields.Date.subtract(current, months=3 * n) for n in range(QUARTERS)]
        return [
            fields.Date.to_string(start)
            for start in reversed(starts)
            if start == current
            or (earliest and earliest <= fields.Date.end_of(start, "quarter"))
        ]

    # -- the customers ---------------------------------------------------------------

    @api.model
    def _read_matrix_rows(self, domain, start, end, is_current):
        """One row per bubble and preferred customer; one statement for all."""
        return self.env.execute_query(
            SQL(
                """
                WITH found AS MATERIALIZED (%(found)s),
                spent AS MATERIALIZED (%(hours)s),
                placed AS (
                    SELECT found.*, COALESCE(spent.hours, 0) AS hours,
                           COALESCE(spent.meeting_hours, 0) AS meeting_hours,
                           %(counts)s,
                           ROW_NUMBER() OVER (ORDER BY COALESCE(spent.hours, 0) DESC,
                               found.score DESC, found.id) AS place,
                           ROW_NUMBER() OVER (PARTITION BY found.customer_class
                               ORDER BY found.credit DESC, found.score, found.id)
                               AS class_place
                      FROM found
                 LEFT JOIN spent USING (partner_id, company_id)
                )
                SELECT placed.place, placed.class_place, %(count_names)s,
                       placed.id, placed.partner_id, customer.complete_name,
                       placed.score, placed.credit,
                       ROUND(placed.hours::numeric, 2)::float8,
                       ROUND(placed.meeting_hours::numeric, 2)::float8,
                       placed.customer_class, placed.company_id
                  FROM placed
                  JOIN res_partner customer ON customer.id = placed.partner_id
                 WHERE placed.place <= %(most)s
                    OR (placed.customer_class = 'preferred'
                        AND placed.class_place <= %(most_preferred)s)
              ORDER BY placed.place
                """,
                found=self._get_matrix_scores_query(domain, end, is_current),
                hours=self._get_matrix_hours_query(start, end),
                counts=SQL(", ").join(self._get_class_counts()),
                count_names=SQL(", ").join(
                    SQL.identifier("placed", key) for key, _label in CLASSES
                ),
                most=MOST_SHOWN,
                most_preferred=MOST_PREFERRED,
            )
        )

    @api.model
    def _get_class_counts(self):
        """SQL: how many of all there are of each class, a column each."""
        return [
            SQL(
                "COUNT(*) FILTER (WHERE found.customer_class = %s) OVER () AS %s",
                key,
                SQL.identifier(key),
            )
            for key, _label in CLASSES
        ]

    @api.model
    def _get_matrix_scores_query(self, domain, end, is_current):
        """SQL: id, partner_id, company_id, score, credit, customer_class on a day.

        The domain is about the scores as they are today, and so are the rules.
        """
        self.env["res.partner"].flush_model(["complete_name"])
        self.flush_model()
        query = self._search(domain)
        names = ["id", "partner_id", "company_id"]
        names += ["score", "credit"] if is_current else []
        columns = [SQL.identifier(query.table, name) for name in names]
        if not is_current:
            return self._get_matrix_past_query(query.select(*columns), end)
        held = SQL.identifier(query.table, "customer_class")
        known = SQL("COALESCE(%s, 'regular') AS customer_class", held)
        return query.select(*columns, known)

    @api.model
    def _get_matrix_past_query(self, found, end):
        """SQL: the same from the last snapshots; who had no score then is left out."""
        self.env["toxicity.score.snapshot"].flush_model()
        self.env["res.company"].flush_model(["toxicity_strained_threshold"])
        return SQL(
            """
            SELECT found.id, found.partner_id, found.company_id,
                   total.score, total.credit, %(class)s AS customer_class
              FROM (%(found)s) found
              JOIN res_company company ON company.id = found.company_id
        CROSS JOIN LATERAL (
                   SELECT snapshot.score, snapshot.credit
                     FROM toxicity_score_snapshot snapshot
                    WHERE snapshot.score_id = found.id AND snapshot.date <= %(end)s
                 ORDER BY snapshot.date DESC
                    LIMIT 1
                   ) total
            """,
            **{"class": self.env["toxicity.score.engine"]._get_class_sql()},
            found=found,
            end=end,
        )

    @api.model
    def _sort_matrix_rows(self, rows):
        """Tell the bubbles, the preferred ones and the counts apart."""
        keys = [key for key, _label in CLASSES]
        first = 2 + len(keys)
        bubbles, preferred = [], []
        for row in rows:
            bubble = list(row[first:])
            if row[0] <= MOST_SHOWN:
                bubbles.append(bubble)
            if bubble[7] == "preferred" and row[1] <= MOST_PREFERRED:
                preferred.append((row[1], bubble))
        counts = rows[0][2:first] if rows else [0] * len(keys)
        return {
            "bubbles": bubbles,
            "preferred": [bubble for _place, bubble in sorted(preferred)],
            "counts": dict(zip(keys, counts, strict=True)),
            "total": sum(counts),
        }

    # -- their hours -----------------------------------------------------------------

    @api.model
    def _get_matrix_hours_query(self, start, end):
        """SQL: partner_id, company_id, hours, of them meeting_hours, between two days.

        Worked and met, as the portfolio counts them.
        """
        portfolio = self.env["customer.portfolio"]
        for model in HOURS_OF:
            self.env[model].flush_model(portfolio._depends[model])
        return SQL(
            """
            SELECT customer_id AS partner_id, company_id,
                   SUM(hours + meeting_hours) AS hours,
                   SUM(meeting_hours) AS meeting_hours
              FROM (%s) total
             WHERE customer_id IS NOT NULL
          GROUP BY customer_id, company_id
            """,
            portfolio._get_totals(["hours", "meeting_hours"], since=start, until=end),
        )

    # -- decisions -------------------------------------------------------------------

    @api.model
    def _get_matrix_decisions(self):
        """Hook: {model: (what to do, action, domain of the open ones)}.

        What one may open about a customer; each has partner_id and company_id.
        """
        return {
            "customer.quarantine": (
                self.env._("Quarantine"),
                "toxic_customer_exit.customer_quarantine_action",
                [("state", "in", ("draft", *IN_FORCE_STATES))],
            ),
            "customer.exit": (
                self.env._("Exit"),
                "toxic_customer_exit.customer_exit_action_open",
                [("state", "in", OPEN_STATES)],
            ),
        }

    @api.model
    def _get_allowed_matrix_decisions(self):
        return [
            [model, label]
            for model, (label, _action, _domain) in self._get_matrix_decisions().items()
            if self.env[model].has_access("create")
        ]

    def action_open_customers(self):
        """The customers of these scores, in the list by risk."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toxic_customer_exit.res_partner_action_risk"
        )
        # The address leads to all customers: this is a choice of the moment.
        action.pop("path", None)
        return {
            **action,
            "name": self.env._("Selected customers"),
            "domain": [("id", "in", self.partner_id.ids)],
        }

    def action_simulate_exit(self):
        """The company without the customers of these scores."""
        self.check_access("read")
        return self.env["exit.simulation"]._open_for_records(self)

    def action_decide(self, model):
        """Open what is under way about the customer, or begin it."""
        self.ensure_one()
        if model not in self._get_matrix_decisions():
            raise UserError(
                self.env._(
                    "%(customer)s: choose one of the decisions offered.",
                    customer=self.partner_id.display_name,
                )
            )
        _label, action, is_open = self._get_matrix_decisions()[model]
        case = self.env[model].search(
            [
                ("commercial_partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                *is_open,
            ],
            limit=1,
        )
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(action),
            "views": [(False, "form")],
            "res_id": case.id,
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.company_id.id,
            },
        }
