"""Drift of orders: what tracking says about their untaxed amount."""

from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from .scope_change_item import ON_ORDER
from .scope_drift import DriftDay, get_drift


class ScopeChangeScan(models.Model):
    _inherit = "scope.change.scan"

    @api.model
    def _scan_orders(self, scope):
        """Propose the drift of the orders of the scope (alias -> SQL).

        In SQL, because it asks the history of all orders of a company: two queries
        for a batch, whatever the number of its orders.
        """
        self.env.flush_all()
        self._complete_baselines(scope)
        moves = self.env.execute_query_dict(self._get_moves_sql(scope))
        found = self._find_order_drift(moves)
        open_lines = self._get_open_order_lines(scope)
        return self.env["scope.change.proposal"]._propose(open_lines, found)

    @api.model
    def _complete_baselines(self, scope):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT sale.id FROM sale_order sale
                 WHERE sale.state = 'sale' AND sale.date_baseline IS NULL AND %s
                """,
                scope("sale"),
            )
        )
        if rows:
            orders = self.env["sale.order"].browse(row[0] for row in rows)
            orders._reconstruct_baselines()

    @api.model
    def _get_open_order_lines(self, scope):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM scope_change_proposal_line line
                  JOIN scope_change_proposal proposal ON proposal.id = line.proposal_id
                  JOIN sale_order sale ON sale.id = proposal.order_id
                 WHERE proposal.state = 'proposed' AND line.what = 'untaxed' AND %s
                """,
                scope("sale"),
            )
        )
        return self.env["scope.change.proposal.line"].browse(row[0] for row in rows)

    # -- what nobody has noted -------------------------------------------------------

    @api.model
    def _find_order_drift(self, moves):
        """{key of a proposal: its evidence and amount}, of the orders that moved."""
        orders = self.env["sale.order"].browse({move["order_id"] for move in moves})
        if not orders:
            return {}
        days, evidence = self._get_days(moves), defaultdict(list)
        for order_id, day, again, noted, decided in self.env.execute_query(
            self._get_noted_sql(self._get_ids_scope(orders))
        ):
            known = days[order_id][day, again]
            known.noted += noted
            known.decided += decided
        for move in moves:
            if not move["is_decided"]:
                key = (move["order_id"], False, move["day"], move["again"])
                evidence[key].append(self._prepare_order_line(move))
        found = {}
        for order in orders:
            known = days[order.id]
            for (day, again), amount in self._get_order_drift(order, known).items():
                key = (order.id, False, day, again)
                found[key] = {
                    "amount": amount,
                    "noted_amount": known[day, again].noted,
                    "lines": evidence[key],
                }
        return found

    @api.model
    def _get_days(self, moves):
        days = defaultdict(lambda: defaultdict(DriftDay))
        for move in moves:
            day = days[move["order_id"]][move["day"], move["again"]]
            day.tracked += move["new_number"] - move["old_number"]
            day.has_news |= not move["is_decided"]
        return days

    @api.model
    def _get_order_drift(self, order, days):
        register = sum(day.noted + day.decided for day in days.values())
        gap = order.amount_untaxed - order.baseline_amount - register
        noise = order.currency_id.rounding * (len(order.order_line) + 1)
        drift = get_drift(days, gap, noise)
        return {key: order.currency_id.round(amount) for key, amount in drift.items()}

    @api.model
    def _prepare_order_line(self, move):
        names = ("old_number", "new_number", "tracking_id", "message_id")
        return {
            **{name: move[name] for name in names},
            "what": "untaxed",
            "name": move["order_name"],
            "moved_at": move["date"],
            "author_name": move["author_name"],
            "is_by_customer": move["is_by_customer"],
        }

    # -- what is kept ----------------------------------------------------------------

    @api.model
    def _get_moves_sql(self, scope):
        """Each tracked move of the orders on which a day is not noted in full.

        *phase* counts the changes of state up to a message, that of the message
        itself included: what moved together with a confirmation is its own doing.
        Orders whose confirmation was not tracked count from their date. Of messages
        that were deleted since, what a proposal kept of them stands in for them.
        """
        get_id = self.env["ir.model.fields"]._get_ids("sale.order").get
        return SQL(
            """
            WITH sale AS (
                SELECT sale.id, sale.name, sale.currency_id,
                       COALESCE(sale.date_baseline, sale.date_order) AS since
                  FROM sale_order sale
                 WHERE sale.state = 'sale' AND %(scope)s
            ), tracked AS (
                SELECT sale.id AS order_id, sale.name AS order_name, sale.since,
                       message.id AS message_id, message.date, message.author_id,
                       message.email_from, tracking.id AS tracking_id,
                       tracking.field_id = %(state_id)s AS is_state,
                       tracking.field_id = %(state_id)s AND (
                           tracking.new_value_char IN %(confirmed)s
                           OR message.subtype_id = %(subtype_id)s) AS is_confirmed,
                       COALESCE(tracking.old_value_float, 0) AS old_number,
                       COALESCE(tracking.new_value_float, 0) AS new_number
                  FROM sale
                  JOIN mail_message message
                    ON message.model = 'sale.order' AND message.res_id = sale.id
                  JOIN mail_tracking_value tracking
                    ON tracking.mail_message_id = message.id
                 WHERE tracking.field_id = %(state_id)s
                    OR (tracking.field_id = %(amount_id)s
                        AND COALESCE(tracking.currency_id, sale.currency_id)
                            = sale.currency_id)
            ), placed AS (
                SELECT tracked.*,
                       COUNT(*) FILTER (WHERE is_state) OVER so_far AS phase,
                       COUNT(*) FILTER (WHERE is_confirmed) OVER so_far
                           AS confirmations,
                       COUNT(*) FILTER (WHERE is_confirmed)
                           OVER (PARTITION BY order_id) AS all_confirmations,
                       MIN(date) FILTER (WHERE is_confirmed)
                           OVER (PARTITION BY order_id ORDER BY message_id
                                 RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
                           AS confirmed_at,
                       BOOL_OR(is_state)
                           OVER (PARTITION BY order_id, message_id) AS with_state
                  FROM tracked
                WINDOW so_far AS (PARTITION BY order_id ORDER BY message_id)
            ), phased AS (
                SELECT placed.*,
                       BOOL_OR(is_confirmed)
                           OVER (PARTITION BY order_id, phase) AS in_force
                  FROM placed
            ), moves AS (
                SELECT phased.*,
                       all_confirmations > 0 AND NOT (in_force AND NOT with_state)
                           AS again,
                       CASE WHEN all_confirmations > 0
                             AND NOT (in_force AND NOT with_state)
                            THEN COALESCE(confirmed_at, date)
                            ELSE date END::date AS day
                  FROM phased
                 WHERE NOT is_state
                   AND CASE WHEN all_confirmations = 0 THEN date > since
                            ELSE confirmations > 1
                                 OR (confirmations = 1
                                     AND NOT (in_force AND with_state)) END
            ), all_moves AS (
                SELECT order_id, order_name, day, again, date, message_id,
                       tracking_id, old_number, new_number, author_id, email_from,
                       NULL AS author_name, NULL::bool AS is_by_customer
                  FROM moves
             UNION ALL
                SELECT sale.id, sale.name, proposal.date, proposal.is_confirmed_again,
                       line.moved_at, line.message_id, line.tracking_id,
                       line.old_number, line.new_number, NULL, NULL,
                       line.author_name, line.is_by_customer
                  FROM scope_change_proposal_line line
                  JOIN scope_change_proposal proposal ON proposal.id = line.proposal_id
                  JOIN sale ON sale.id = proposal.order_id
                 WHERE line.what = 'untaxed'
                   AND NOT EXISTS (SELECT 1 FROM mail_tracking_value tracking
                                    WHERE tracking.id = line.tracking_id)
            ), noted AS (
                SELECT order_id, day, again, SUM(noted + decided) AS amount
                  FROM (%(noted)s) AS each
              GROUP BY order_id, day, again
            ), drifting AS (
                SELECT DISTINCT days.order_id
                  FROM (SELECT order_id, day, again,
                               SUM(new_number - old_number) AS amount
                          FROM all_moves
                      GROUP BY order_id, day, again) days
             LEFT JOIN noted USING (order_id, day, again)
                 WHERE ABS(days.amount - COALESCE(noted.amount, 0)) > 0.0001
            )
            SELECT moves.order_id, moves.order_name, moves.day, moves.again,
                   moves.date, moves.message_id, moves.tracking_id,
                   moves.old_number, moves.new_number,
                   COALESCE(moves.author_name, author.name, moves.email_from)
                       AS author_name,
                   COALESCE(moves.is_by_customer, %(by_customer)s) AS is_by_customer,
                   %(decided)s AS is_decided
              FROM all_moves moves
              JOIN drifting ON drifting.order_id = moves.order_id
         LEFT JOIN res_partner author ON author.id = moves.author_id
          ORDER BY moves.order_id, moves.day, moves.message_id
            """,
            scope=scope("sale"),
            state_id=get_id("state"),
            amount_id=get_id("amount_untaxed"),
            confirmed=self.env["sale.order"]._get_confirmed_labels(),
            subtype_id=self.env["ir.model.data"]._xmlid_to_res_id(
                "sale.mt_order_confirmed"
            ),
            noted=self._get_noted_sql(scope),
            by_customer=self._is_by_customer_sql(),
            decided=self._is_decided_sql(SQL("moves.tracking_id")),
        )

    @api.model
    def _get_noted_sql(self, scope):
        """(order, day, again, noted, decided): what is known already, in parts.

        What was moved to an amendment left the order later than the change's day.
        Expenses that Odoo puts on the order are no part of what was agreed.
        """
        return SQL(
            """
            SELECT item.order_id,
                   CASE WHEN item.what = 'moved' THEN item.create_date::date
                        ELSE change.date END AS day,
                   item.what = 'order' AS again,
                   item.amount AS noted, 0 AS decided
              FROM scope_change_item item
              JOIN scope_change change ON change.id = item.change_id
              JOIN sale_order sale ON sale.id = item.order_id
             WHERE item.what IN %(on_order)s AND %(scope)s
               AND NOT EXISTS (SELECT 1 FROM scope_change_proposal proposal
                                WHERE proposal.change_id = change.id)
         UNION ALL
            SELECT line.order_id, line.create_date::date, FALSE,
                   line.price_subtotal, 0
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
             WHERE line.is_expense AND %(scope)s
         UNION ALL
            SELECT proposal.order_id, proposal.date, proposal.is_confirmed_again,
                   0, proposal.amount
              FROM scope_change_proposal proposal
              JOIN sale_order sale ON sale.id = proposal.order_id
             WHERE proposal.state != 'proposed' AND %(scope)s
            """,
            on_order=ON_ORDER,
            scope=scope("sale"),
        )

    @api.model
    def _is_by_customer_sql(self):
        """Whether *author*, a partner, has no internal user; nobody is us."""
        return SQL(
            """
            (author.id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM res_users
                 WHERE res_users.partner_id = author.id AND NOT res_users.share))
            """
        )

    @api.model
    def _is_decided_sql(self, tracking_id):
        return SQL(
            """
            EXISTS (
                SELECT 1 FROM scope_change_proposal_line line
                  JOIN scope_change_proposal proposal ON proposal.id = line.proposal_id
                 WHERE line.tracking_id = %s AND proposal.state != 'proposed')
            """,
            tracking_id,
        )
