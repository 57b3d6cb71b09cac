from odoo import api, fields, models

MAX_WEIGHT = 10


class ToxicityWeight(models.Model):
    """What an indicator weighs in one company, where that is not its default.

    Without a record the indicator's own weight holds, as in every other company. A
    weight of 0 takes the indicator out of the company's scores, as archiving it takes
    it out of everyone's: it makes no line and is no part of the coverage.
    """

    _name = "toxicity.weight"
    _description = "Weight of an indicator in a company"
    _order = "company_id, indicator_id"
    _rec_name = "indicator_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    indicator_id = fields.Many2one(
        "toxicity.indicator",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    weight = fields.Float(
        required=True,
        readonly=True,
        aggregator=None,
        help="0 means that it does not count in this company.",
    )

    _company_indicator_uniq = models.UniqueIndex("(company_id, indicator_id)")
    # The upper limit also keeps NaN and infinity out: PostgreSQL sorts both above.
    _weight_range = models.Constraint(
        f"CHECK (weight >= 0 AND weight <= {MAX_WEIGHT})",
        "The weight of an indicator in a company lies between 0 and 10.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        weights = super().create(vals_list)
        self.env["toxicity.score"]._schedule_rescore()
        return weights

    def write(self, vals):
        result = super().write(vals)
        self.env["toxicity.score"]._schedule_rescore()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["toxicity.score"]._schedule_rescore()
        return result

    @api.model
    def _get_weights(self, company, indicators):
        """{indicator: what it weighs in the company}, own weight or default."""
        own = self._get_own(company, indicators)
        return {
            indicator: own[indicator].weight if indicator in own else indicator.weight
            for indicator in indicators
        }

    @api.model
    def _get_own(self, company, indicators):
        """{indicator: its record in the company}, of those that have one."""
        # sudo: what an indicator weighs explains the score to whoever may see that
        own = self.sudo().search(
            [("company_id", "=", company.id), ("indicator_id", "in", indicators.ids)]
        )
        records = {indicator.id: indicator for indicator in indicators}
        return {records[weight.indicator_id.id]: weight for weight in own}

    @api.model
    def _set_weights(self, company, weights):
        """Set {indicator: weight} in the company; equal to the default follows it."""
        own = self._get_own(company, self.env["toxicity.indicator"].union(*weights))
        dropped, new = self.browse(), []
        for indicator, weight in weights.items():
            if weight == indicator.weight:
                dropped |= own.get(indicator, self.browse())
            elif indicator in own:
                own[indicator].weight = weight
            else:
                new.append(self._prepare_vals(company, indicator, weight))
        dropped.unlink()
        self.create(new)

    @api.model
    def _prepare_vals(self, company, indicator, weight):
        return {
            "company_id": company.id,
            "indicator_id": indicator.id,
            "weight": weight,
        }
