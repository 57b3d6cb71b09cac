from odoo import api, fields, models
from odoo.tools import SQL

from .score_move import SETTING_FIELDS, Part, Setting
from .toxicity_score import BANDS


class ToxicityScoreSnapshot(models.Model):
    """A score as it was: taken when the band changes and at each month's end.

    ``parts`` keeps, per indicator code, what was found, what it weighed and by which
    settings, so that a move can be explained later (see score_move.Part).
    """

    _name = "toxicity.score.snapshot"
    _description = "Customer relationship score, as it was"
    _order = "date desc, id desc"
    _rec_name = "date"

    score_id = fields.Many2one(
        "toxicity.score",
        string="Current score",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date(required=True, readonly=True)
    score = fields.Float(readonly=True, digits=(5, 2), aggregator="avg")
    credit = fields.Float(readonly=True, digits=(5, 2), aggregator="avg")
    band = fields.Selection(BANDS, readonly=True)
    parts = fields.Json(readonly=True)

    _date_uniq = models.UniqueIndex("(score_id, date)")

    @api.model
    def _take_month_end(self, scope):
        """On the first run of a month, keep the scores as the last month left them."""
        month_start = fields.Date.start_of(fields.Date.today(), "month")
        day = fields.Date.subtract(month_start, days=1)
        missing = SQL(
            "%(scope)s AND score.create_date < %(month_start)s AND NOT EXISTS ("
            "SELECT 1 FROM toxicity_score_snapshot later"
            " WHERE later.score_id = score.id AND later.date >= %(day)s)",
            scope=scope(SQL("score.partner_id")),
            month_start=month_start,
            day=day,
        )
        self._take(missing, day)

    @api.model
    def _take(self, condition, day):
        """Keep the scores for which the SQL condition holds, as of the given day.

        One statement for all of them; it runs over all customers at a month's end.
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO toxicity_score_snapshot (
                    score_id, partner_id, commercial_partner_id, company_id, date,
                    score, credit, band, parts,
                    create_uid, create_date, write_uid, write_date
                )
                SELECT score.id, score.partner_id, score.commercial_partner_id,
                       score.company_id, %(day)s, score.score, score.credit,
                       score.current_band, kept.parts,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM toxicity_score score
             LEFT JOIN LATERAL (
                       SELECT jsonb_object_agg(indicator.code, jsonb_build_object(
                                  'value', part.value, 'intensity', part.intensity,
                                  'load', part.load, 'polarity', indicator.polarity,
                                  'origin', indicator.origin,
                                  'weight', COALESCE(tuned.weight, indicator.weight),
                                  'cap', indicator.cap,
                                  'half_life', indicator.half_life,
                                  'low', indicator.low, 'high', indicator.high
                              )) AS parts
                         FROM %(parts)s
                         JOIN toxicity_indicator indicator
                           ON indicator.id = part.indicator_id
                    LEFT JOIN toxicity_weight tuned
                           ON tuned.company_id = score.company_id
                          AND tuned.indicator_id = part.indicator_id
                   ) kept ON TRUE
                 WHERE %(condition)s
                ON CONFLICT (score_id, date) DO UPDATE SET
                    score = EXCLUDED.score,
                    credit = EXCLUDED.credit,
                    band = EXCLUDED.band,
                    parts = EXCLUDED.parts,
                    write_uid = EXCLUDED.write_uid,
                    write_date = EXCLUDED.write_date
                """,
                day=day,
                condition=condition,
                parts=self.env["toxicity.score"]._unnest_parts(),
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)

    def _get_strain_parts(self):
        """{code: Part} of the strain that the snapshot keeps."""
        self.ensure_one()
        return {
            code: Part(
                kept["value"],
                kept["intensity"],
                kept["load"],
                Setting(**{name: kept[name] for name in SETTING_FIELDS}),
            )
            for code, kept in (self.parts or {}).items()
            if kept["polarity"] == "strain"
        }
