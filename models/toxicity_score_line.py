from collections.abc import Collection

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from .toxicity_indicator import POLARITIES

# An id is made of the score's and, in the last digits, of the indicator's.
INDICATORS = 100_000


class ToxicityScoreLine(models.Model):
    """The part of one indicator in a score: ``load = weight × min(cap, x)``.

    What the row of the score keeps (see its ``init``), as records to search and read.
    """

    _name = "toxicity.score.line"
    _description = "Reason of a customer relationship score"
    _order = "load desc, id"
    _rec_name = "indicator_id"
    _auto = False
    _depends = {"toxicity.indicator": ["polarity"]}

    score_id = fields.Many2one("toxicity.score", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    commercial_partner_id = fields.Many2one(
        "res.partner", string="Commercial Entity", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    indicator_id = fields.Many2one("toxicity.indicator", string="Reason", readonly=True)
    dimension = fields.Selection(related="indicator_id.dimension")
    polarity = fields.Selection(POLARITIES, readonly=True)
    origin = fields.Selection(related="indicator_id.origin")
    value = fields.Float(
        readonly=True,
        aggregator=None,
        help="What was measured, or the decayed sum of the signals.",
    )
    intensity = fields.Float(
        readonly=True,
        aggregator=None,
        help="The x of the formula: the sum of decayed signals, or where the value "
        "lies between low (0) and high (1).",
    )
    load = fields.Float(readonly=True, aggregator="sum")
    share = fields.Float(
        compute="_compute_share",
        aggregator=None,
        help="Share of the strain, or of the credit, of this customer.",
    )
    value_text = fields.Char(compute="_compute_value_text", string="Found")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT score.id::bigint * %(indicators)s + part.indicator_id AS id,
                   score.id AS score_id, score.partner_id,
                   score.commercial_partner_id, score.company_id,
                   part.indicator_id, indicator.polarity,
                   part.value, part.intensity, part.load
              FROM toxicity_score score
        CROSS JOIN LATERAL %(parts)s
              JOIN toxicity_indicator indicator ON indicator.id = part.indicator_id
            """,
            indicators=INDICATORS,
            parts=self.env["toxicity.score"]._unnest_parts(),
        )

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Find records by their score, which has an index: their ids have none."""

        def narrow(condition):
            is_ids = isinstance(condition.value, Collection)
            if (condition.field_expr, condition.operator, is_ids) != ("id", "in", True):
                return condition
            scores = {id // INDICATORS for id in condition.value if id}
            return condition & Domain("score_id", "in", scores)

        domain = Domain(domain).map_conditions(narrow)
        return super()._search(domain, *args, **kwargs)

    @api.depends("load", "score_id.line_ids.load", "polarity")
    def _compute_share(self):
        for line in self:
            siblings = line.score_id.line_ids.filtered(
                lambda other, line=line: other.polarity == line.polarity
            )
            total = sum(siblings.mapped("load"))
            line.share = line.load / total if total else 0.0

    @api.depends("value", "indicator_id.unit", "origin")
    def _compute_value_text(self):
        counts = self._get_signal_counts()
        for line in self:
            line.value_text = (
                line._format_value(line.value)
                if line.origin == "measured"
                else self.env._("%(count)s recorded", count=counts.get(line._key(), 0))
            )

    def _get_signal_counts(self):
        """How many signals count, by (customer id, company id, indicator id)."""
        recorded = self.filtered(lambda line: line.origin == "recorded")
        groups = self.env["toxicity.signal"]._read_group(
            [
                ("commercial_partner_id", "in", recorded.commercial_partner_id.ids),
                ("indicator_id", "in", recorded.indicator_id.ids),
                ("state", "=", "counted"),
            ],
            ["commercial_partner_id", "company_id", "indicator_id"],
            ["__count"],
        )
        return {
            (customer.id, company.id, indicator.id): count
            for customer, company, indicator, count in groups
        }

    def _key(self):
        return self.commercial_partner_id.id, self.company_id.id, self.indicator_id.id

    def _format_value(self, value):
        """A measured value in the indicator's unit, as the user would say it."""
        unit = self.indicator_id.unit
        if unit == "percent":
            return f"{formatLang(self.env, 100 * value, digits=0)} %"
        if unit == "days":
            return self.env._(
                "%(days)s days", days=formatLang(self.env, value, digits=0)
            )
        if unit == "yesno":
            return self.env._("Yes") if value else self.env._("No")
        if unit == "count":
            return formatLang(self.env, value, digits=0)
        return formatLang(self.env, value, digits=2)

    def _get_bar(self):
        """One bar of the Scoring tab: what was found and how far it fills the bar."""
        self.ensure_one()
        indicator = self.indicator_id.with_company(self.company_id)
        is_measured = indicator.origin == "measured"
        return {
            "id": self.id,
            "name": indicator.name,
            "about": indicator.description or "",
            "polarity": self.polarity,
            "dimension": dict(
                self._fields["dimension"]._description_selection(self.env)
            ).get(self.dimension, ""),
            "value": self.value_text,
            "low": self._format_value(indicator.low) if is_measured else "",
            "high": self._format_value(indicator.high) if is_measured else "",
            "half_life": False if is_measured else indicator.half_life,
            "fill": min(1.0, self.intensity / indicator.cap),
            "weight": indicator.company_weight,
            "strength": min(indicator.cap, self.intensity),
            "load": self.load,
            "share": self.share,
            "records": self._get_record_links(),
        }

    def _get_record_links(self):
        """What can be opened behind the number: one link per model."""
        measures = self.env["toxicity.measure"]
        return [
            {
                "model": model,
                "label": measures._get_record_label(model),
                "readable": self.env[model].has_access("read"),
            }
            for model in self._get_record_models()
        ]

    def _get_record_models(self):
        if self.origin == "recorded":
            return ["toxicity.signal"]
        behind = self.env["toxicity.measure"]._get_records_behind()
        return list(behind.get(self.indicator_id.code, ()))

    def action_open_records(self, model=None):
        """Open exactly the records that made the number, of the model or the first."""
        self.ensure_one()
        measures = self.env["toxicity.measure"]
        if self.origin == "recorded":
            action = self._get_signals_action()
        else:
            action = measures._open_records_behind(
                self.indicator_id.code,
                self.commercial_partner_id,
                self.company_id,
                model or next(iter(self._get_record_models()), None),
            )
        if not action:
            raise UserError(
                self.env._(
                    "No records of this kind are behind %(indicator)s: the Scoring tab "
                    "names those that are.",
                    indicator=self.indicator_id.name,
                )
            )
        label = measures._get_record_label(action["res_model"])
        return {**action, "name": f"{self.indicator_id.name}: {label}"}

    def _get_signals_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "toxicity.signal",
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("indicator_id", "=", self.indicator_id.id),
                ("state", "=", "counted"),
            ],
            "context": {"create": False},
        }
