from odoo import api, fields, models
from odoo.tools import SQL

from .scope_change import OPEN_STATES
from .scope_creep import search_creep, search_high_creep

READ_GROUP = "toxic_customer_exit.group_toxicity_user"
CREEP_FIELDS = ("scope_creep", "scope_creep_amount", "is_scope_creep_high")
# All that an order shows of the register, read together.
FIGURES = (
    *CREEP_FIELDS,
    *("has_undecided_changes", "scope_change_count", "amendment_count"),
)


class SaleOrder(models.Model):
    """How much of what was agreed was given away, or moved without a decision.

    Creep = (absorbed + undecided changes) ÷ baseline, in percent, of a contract: an
    order with its confirmed amendments, which all show the same number. Both sides
    are in the currency of the order.

    - Above the line stands the ``creep_amount`` of the contract's scope changes:
      absorbed ones at list price, undecided ones (detected, negotiating) with what
      the customer gets more. Less of one thing does not offset more of another, and
      agreed, declined and withdrawn changes count nothing.
    - Below it stands the baseline of the original order, as the customer first
      signed it. Amendments do not raise it: a number that fell because more was sold
      would hide what was given away before.
    - Where the baseline is 0 there is an amount and no percentage, and a cancelled
      order, or one without a baseline, has neither.
    """

    _inherit = "sale.order"

    scope_creep = fields.Float(
        "Creep (%)",
        digits=(16, 2),
        compute="_compute_scope_creep",
        search="_search_scope_creep",
        aggregator=None,
        groups=READ_GROUP,
        help="Changes given away (at list price) or still undecided, in percent of "
        "what was agreed originally. Amendments count with the order they amend.",
    )
    scope_creep_amount = fields.Monetary(
        "Creep",
        compute="_compute_scope_creep",
        groups=READ_GROUP,
        help="Changes given away, at list price, or still undecided.",
    )
    is_scope_creep_high = fields.Boolean(
        "Creep above Threshold",
        compute="_compute_scope_creep",
        search="_search_is_scope_creep_high",
        groups=READ_GROUP,
    )
    has_undecided_changes = fields.Boolean(
        compute="_compute_scope_creep",
        groups=READ_GROUP,
        help="Whether there is something to renegotiate.",
    )

    scope_change_count = fields.Integer(
        compute="_compute_scope_creep", groups=READ_GROUP
    )
    amendment_count = fields.Integer(compute="_compute_scope_creep", groups=READ_GROUP)

    @api.depends("state", "amended_order_id", "baseline_amount", "scope_change_ids")
    def _compute_scope_creep(self):
        self._show_figures(self._get_register_figures())

    def _show_figures(self, figures):
        for order in self:
            row = figures.get(order._origin.id, {})
            for name, value in order._get_shown_figures(row).items():
                order[name] = value

    def _get_shown_figures(self, row):
        """The fields of this order by its row of _get_register_figures."""
        creep = row if self.state == "sale" else {}
        return {
            "scope_creep": creep.get("percent") or 0.0,
            "scope_creep_amount": creep.get("amount") or 0.0,
            "is_scope_creep_high": bool(creep.get("is_high")),
            "has_undecided_changes": bool(creep.get("is_open")),
            "scope_change_count": row.get("change_count", 0),
            "amendment_count": row.get("amendment_count", 0),
        }

    def _get_register_figures(self):
        """{order id: what its contract's creep is and its form says}, in one query."""
        creep = self._get_creep_sql(self)
        figures = SQL(
            """
            SELECT sale.id, creep.*,
                   (SELECT COUNT(*) FROM scope_change
                     WHERE order_id = sale.id) AS change_count,
                   (SELECT COUNT(*) FROM sale_order
                     WHERE amended_order_id = sale.id) AS amendment_count
              FROM sale_order sale
         LEFT JOIN (%(creep)s) creep
                ON creep.contract_id = COALESCE(sale.amended_order_id, sale.id)
             WHERE sale.id IN %(ids)s
            """,
            creep=creep,
            ids=tuple(self.ids) or (0,),
        )
        return {row["id"]: row for row in self.env.execute_query_dict(figures)}

    def _get_scope_creep(self):
        """{order id: {amount, percent, is_high, ...}} of those whose contract has any.

        One query, whoever asks and however many there are.
        """
        found = SQL(
            """
            SELECT part.id, contract.*
              FROM (%(contracts)s) contract
              JOIN sale_order part
                ON COALESCE(part.amended_order_id, part.id) = contract.contract_id
             WHERE part.id IN %(ids)s AND part.state = 'sale'
            """,
            contracts=self._get_creep_sql(self),
            ids=tuple(self.ids) or (0,),
        )
        return {row["id"]: row for row in self.env.execute_query_dict(found)}

    @api.model
    def _get_creep_sql(self, orders=None):
        """SQL: contract_id, company_id, amount, company_amount, percent,
        is_high, is_open, crossed (ids of changes) of contracts with changes.

        orders: of their contracts only; of all when it is None.
        """
        self.env["scope.change"].flush_model(
            ["order_id", "state", "creep_amount", "crossed_threshold"]
        )
        self.env["sale.order"].flush_model(
            ["state", "amended_order_id", "baseline_amount", "currency_rate"]
        )
        self.env["res.company"].flush_model(["scope_creep_threshold"])
        return SQL(
            """
            SELECT moved.*, percent.value AS percent,
                   moved.amount > 0 AND moved.baseline > 0
                       AND percent.value >= company.scope_creep_threshold AS is_high
              FROM (%(moved)s) moved
              JOIN res_company company ON company.id = moved.company_id
        CROSS JOIN LATERAL (
                   SELECT COALESCE(ROUND(
                       100 * moved.amount / NULLIF(GREATEST(moved.baseline, 0), 0), 2
                   ), 0)::float8 AS value
                   ) percent
            """,
            moved=self._get_moved_sql(orders),
        )

    @api.model
    def _get_moved_sql(self, orders):
        counts = SQL("part.state = 'sale' AND contract.state = 'sale'")
        return SQL(
            """
            SELECT contract.id AS contract_id, contract.company_id,
                   contract.baseline_amount AS baseline,
                   COALESCE(SUM(change.creep_amount) FILTER (WHERE %(counts)s), 0)
                       AS amount,
                   COALESCE(SUM(
                       change.creep_amount / COALESCE(NULLIF(part.currency_rate, 0), 1)
                   ) FILTER (WHERE %(counts)s), 0) AS company_amount,
                   BOOL_OR(change.creep_amount > 0
                           AND change.state IN %(open_states)s) AS is_open,
                   ARRAY_AGG(change.id) FILTER (WHERE change.crossed_threshold)
                       AS crossed
              FROM scope_change change
              JOIN sale_order part ON part.id = change.order_id
              JOIN sale_order contract
                ON contract.id = COALESCE(part.amended_order_id, part.id)
             WHERE (change.creep_amount > 0 OR change.crossed_threshold)
               AND %(chosen)s
          GROUP BY contract.id
            """,
            counts=counts,
            open_states=OPEN_STATES,
            chosen=SQL("TRUE") if orders is None else orders._get_contract_condition(),
        )

    def _get_contract_condition(self):
        """SQL: `change` is one of the contracts of these orders.

        The orders as an array, which costs the planner less than to join them.
        """
        return SQL(
            """
            change.order_id = ANY(ARRAY(
                SELECT sale.id
                  FROM sale_order chosen
                  JOIN sale_order sale
                    ON sale.id = COALESCE(chosen.amended_order_id, chosen.id)
                    OR sale.amended_order_id
                       = COALESCE(chosen.amended_order_id, chosen.id)
                 WHERE chosen.id IN %s
            ))
            """,
            tuple(self.ids) or (0,),
        )

    # -- search ----------------------------------------------------------------------

    def _search_scope_creep(self, operator, value):
        self._check_field_access(self._fields["scope_creep"], "read")
        return search_creep(self._get_creep_by_order_sql(), "id", operator, value)

    def _search_is_scope_creep_high(self, operator, value):
        self._check_field_access(self._fields["is_scope_creep_high"], "read")
        return search_high_creep(self._get_creep_by_order_sql(), "id", operator, value)

    @api.model
    def _get_creep_by_order_sql(self):
        """SQL: id, percent, is_high of all orders whose contract has creep."""
        return SQL(
            """
            SELECT part.id, contract.percent, contract.is_high
              FROM (%s) contract
              JOIN sale_order part
                ON COALESCE(part.amended_order_id, part.id) = contract.contract_id
             WHERE part.state = 'sale'
            """,
            self._get_creep_sql(),
        )

    # -- the threshold ---------------------------------------------------------------

    def _follow_creep(self):
        """Ask to renegotiate contracts that reach the threshold, and stop below it.

        Once for each time it is reached: the change by which it was remembers.
        Called as superuser; one query where nothing happens.
        """
        if not self:
            return
        self._invalidate_scope_creep()
        figures = self._get_register_figures()
        shown = [self._fields[name] for name in FIGURES]
        # Kept, since the form that was saved reads them next.
        with self.env.protecting(shown, self):
            self._show_figures(figures)
        rows = {
            row["contract_id"]: row for row in figures.values() if row["contract_id"]
        }
        for row in rows.values():
            if not row["is_high"] and row["crossed"]:
                self.env["scope.change"].browse(row["crossed"])._cease_to_renegotiate()
        high = [
            id_ for id_, row in rows.items() if row["is_high"] and not row["crossed"]
        ]
        for contract in self._get_contracts_of(high):
            contract._get_creeping_changes()[:1]._ask_to_renegotiate()

    @api.model
    def _get_contracts_of(self, contract_ids):
        """Each of the contracts: the order with its confirmed amendments."""
        if not contract_ids:
            return []
        return self.browse(contract_ids)._get_contracts().values()

    def _get_creeping_changes(self):
        """The changes that make the creep of these orders, the undecided first."""
        changes = self.env["scope.change"].search(
            [("order_id", "in", self.ids), ("creep_amount", ">", 0)],
            order="date desc, id desc",
        )
        return changes.sorted(lambda change: change.state not in OPEN_STATES)

    @api.model
    def _invalidate_scope_creep(self):
        for model in ("sale.order", "project.project", "res.partner"):
            self.env[model].invalidate_model(CREEP_FIELDS, flush=False)

    def _action_confirm(self):
        # Confirmed again, they have the changes that they had before; others have none.
        again = self.sudo().filtered("date_baseline")
        result = super()._action_confirm()
        again._follow_creep()
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        # sudo: whoever cancels an order need not know of its changes
        self.sudo()._follow_creep()
        return result

    # -- actions ---------------------------------------------------------------------

    def action_view_scope_creep(self):
        """Open the changes that make the creep of this contract."""
        self.ensure_one()
        contract = self._get_contracts_of(self._get_contract_root().ids)
        orders = self.union(*contract)
        action = self.env["scope.change"]._get_action_for(
            [("order_id", "in", orders.ids), ("creep_amount", ">", 0)],
            {"default_order_id": self.id, "default_partner_id": self.partner_id.id},
        )
        # A list first: there several are chosen and renegotiated together.
        views = [(False, view) for view in ("list", "kanban", "form", "activity")]
        return {**action, "views": views}

    def action_renegotiate_scope_creep(self):
        """Make one quotation of all that is undecided of this contract."""
        self.ensure_one()
        changes = self.env["scope.change"]
        # The button's method is public, and customers can read their orders.
        changes.check_access("write")
        root = self._get_contract_root()
        orders = self.sudo().union(*self._get_contracts_of(root.ids))
        undecided = orders._get_creeping_changes().filtered(
            lambda change: change.state in OPEN_STATES
        )
        return undecided.sudo(False).action_renegotiate()
