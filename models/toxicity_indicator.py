from odoo import api, fields, models
from odoo.exceptions import ValidationError

POLARITIES = [("strain", "Strain"), ("credit", "Credit")]

DIMENSIONS = [
    ("integrity", "Integrity"),
    ("contract", "Contract"),
    ("conduct", "Conduct"),
    ("commercial", "Commercial"),
    ("payment", "Payment"),
    ("effort", "Effort"),
    ("reciprocity", "Reciprocity"),
]

UNITS = [
    ("signals", "signals"),
    ("days", "days"),
    ("percent", "%"),
    ("count", "times"),
    ("rate", "rate"),
    ("yesno", "yes or no"),
]

PRINCIPLES = [
    ("honesty", "Honesty to the public"),
    ("quality", "Quality and safety"),
    ("law", "The law"),
    ("people", "Our people"),
    ("confidentiality", "Confidentiality"),
    ("other", "Another one"),
]

SCORING_FIELDS = {
    "active",
    "polarity",
    "origin",
    "dimension",
    "weight",
    "cap",
    "half_life",
    "low",
    "high",
    "is_ethical",
}


class ToxicityIndicator(models.Model):
    """One thing we look for: *recorded* by people or *measured* from Odoo data.

    Its load on a customer is ``weight × min(cap, x)``; x is the sum of decayed
    signals (recorded) or the place of the value between low and high (measured).
    """

    _name = "toxicity.indicator"
    _description = "Customer relationship indicator"
    _order = "polarity desc, dimension, sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, index=True, copy=False)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    description = fields.Text(
        translate=True, help="What it means, in words both sides could agree on."
    )
    polarity = fields.Selection(
        POLARITIES,
        string="Counts as",
        required=True,
        default="strain",
        help="Strain wears the relationship down, credit speaks for it. Credit never "
        "hides strain: it is a second axis.",
    )
    origin = fields.Selection(
        [("recorded", "Recorded by people"), ("measured", "Measured from Odoo")],
        required=True,
        default="recorded",
    )
    dimension = fields.Selection(DIMENSIONS, required=True)
    is_ethical = fields.Boolean(
        string="Request against our principles",
        help="The customer asked us for something that we should not do. Such a "
        "signal records the principle at stake and our answer; repeated after a "
        "refusal it counts as severe.",
    )
    principle = fields.Selection(
        PRINCIPLES,
        string="Principle mostly at stake",
        help="Proposed when such a request is recorded.",
    )
    unit = fields.Selection(UNITS, required=True, default="signals")
    weight = fields.Float(
        string="Default weight",
        required=True,
        default=0.5,
        help="Load at full strength, in every company that has not tuned it. One unit "
        "of load halves what goodwill is left.",
    )
    weight_ids = fields.One2many(
        "toxicity.weight", "indicator_id", string="Own weights", readonly=True
    )
    company_weight = fields.Float(
        string="Weight",
        compute="_compute_company_weight",
        help="What it weighs in your company: as tuned there, or else the default. 0 "
        "means that it does not count.",
    )
    has_own_weight = fields.Boolean(compute="_compute_company_weight")
    cap = fields.Float(
        required=True,
        default=1.0,
        help="The most that repeated signals can add up to before weighing.",
    )
    half_life = fields.Integer(
        string="Half-life (days)",
        required=True,
        default=180,
        help="After so many days a signal counts half.",
    )
    low = fields.Float(help="Up to this value the measure adds nothing.")
    high = fields.Float(default=1.0, help="From this value on it adds its full weight.")

    failure = fields.Text(
        string="Could not be measured",
        readonly=True,
        copy=False,
        help="What went wrong when it was measured last. Until then it counts nothing "
        "and scores are incomplete.",
    )

    _code_uniq = models.UniqueIndex("(code)", "Another indicator has this code.")
    # The upper limits also keep NaN and infinity out: PostgreSQL sorts both above.
    _weight_range = models.Constraint(
        "CHECK (weight > 0 AND weight <= 10)",
        "The weight of an indicator lies above 0 and is 10 at the most.",
    )
    _cap_range = models.Constraint(
        "CHECK (cap > 0 AND cap <= 10)",
        "The cap of an indicator lies above 0 and is 10 at the most.",
    )
    _half_life_positive = models.Constraint(
        "CHECK (half_life > 0)",
        "The half-life of an indicator is at least one day.",
    )
    _low_below_high = models.Constraint(
        "CHECK (origin != 'measured' OR"
        " (low < high AND low > '-Infinity' AND high < 'Infinity'))",
        "The low value of a measured indicator lies below its high value.",
    )

    @api.depends_context("company")
    @api.depends("weight", "weight_ids.weight")
    def _compute_company_weight(self):
        own = self.env["toxicity.weight"]._get_own(self.env.company, self._origin)
        for indicator in self:
            weight = own.get(indicator._origin)
            indicator.has_own_weight = bool(weight)
            indicator.company_weight = weight.weight if weight else indicator.weight

    @api.constrains("origin", "code")
    def _check_measure_exists(self):
        known = self.env["toxicity.measure"]._get_codes()
        for indicator in self.filtered(lambda i: i.origin == "measured"):
            if indicator.code not in known:
                raise ValidationError(
                    self.env._(
                        "%(indicator)s: Odoo has no measure called %(code)s. Choose "
                        "one of %(known)s, or let people record it.",
                        indicator=indicator.name,
                        code=indicator.code,
                        known=", ".join(sorted(known)),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        indicators = super().create(vals_list)
        self.env["toxicity.score"]._schedule_rescore()
        return indicators

    def write(self, vals):
        result = super().write(vals)
        if SCORING_FIELDS & vals.keys():
            self.env["toxicity.score"]._schedule_rescore()
        return result

    def _note_failure(self, failure):
        """Remember, where it changed, why the indicator could not be measured."""
        self.ensure_one()
        if (self.failure or False) != failure:
            # sudo: whoever records a signal may come upon a broken measure
            self.sudo().failure = failure

    @api.model
    def _get_failed_names(self, company):
        """The names of what counts in the company and could not be measured, a text."""
        failed = self.search([("failure", "!=", False)]).with_company(company)
        return ", ".join(failed.filtered("company_weight").mapped("name"))
