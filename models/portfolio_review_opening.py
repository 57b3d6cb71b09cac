import logging

from psycopg2 import errors

from odoo import api, fields, models
from odoo.tools import SQL, mute_logger

from .portfolio_review_line import REASONS

_logger = logging.getLogger(__name__)

# From so many points on, a score has moved.
MOVE_POINTS = 10
# A longer list of candidates is not decided on: those with the most credit come.
MAX_CANDIDATES = 20


class PortfolioReview(models.Model):
    """How a review comes about, and whom it takes in.

    It compares the scores of the day it is made with the last snapshots until the end
    of the quarter before the one it looks back on: made on the first of October, with
    those of the end of June.
    """

    _inherit = "portfolio.review"

    @api.model
    def _cron_open(self):
        """Make the review of this quarter where there is none; earlier ones stay out.

        Company by company, and each is committed: a run that is stopped goes on there.
        """
        companies = self._find_companies_without()
        remaining = len(companies)
        for company in companies:
            self._try_to_open(company)
            remaining -= 1
            if not self.env["ir.cron"]._commit_progress(1, remaining=remaining):
                return

    @api.model
    def _get_quarter(self):
        return fields.Date.start_of(fields.Date.today(), "quarter")

    @api.model
    def _find_companies_without(self):
        """The companies that know of customers and have no review of this quarter."""
        reviews = self.search([("date", "=", self._get_quarter())])
        groups = self.env["toxicity.score"]._read_group(
            [("company_id", "not in", reviews.company_id.ids)], ["company_id"]
        )
        return self.env["res.company"].union(*(company for (company,) in groups))

    @api.model
    def _try_to_open(self, company):
        """One company's failure is no other's; the next run tries again."""
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                self._open(company)
        except errors.UniqueViolation:
            _logger.info("%s has its review by now.", company.name)
            self.env.invalidate_all(flush=False)
        except Exception:
            # Whatever an automation rule or another module raises there.
            _logger.exception("%s could not be reviewed.", company.name)
            self.env.invalidate_all(flush=False)

    @api.model
    def _open(self, company):
        previous = self.search([("company_id", "=", company.id)], limit=1)
        review = self.create({"company_id": company.id, "date": self._get_quarter()})
        previous.line_ids._keep_outcome()
        review._take_in(previous)
        review._ask_managers()
        return review

    # Whom it takes in

    def _take_in(self, previous):
        """Make a line for each customer to decide on, all in one statement."""
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH stood AS MATERIALIZED (%(stood)s),
                candidate AS (%(candidates)s),
                ending AS (%(ending)s),
                due AS (%(due)s),
                carried AS (%(carried)s),
                flagged AS (
                    SELECT partner_id, %(flags)s
                      FROM stood
                 FULL JOIN candidate USING (partner_id)
                 FULL JOIN ending USING (partner_id)
                 FULL JOIN due USING (partner_id)
                 FULL JOIN carried USING (partner_id)
                )
                INSERT INTO portfolio_review_line (
                    review_id, date, partner_id, commercial_partner_id, company_id,
                    score_then, band_then, score_now, band_now, credit_now, class_now,
                    %(columns)s, exit_review_id, quarantine_id, rank, reason,
                    create_uid, create_date, write_uid, write_date
                )
                SELECT %(review)s, %(date)s, partner.id, partner.commercial_partner_id,
                       %(company)s,
                       stood.score_then, stood.band_then, stood.score, stood.band,
                       stood.credit, stood.customer_class,
                       %(columns)s, due.exit_review_id, ending.quarantine_id,
                       ARRAY_POSITION(%(reasons)s, first.reason), first.reason,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM flagged
                  JOIN res_partner partner ON partner.id = flagged.partner_id
             LEFT JOIN stood ON stood.partner_id = flagged.partner_id
             LEFT JOIN due ON due.partner_id = flagged.partner_id
             LEFT JOIN ending ON ending.partner_id = flagged.partner_id
            CROSS JOIN LATERAL (SELECT %(first)s AS reason) first
                 WHERE first.reason IS NOT NULL
                """,
                stood=self._stood(),
                candidates=self._candidates(),
                ending=self._ending_quarantines(),
                due=self._due_exit_reviews(),
                carried=self._carried(previous),
                flags=self._flags(),
                columns=SQL(", ").join(
                    SQL.identifier(f"is_{reason}") for reason, _label in REASONS
                ),
                first=self._first_reason(),
                reasons=[reason for reason, _label in REASONS],
                review=self.id,
                date=self.date,
                company=self.company_id.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_recordset()

    def _stood(self):
        """SQL: each customer as it stands, and as it stood (NULL where unknown)."""
        return SQL(
            """
            SELECT score.partner_id, score.score, score.credit,
                   score.current_band AS band, score.customer_class,
                   past.score AS score_then, past.band AS band_then
              FROM toxicity_score score
         LEFT JOIN LATERAL (
                   SELECT snapshot.score, snapshot.band
                     FROM toxicity_score_snapshot snapshot
                    WHERE snapshot.score_id = score.id AND snapshot.date < %s
                 ORDER BY snapshot.date DESC
                    LIMIT 1) past ON TRUE
             WHERE score.company_id = %s
            """,
            self.date_start,
            self.company_id.id,
        )

    def _flags(self):
        """SQL: a column is_<reason> for each reason."""
        moved = SQL("stood.score - stood.score_then")
        was = SQL("COALESCE(stood.band_then, 'unknown')")
        flags = {
            "carried": SQL("carried.partner_id IS NOT NULL"),
            "new_toxic": SQL("stood.band = 'toxic' AND %s != 'toxic'", was),
            "new_strained": SQL(
                "stood.band = 'strained' AND %s NOT IN ('strained', 'toxic')", was
            ),
            "worse": SQL("%s >= %s", moved, MOVE_POINTS),
            "quarantine": SQL("ending.partner_id IS NOT NULL"),
            "exit_review": SQL("due.partner_id IS NOT NULL"),
            "better": SQL("%s <= %s", moved, -MOVE_POINTS),
            "candidate": SQL("candidate.partner_id IS NOT NULL"),
        }
        return SQL(", ").join(
            SQL(
                "COALESCE(%s, FALSE) AS %s",
                flags[reason],
                SQL.identifier(f"is_{reason}"),
            )
            for reason, _label in REASONS
        )

    def _first_reason(self):
        """SQL: the weightiest reason, NULL without any."""
        cases = (
            SQL("WHEN %s THEN %s", SQL.identifier(f"is_{reason}"), reason)
            for reason, _label in REASONS
        )
        return SQL("CASE %s END", SQL(" ").join(cases))

    def _candidates(self):
        """SQL: customers of the preferred class whom we do not prefer yet."""
        return SQL(
            """
            SELECT stood.partner_id
              FROM stood
         LEFT JOIN LATERAL (
                   SELECT line.decision
                     FROM portfolio_review_line line
                     JOIN portfolio_review review ON review.id = line.review_id
                    WHERE line.partner_id = stood.partner_id
                      AND line.company_id = %s
                      AND line.decision != 'carry'
                 ORDER BY review.date DESC
                    LIMIT 1) last ON TRUE
             WHERE stood.customer_class = 'preferred'
               AND last.decision IS DISTINCT FROM 'prefer'
          ORDER BY stood.credit DESC, stood.score, stood.partner_id
             LIMIT %s
            """,
            self.company_id.id,
            MAX_CANDIDATES,
        )

    def _ending_quarantines(self):
        """SQL: whose quarantine ends by the end of this quarter."""
        return SQL(
            """
            SELECT DISTINCT ON (commercial_partner_id)
                   commercial_partner_id AS partner_id, id AS quarantine_id
              FROM customer_quarantine
             WHERE state IN ('active', 'review') AND company_id = %s AND date_to <= %s
          ORDER BY commercial_partner_id, date_to, id
            """,
            self.company_id.id,
            fields.Date.end_of(self.date, "quarter"),
        )

    def _due_exit_reviews(self):
        """SQL: former customers to look back at by the end of this quarter."""
        return SQL(
            """
            SELECT DISTINCT ON (commercial_partner_id)
                   commercial_partner_id AS partner_id, id AS exit_review_id
              FROM customer_exit_review
             WHERE state = 'planned' AND company_id = %s AND date_due <= %s
          ORDER BY commercial_partner_id, date_due, id
            """,
            self.company_id.id,
            fields.Date.end_of(self.date, "quarter"),
        )

    def _carried(self, previous):
        """SQL: the customers that the review before left to this one."""
        return SQL(
            """
            SELECT DISTINCT commercial_partner_id AS partner_id
              FROM portfolio_review_line
             WHERE review_id = %s AND decision = 'carry'
            """,
            previous.id or 0,
        )
