from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .customer_exit import OPEN_STATES
from .toxicity_score import BANDS, CLASSES, TRENDS

GROUP = "toxic_customer_exit.group_toxicity_user"

# Our field on the partner -> the column of toxicity.score it shows
SCORE_COLUMNS = {
    "toxicity_score": "score",
    "toxicity_credit": "credit",
    "toxicity_band": "current_band",
    "toxicity_trend": "trend",
    "customer_class": "customer_class",
}


class ResPartner(models.Model):
    """Shows the score of the customer in the current company, and never stores it.

    Partners are hot rows: scoring writes its own tables only. The fields are
    converted to SQL by a join, which makes them searchable, sortable and groupable;
    both ways in check the field's groups, which Odoo does for stored fields alone.
    """

    _inherit = "res.partner"

    toxicity_score_id = fields.Many2one(
        "toxicity.score",
        string="Relationship score",
        compute="_compute_toxicity_score_id",
        groups=GROUP,
    )
    toxicity_score = fields.Float(
        string="Score",
        compute="_compute_toxicity",
        search="_search_toxicity_score",
        digits=(5, 2),
        aggregator="avg",
        groups=GROUP,
        help="Strain of the relationship: 0 is none, every unit of load halves what "
        "goodwill is left.",
    )
    toxicity_credit = fields.Float(
        string="Credit",
        compute="_compute_toxicity",
        search="_search_toxicity_credit",
        digits=(5, 2),
        aggregator="avg",
        groups=GROUP,
        help="What speaks for the customer, on the same scale. It never hides strain.",
    )
    toxicity_band = fields.Selection(
        BANDS,
        string="Band",
        compute="_compute_toxicity",
        search="_search_toxicity_band",
        groups=GROUP,
    )
    toxicity_trend = fields.Selection(
        TRENDS,
        string="Trend",
        compute="_compute_toxicity",
        search="_search_toxicity_trend",
        groups=GROUP,
        help="The score against the one of four weeks ago.",
    )
    customer_class = fields.Selection(
        CLASSES,
        string="Customer class",
        compute="_compute_toxicity",
        search="_search_customer_class",
        groups=GROUP,
    )
    toxicity_explanation = fields.Json(
        string="Why", compute="_compute_toxicity_explanation", groups=GROUP
    )
    toxicity_line_ids = fields.Many2many(
        "toxicity.score.line",
        string="Reasons",
        compute="_compute_toxicity_line_ids",
        groups=GROUP,
    )
    toxicity_signal_ids = fields.Many2many(
        "toxicity.signal",
        string="Signals",
        compute="_compute_toxicity_signal_ids",
        groups=GROUP,
    )
    toxicity_signal_count = fields.Integer(
        string="Signal Count", compute="_compute_toxicity_signal_ids", groups=GROUP
    )
    customer_claim_ids = fields.Many2many(
        "customer.claim",
        string="Claims",
        compute="_compute_customer_claim_ids",
        groups=GROUP,
    )

    open_exit_id = fields.Many2one(
        "customer.exit", string="Exit", compute="_compute_open_exit_id", groups=GROUP
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_toxicity_score_id(self):
        # With what lists show of them: one query, not a second for all columns.
        scores = self.env["toxicity.score"].search_fetch(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "=", self.env.company.id),
            ],
            ["partner_id", *SCORE_COLUMNS.values()],
        )
        by_customer = {score.partner_id.id: score for score in scores}
        for partner in self:
            partner.toxicity_score_id = by_customer.get(
                partner.commercial_partner_id.id
            )

    # What only the form shows is computed apart: lists would pay for it.
    @api.depends("toxicity_score_id")
    @api.depends_context("company")
    def _compute_toxicity_line_ids(self):
        for partner in self:
            partner.toxicity_line_ids = partner.toxicity_score_id.line_ids

    @api.depends("toxicity_score_id")
    @api.depends_context("company")
    def _compute_toxicity_explanation(self):
        for partner in self:
            partner.toxicity_explanation = partner.toxicity_score_id.explanation

    @api.depends("toxicity_score_id")
    @api.depends_context("company")
    def _compute_toxicity(self):
        for partner in self:
            score = partner.toxicity_score_id
            for field, column in SCORE_COLUMNS.items():
                partner[field] = score[column]
            partner.toxicity_band = score.current_band or "unknown"

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_toxicity_signal_ids(self):
        groups = self.env["toxicity.signal"]._read_group(
            [
                ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "=", self.env.company.id),
            ],
            ["commercial_partner_id"],
            ["id:recordset"],
        )
        by_customer = {customer.id: signals for customer, signals in groups}
        for partner in self:
            signals = by_customer.get(
                partner.commercial_partner_id.id, self.env["toxicity.signal"]
            )
            partner.toxicity_signal_ids = signals.sorted()
            partner.toxicity_signal_count = len(signals)

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_customer_claim_ids(self):
        groups = self.env["customer.claim"]._read_group(
            [
                ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "=", self.env.company.id),
            ],
            ["commercial_partner_id"],
            ["id:recordset"],
        )
        by_customer = {customer.id: claims for customer, claims in groups}
        for partner in self:
            claims = by_customer.get(
                partner.commercial_partner_id.id, self.env["customer.claim"]
            )
            partner.customer_claim_ids = claims.sorted()

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_open_exit_id(self):
        exits = self.env["customer.exit"].search(
            [
                ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "=", self.env.company.id),
                ("state", "in", OPEN_STATES),
            ]
        )
        by_customer = {case.commercial_partner_id.id: case for case in exits}
        for partner in self:
            partner.open_exit_id = by_customer.get(partner.commercial_partner_id.id)

    @api.model
    def _invalidate_toxicity(self):
        """Forget the computed fields above; partners themselves were not written."""
        names = [name for name in self._fields if name.startswith("toxicity_")]
        self.invalidate_model([*names, "customer_class"], flush=False)

    @api.model
    def _invalidate_claims(self):
        """Forget the claims shown on partners."""
        self.invalidate_model(["customer_claim_ids"], flush=False)

    # -- search, sort and group -----------------------------------------------------

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr in SCORE_COLUMNS:
            self._check_field_access(self._fields[field_expr], "read")
            column = SQL.identifier(
                self._join_toxicity_score(alias, query), SCORE_COLUMNS[field_expr]
            )
            if field_expr == "toxicity_band":
                return SQL("COALESCE(%s, 'unknown')", column)
            return column
        return super()._field_to_sql(alias, field_expr, query)

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if field_name == "toxicity_band":
            # By severity, not by the letters of the key.
            band = self._field_to_sql(alias, field_name, query)
            keys = [key for key, _label in BANDS]
            rank = SQL("ARRAY_POSITION(%s, %s::varchar)", keys, band)
            query._order_groupby.append(rank)
            return SQL("%s %s %s", rank, direction, nulls)
        if field_name in SCORE_COLUMNS and not nulls.code:
            # Customers without a score come last, whichever way one sorts.
            nulls = SQL("NULLS LAST")
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    def _join_toxicity_score(self, alias, query):
        """Join the scores of the current company once; the alias of the join."""
        score_alias = query.make_alias(alias, "toxicity_score")
        if score_alias not in query._joins:
            query.add_join(
                "LEFT JOIN",
                score_alias,
                "toxicity_score",
                SQL(
                    "%s = %s AND %s = %s",
                    SQL.identifier(score_alias, "partner_id"),
                    SQL.identifier(
                        alias,
                        "commercial_partner_id",
                        to_flush=self._fields["commercial_partner_id"],
                    ),
                    SQL.identifier(score_alias, "company_id"),
                    self.env.company.id,
                ),
            )
        return score_alias

    def _search_toxicity_score(self, operator, value):
        return self._search_toxicity("toxicity_score", operator, value)

    def _search_toxicity_credit(self, operator, value):
        return self._search_toxicity("toxicity_credit", operator, value)

    def _search_toxicity_trend(self, operator, value):
        return self._search_toxicity("toxicity_trend", operator, value)

    def _search_customer_class(self, operator, value):
        return self._search_toxicity("customer_class", operator, value)

    def _search_toxicity_band(self, operator, value):
        if operator == "in" and "unknown" in value:
            value = (set(value) - {"unknown"}) | {False}
        return self._search_toxicity("toxicity_band", operator, value)

    def _search_toxicity(self, field, operator, value):
        """Customers by a column of their score in the current company."""
        self._check_field_access(self._fields[field], "read")
        column = SCORE_COLUMNS[field]
        if operator == "in":
            return self._get_scored_domain(Domain(column, "in", value), value)
        if operator in ("<", ">", "<=", ">="):
            return self._get_scored_domain(Domain(column, operator, value))
        return NotImplemented

    def _get_scored_domain(self, domain, value=()):
        """Partners whose customer has a matching score; False stands for no score.

        Asked of the joined score, by which one may sort too: the first page of a long
        list is then read in its order, and not found among all customers.
        """
        # sudo: the field's group was checked, and no rule narrows beyond the company
        scores = self.env["toxicity.score"].sudo()
        domain = domain.optimize_full(scores)

        def to_sql(_model, alias, query):
            score_alias = self._join_toxicity_score(alias, query)
            score_id = SQL.identifier(score_alias, "id")
            matches = domain._to_sql(scores, score_alias, query)
            found = SQL("(%s IS NOT NULL AND %s)", score_id, matches)
            # By identity: a score of 0 equals False, and is a score.
            if not any(each is False for each in value):
                return found
            return SQL("(%s IS NULL OR %s)", score_id, found)

        return Domain.custom(to_sql=to_sql)

    # -- actions --------------------------------------------------------------------

    def action_set_toxicity_band(self):
        """Let a manager set the band beside the computed one."""
        self.ensure_one()
        self.env["toxicity.score"].check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set the band"),
            "res_model": "toxicity.score",
            "res_id": self.toxicity_score_id.id,
            "view_mode": "form",
            "views": [
                (
                    self.env.ref(
                        "toxic_customer_exit.toxicity_score_view_form_override"
                    ).id,
                    "form",
                )
            ],
            "target": "new",
        }
