from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from .band_news import BY_PEOPLE

# Ordered from the best to the worst; unknown is the absence of any data.
BANDS = [
    ("unknown", "Not known"),
    ("healthy", "Healthy"),
    ("watch", "Watch"),
    ("strained", "Strained"),
    ("toxic", "Toxic"),
]

TRENDS = [
    ("rising", "Rising"),
    ("steady", "Steady"),
    ("falling", "Falling"),
]

CLASSES = [
    ("preferred", "Preferred"),
    ("demanding", "Demanding"),
    ("regular", "Regular"),
    ("draining", "Draining"),
]

# Why a score over the highest threshold does not make the highest band
CAPS = [
    ("person", "no person has recorded anything"),
    ("dimension", "all strain lies in one dimension"),
]

OVERRIDE_FIELDS = {"band_override", "band_override_until", "band_override_reason"}

BATCH_SIZE = 100_000
GATHERED = "toxicity_gathered_rescores"


class ToxicityScore(models.Model):
    """The current result per customer and company; written by the engine alone.

    ``score = 100 × (1 − 2^(−load))``: each unit of load halves what goodwill is
    left. ``credit`` is the same over the credit indicators. A customer without any
    data has no row: not measured is never 0.
    """

    _name = "toxicity.score"
    _description = "Customer relationship score"
    _inherit = ["toxicity.internal.thread", "mail.activity.mixin"]
    _order = "score desc, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    score = fields.Float(readonly=True, digits=(5, 2), aggregator="avg")
    credit = fields.Float(readonly=True, digits=(5, 2), aggregator="avg")
    load = fields.Float(readonly=True, digits=(12, 6), aggregator="avg")
    coverage = fields.Float(
        readonly=True,
        digits=(5, 4),
        aggregator="avg",
        help="Share of the measured indicators that had data for this customer.",
    )
    previous_score = fields.Float(
        readonly=True, digits=(5, 2), aggregator=None, help="About four weeks ago."
    )
    trend = fields.Selection(TRENDS, readonly=True)
    dimension_count = fields.Integer(
        readonly=True,
        aggregator=None,
        help="In how many dimensions there is strain.",
    )
    has_person_word = fields.Boolean(
        readonly=True, help="Whether a person recorded any of the strain."
    )
    band = fields.Selection(
        BANDS,
        string="Computed band",
        required=True,
        readonly=True,
        default="unknown",
        tracking=True,
    )
    capped_by = fields.Selection(
        CAPS,
        readonly=True,
        help="Why the band stays strained although the score says more.",
    )
    band_override = fields.Selection(BANDS[1:], string="Set by a manager")
    band_override_until = fields.Date(string="Set until")
    band_override_reason = fields.Text(string="Set because")
    current_band = fields.Selection(
        BANDS,
        string="Band",
        compute="_compute_current_band",
        store=True,
        help="What a manager set, or else what was computed.",
    )
    customer_class = fields.Selection(CLASSES, readonly=True, string="Class")
    computed_at = fields.Datetime(readonly=True)
    line_ids = fields.One2many("toxicity.score.line", "score_id", readonly=True)
    snapshot_ids = fields.One2many("toxicity.score.snapshot", "score_id", readonly=True)

    _customer_uniq = models.UniqueIndex("(partner_id, company_id)")
    # Without the score, which fades each night: its change then touches no index.
    _band_idx = models.Index("(company_id, current_band)")
    _override_explained = models.Constraint(
        r"CHECK (band_override IS NULL OR"
        r" (band_override_until IS NOT NULL AND band_override_reason ~ '\S'))",
        "A band set by hand needs a reason and an end date.",
    )

    def init(self):
        """Add the columns that keep the parts, which the engine alone writes.

        They are the score's reasons and change with it; toxicity.score.line shows
        them. An array of rows: indicator id, value, intensity and load. By their
        digest the engine sees whether they moved.
        """
        # Half of each page is room for the night's changes: they touch no index then.
        self.env.cr.execute(
            "ALTER TABLE toxicity_score SET (fillfactor = 50),"
            " ADD COLUMN IF NOT EXISTS parts float8[],"
            " ADD COLUMN IF NOT EXISTS parts_digest numeric"
        )

    @api.depends("band", "band_override")
    def _compute_current_band(self):
        for score in self:
            score.current_band = score.band_override or score.band

    @api.constrains("band_override", "band_override_until")
    def _check_override_ends_later(self):
        today = fields.Date.context_today(self)
        for score in self.filtered(lambda s: s.band_override and s.band_override_until):
            if score.band_override_until < today:
                raise ValidationError(
                    self.env._(
                        "%(customer)s: the band set by hand ended on %(date)s. Choose "
                        "a day to come.",
                        customer=score.partner_id.display_name,
                        date=score.band_override_until,
                    )
                )

    def write(self, vals):
        # The engine alone writes results; a manager may set a band beside them.
        if not self.env.su and vals.keys() - OVERRIDE_FIELDS:
            raise AccessError(
                self.env._(
                    "Scores are computed: record a signal, or set the band by hand "
                    "with a reason and an end date."
                )
            )
        return super().write(vals)

    @api.model
    def _unnest_parts(self):
        """SQL relation: part (indicator_id, value, intensity, load) of ``score``."""
        return SQL(
            """
            (SELECT score.parts[i][1]::integer AS indicator_id,
                    score.parts[i][2] AS value,
                    score.parts[i][3] AS intensity,
                    score.parts[i][4] AS load
               FROM GENERATE_SUBSCRIPTS(score.parts, 1) i) part
            """
        )

    @api.model
    def _get_own_partners(self, partners):
        """Those of the partners that belong to us and are never customers."""
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.env["res.company"].flush_model(["partner_id"])
        self.env["res.users"].flush_model(["login", "partner_id", "share"])
        known = (partners | partners.commercial_partner_id).ids
        rows = self.env.execute_query(
            SQL(
                "SELECT partner_id FROM (%s) own WHERE partner_id = ANY(%s)",
                self._get_own_query(),
                known,
            )
        )
        own = partners.browse(row[0] for row in rows)
        return partners.filtered(
            lambda partner: partner in own or partner.commercial_partner_id in own
        )

    @api.model
    def _get_own_query(self):
        """SQL: the partners that are never customers, nor are their contacts."""
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id
              FROM res_company company
              JOIN res_partner partner ON partner.id = company.partner_id
             UNION
            SELECT users.partner_id
              FROM res_users users
             WHERE users.share IS NOT TRUE
                OR users.id = ANY(%s)
            """,
            self._get_public_users().ids,
        )

    @api.model
    def _get_public_users(self):
        """The users whom Odoo takes for anonymous visitors.

        Their group does not tell: Odoo also moves a customer there whose access to
        the portal is revoked.
        """
        # sudo: users and websites that the user may not see are public all the same
        users = self.env["res.users"].sudo().with_context(active_test=False)
        public = users.env.ref("base.public_user")
        # Named as in res.company's _get_public_user
        public |= users.search([("login", "=like", "public-user@company-%.com")])
        if "website" in self.env:
            public |= users.env["website"].search([("user_id", "!=", False)]).user_id
        return public

    @api.model
    def _prepare_merge(self, partners, kept):
        """Leave one score per company to customers who are about to be merged.

        Its own stays; what the others had is scored anew from their evidence.
        """
        scores = self.search([("partner_id", "in", (kept | partners).ids)])
        for rivals in scores.grouped("company_id").values():
            rivals.sorted(lambda score: score.partner_id != kept)[1:].unlink()
        self.env.flush_all()

    @api.model
    def _rescore(self, partners):
        """Rescore the customers of the given partners at once."""
        customers = partners.commercial_partner_id
        gathered = self.env.cr.postcommit.data.get(GATHERED)
        if gathered is not None:
            gathered.update(customers.ids)
        elif customers:
            # sudo: results are the engine's, whoever gave the reason to compute them
            engine = self.env["toxicity.score.engine"].sudo()
            engine.with_context(**BY_PEOPLE)._rescore_customers(customers.ids)

    @api.model
    @contextmanager
    def _gather_rescores(self):
        """Rescore nobody within; yields the ids of those whom the caller is to."""
        # There, for a rolled back savepoint forgets what lies in the cursor's cache.
        data = self.env.cr.postcommit.data
        outer, data[GATHERED] = data.get(GATHERED), set()
        try:
            yield data[GATHERED]
        finally:
            data[GATHERED] = outer

    @api.model
    def _schedule_rescore(self):
        """Have all customers rescored soon, after a change that concerns them all."""
        cron = self.env.ref(
            "toxic_customer_exit.ir_cron_rescore", raise_if_not_found=False
        )
        if cron:
            # sudo: whoever may change a weight need not manage scheduled actions
            cron.sudo()._trigger()
            # One that stopped on its way would go on from there, and leave the others.
            self.env["toxicity.score.run"].sudo().create({"is_after_settings": True})

    @api.model
    def _cron_rescore(self):
        """Rescore every customer, in batches, going on where the last run stopped."""
        self._end_expired_overrides()
        run = self.env["toxicity.score.run"]._get_current()
        engine = self.env["toxicity.score.engine"]
        kept = engine._keep_relations()
        if not run.position:
            self.env["toxicity.norm"]._refresh(kept)
        self.env["ir.cron"]._commit_progress(remaining=1)
        while batch := run._get_next_batch(BATCH_SIZE):
            run._rescore(batch, kept)
            if not self.env["ir.cron"]._commit_progress(
                batch.count, remaining=batch.remaining
            ):
                return
            # Nothing of a batch is needed again: memory stays flat.
            self.env.invalidate_all(flush=False)
        run._finish()
        engine._drop_kept()
        self.env["ir.cron"]._commit_progress(remaining=0)

    @api.model
    def _end_expired_overrides(self):
        expired = self.search(
            [("band_override_until", "<", fields.Date.today())],
        )
        expired.write(
            {
                "band_override": False,
                "band_override_until": False,
                "band_override_reason": False,
            }
        )
