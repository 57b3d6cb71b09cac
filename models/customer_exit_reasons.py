from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, format_date, html2plaintext
from odoo.tools.misc import formatLang

from .customer_exit import UNDECIDED_STATES

# More reasons than these do not make a case clearer.
MAX_REASONS = 8


class CustomerExit(models.Model):
    """The reasons of an exit, to begin with those that make the score.

    Counts and dates only: what was noted stays with the signals, which expire.
    """

    _inherit = "customer.exit"

    reasons = fields.Html(compute="_compute_reasons", store=True, readonly=False)
    main_reason_id = fields.Many2one(
        "toxicity.indicator",
        "Main reason",
        compute="_compute_main_reason_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        domain=[("polarity", "=", "strain")],
        tracking=True,
        help="What weighs most, to begin with; reports count exits by it.",
    )
    # Whether a person wrote them: these stay when the customer becomes another.
    has_own_reasons = fields.Boolean(default=False, copy=False)
    has_own_main_reason = fields.Boolean(default=False, copy=False)

    def init(self):
        """Of exits from before this was noted, all is taken for somebody's words."""
        for name in ("has_own_reasons", "has_own_main_reason"):
            self.env.cr.execute(
                SQL(
                    "UPDATE customer_exit SET %s = TRUE WHERE %s IS NULL",
                    SQL.identifier(name),
                    SQL.identifier(name),
                )
            )
        return super().init()

    @api.depends("commercial_partner_id", "company_id")
    def _compute_reasons(self):
        scores = self._get_scores()
        for record in self:
            is_kept = record.has_own_reasons or record._is_decided()
            record.reasons = (is_kept and record.reasons) or (
                record._describe_score(scores[record])
            )

    @api.depends("commercial_partner_id", "company_id")
    def _compute_main_reason_id(self):
        scores = self._get_scores()
        for record in self:
            is_kept = record.has_own_main_reason or record._is_decided()
            record.main_reason_id = (is_kept and record.main_reason_id) or (
                record._get_strain(scores[record])[:1].indicator_id
            )

    def _is_decided(self):
        """A merge may give it another customer; what it was decided by stays."""
        return self._origin and self.state not in UNDECIDED_STATES

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._note_own_words()
        return records

    def write(self, vals):
        result = super().write(vals)
        if not {"reasons", "main_reason_id"}.isdisjoint(vals):
            self._note_own_words()
        return result

    @api.onchange("reasons", "main_reason_id")
    def _onchange_own_words(self):
        self._note_own_words()

    def _note_own_words(self):
        """Not those that the score of the customer gives, as it is today."""
        scores = self._get_scores()
        # sudo: who opens an exit for somebody else may not write it afterwards
        for record in self.sudo():
            score = scores[record]
            written = html2plaintext(record.reasons or "").split()
            filled = html2plaintext(record._describe_score(score) or "").split()
            heaviest = record._get_strain(score)[:1].indicator_id
            record.has_own_reasons = written not in ([], filled)
            record.has_own_main_reason = record.main_reason_id not in (
                heaviest.browse(),
                heaviest,
            )

    def _get_scores(self):
        """{exit: the score of its customer in its company}."""
        # sudo: also for an exit that the module itself opens
        scores = self.env["toxicity.score"].sudo()
        found = scores.search(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        by_key = {(score.partner_id, score.company_id): score for score in found}
        return {
            record: by_key.get(
                (record.sudo().commercial_partner_id, record.sudo().company_id), scores
            )
            for record in self
        }

    def _get_strain(self, score):
        """The parts of the score that strain, the heaviest first."""
        return score._get_ranked_lines().filtered(
            lambda line: line.load and line.polarity == "strain"
        )

    def _describe_score(self, score):
        strain = score and self._get_strain(score)[:MAX_REASONS]
        if not strain:
            return False
        last = self._get_last_signals(strain)
        head = self.env._(
            "Score %(score)s, %(band)s, on %(date)s:",
            score=formatLang(self.env, score.score, digits=0),
            band=score._get_label("current_band").lower(),
            date=format_date(self.env, fields.Date.context_today(self)),
        )
        items = Markup().join(
            Markup("<li>%s</li>") % self._describe_reason(line, last) for line in strain
        )
        return Markup("<p>%s</p><ul>%s</ul>") % (head, items)

    def _describe_reason(self, line, last):
        if day := last.get(line.indicator_id):
            return self.env._(
                "%(reason)s: %(found)s, last on %(date)s",
                reason=line.indicator_id.name,
                found=line.value_text,
                date=format_date(self.env, day),
            )
        return self.env._(
            "%(reason)s: %(found)s",
            reason=line.indicator_id.name,
            found=line.value_text,
        )

    def _get_last_signals(self, lines):
        """{indicator: the day of its last signal that counts}."""
        groups = (
            self.env["toxicity.signal"]
            .sudo()
            ._read_group(
                [
                    ("commercial_partner_id", "in", lines.commercial_partner_id.ids),
                    ("company_id", "in", lines.company_id.ids),
                    ("indicator_id", "in", lines.indicator_id.ids),
                    ("state", "=", "counted"),
                ],
                ["indicator_id"],
                ["date:max"],
            )
        )
        return dict(groups)
