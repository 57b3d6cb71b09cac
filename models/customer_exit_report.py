from odoo import fields, models
from odoo.tools import SQL

from .toxicity_indicator import DIMENSIONS

STEPS = ("draft", "options", "retained", "approved", "wrap_up", "invoiced")


class CustomerExitReport(models.Model):
    """All exits, one row each: why, how long each step took, and how it turned out."""

    _name = "customer.exit.report"
    _description = "Analysis of customer exits"
    _auto = False
    _rec_name = "exit_id"
    _order = "date_opened desc, id desc"
    _depends = {
        "customer.exit": [
            *("partner_id", "commercial_partner_id", "company_id", "user_id", "state"),
            *("date_opened", "date_closed", "main_reason_id", "approved_revenue"),
            *("approved_margin", "approved_hours"),
        ],
        "customer.exit.step": ["exit_id", "state", "date_from", "date_to"],
        "customer.exit.review": ["exit_id", "state", "regret", "months"],
        "toxicity.indicator": ["dimension"],
    }

    exit_id = fields.Many2one("customer.exit", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    commercial_partner_id = fields.Many2one(
        "res.partner", "Commercial Entity", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one("res.users", "Owner", readonly=True)
    state = fields.Selection(
        lambda self: self.env["customer.exit"]._fields["state"].selection, readonly=True
    )
    main_reason_id = fields.Many2one("toxicity.indicator", "Main reason", readonly=True)
    dimension = fields.Selection(DIMENSIONS, "Kind of reason", readonly=True)
    date_opened = fields.Date("Opened on", readonly=True)
    date_closed = fields.Date("Closed on", readonly=True)
    days_draft = fields.Float("Days as a draft", readonly=True, aggregator="avg")
    days_options = fields.Float("Days of options", readonly=True, aggregator="avg")
    days_retained = fields.Float("Days retained", readonly=True, aggregator="avg")
    days_approved = fields.Float("Days approved", readonly=True, aggregator="avg")
    days_wrap_up = fields.Float("Days of wrap-up", readonly=True, aggregator="avg")
    days_invoiced = fields.Float("Days until paid", readonly=True, aggregator="avg")
    days_total = fields.Float("Days in all", readonly=True, aggregator="avg")
    # In percent: Odoo's pivot shows no data as 0 where it formats a share.
    retained_share = fields.Float(
        "Retained (%)",
        readonly=True,
        aggregator="avg",
        help="Of the exits that came to a decision, those whose customer stayed.",
    )
    regret_rate = fields.Float(
        "Regretted (%)",
        readonly=True,
        aggregator="avg",
        help="Of the exits that were reviewed, those that we regret: by the last "
        "review of each.",
    )
    revenue = fields.Monetary("Yearly revenue given up", readonly=True)
    margin = fields.Monetary("Yearly margin given up", readonly=True)
    hours = fields.Float("Yearly hours freed", readonly=True)

    @property
    def _table_query(self):
        return SQL("%s %s", self._select(), self._from())

    def _select(self):
        """Hook: SQL of the columns; ``case_`` is the exit, ``spent`` its steps."""
        return SQL(
            """
            SELECT case_.id,
                   case_.id AS exit_id,
                   case_.partner_id,
                   case_.commercial_partner_id,
                   case_.company_id,
                   case_.user_id,
                   case_.state,
                   case_.main_reason_id,
                   reason.dimension,
                   case_.date_opened,
                   case_.date_closed,
                   %(days)s,
                   spent.days_total,
                   CASE WHEN case_.state IN ('retained', 'kept') THEN 100
                        WHEN case_.state IN %(decided)s THEN 0
                   END AS retained_share,
                   CASE review.regret WHEN 'yes' THEN 100 WHEN 'no' THEN 0
                   END AS regret_rate,
                   case_.approved_revenue AS revenue,
                   case_.approved_margin AS margin,
                   case_.approved_hours AS hours
            """,
            days=SQL(", ").join(
                SQL("spent.%s", SQL.identifier(f"days_{step}")) for step in STEPS
            ),
            decided=("approved", "wrap_up", "invoiced", "closed"),
        )

    def _from(self):
        """Hook: SQL of the tables; the last review that is done speaks for all."""
        return SQL(
            """
              FROM customer_exit case_
         LEFT JOIN toxicity_indicator reason ON reason.id = case_.main_reason_id
        CROSS JOIN LATERAL (
                SELECT %(days)s, SUM(step.days) AS days_total
                  FROM (
                    SELECT state, EXTRACT(EPOCH FROM
                           COALESCE(date_to, NOW() AT TIME ZONE 'UTC') - date_from
                           ) / 86400 AS days
                      FROM customer_exit_step
                     WHERE exit_id = case_.id AND state IN %(steps)s
                  ) step
              ) spent
         LEFT JOIN LATERAL (
                SELECT done.regret
                  FROM customer_exit_review done
                 WHERE done.exit_id = case_.id AND done.state = 'done'
              ORDER BY done.months DESC
                 LIMIT 1
              ) review ON TRUE
            """,
            steps=STEPS,
            days=SQL(", ").join(
                SQL(
                    "SUM(step.days) FILTER (WHERE step.state = %s) AS %s",
                    step,
                    SQL.identifier(f"days_{step}"),
                )
                for step in STEPS
            ),
        )
