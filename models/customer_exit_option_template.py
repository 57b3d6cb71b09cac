from odoo import api, fields, models

KINDS = [
    ("educate", "Educate"),
    ("rescope", "Re-scope"),
    ("reprice", "Reprice"),
    ("prepay", "Prepay"),
    ("pause", "Pause"),
    ("hand_over", "Hand over"),
    ("wrap_up", "Wrap up"),
]
# What an option takes over from its template; the customer may come to read it.
TEXT_FIELDS = ("name", "our_part", "their_part", "benefit")
TEMPLATE_FIELDS = ("kind", *TEXT_FIELDS, "hours", "our_days", "their_days")


class CustomerExitOptionTemplate(models.Model):
    """The texts to begin an option with; managers keep them in every language."""

    _name = "customer.exit.option.template"
    _description = "Option template"
    _order = "sequence, id"

    name = fields.Char(
        "Title", required=True, translate=True, help="The customer reads this title."
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(KINDS, required=True)
    our_part = fields.Text(
        "What we do",
        translate=True,
        help="One promise a line: each becomes a dated commitment of ours once the "
        "customer accepts.",
    )
    their_part = fields.Text(
        "What it asks of the customer",
        translate=True,
        help="One promise a line: each becomes a dated commitment of the customer's.",
    )
    benefit = fields.Text(
        "What the customer gains",
        translate=True,
        help="Why this is good for the customer too, not only for us.",
    )
    hours = fields.Float(aggregator=None, help="Hours that it takes us.")
    answer_days = fields.Integer(
        "Days to answer", default=14, aggregator=None, help="From the day it is chosen."
    )
    our_days = fields.Integer(
        "Our part within (days)",
        default=14,
        aggregator=None,
        help="From the day the customer accepts.",
    )
    their_days = fields.Integer(
        "Their part within (days)",
        default=30,
        aggregator=None,
        help="From the day the customer accepts.",
    )

    _check_days = models.Constraint(
        "CHECK(answer_days > 0 AND our_days > 0 AND their_days > 0)",
        "Give at least one day to answer, and one for each side's part.",
    )

    @api.model
    def _in_words_of(self, partner):
        """The templates with the texts in the language of whom they are offered to."""
        return self.with_context(lang=partner.lang or self.env.lang)
