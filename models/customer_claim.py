from odoo import api, fields, models
from odoo.exceptions import AccessError

TOPICS = [
    ("revenue", "Yearly revenue"),
    ("headcount", "Headcount"),
    ("premises", "Premises"),
    ("skills", "Skills of the staff"),
    ("volume", "Volume of work"),
    ("budget", "Budget"),
    ("authority", "Power to decide"),
    ("customers", "Their own customers"),
]
MONEY_TOPICS = {"revenue", "budget"}
# Mostly told in words; the others in a number.
WORD_TOPICS = {"premises", "skills", "authority"}

VERDICTS = [
    ("unverified", "Not verified"),
    ("confirmed", "Confirmed"),
    ("overstated", "Overstated"),
    ("false", "False"),
]
# A hundredfold; found nothing at all has no percentage and counts as that much.
MAX_GAP = 10_000.0
# From here on the claim is at least twice what was found.
DOUBLE_GAP = 100.0

# Whatever of these changes may change what a claim says about the customer.
SIGNAL_FIELDS = {
    "partner_id",
    "contact_id",
    "company_id",
    "topic",
    "currency_id",
    "unit",
    "value_type",
    "claimed_value",
    "claimed_text",
    "verified_value",
    "verified_text",
    "verification_method",
    "date_verified",
    "verified_by_id",
    "verdict",
}
ACTIVITY_TYPE = "toxic_customer_exit.mail_activity_type_claim"
WAIT_DAYS = 30
BATCH_SIZE = 100


class CustomerClaim(models.Model):
    """What a customer stated about itself, and what we found when we checked.

    What is refused is in customer_claim_checks.py, how a claim that did not hold
    reaches the score in customer_claim_signal.py.
    """

    _name = "customer.claim"
    _description = "Customer claim"
    _inherit = ["customer.evidence", "toxicity.internal.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["partner_id.name", "claimed_text"]
    _check_company_auto = True

    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
        index=True,
        help="Asked for a verification when there is none after a month.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Of the claim; what was found is noted in the same currency.",
    )
    topic = fields.Selection(TOPICS, required=True, index=True, tracking=True)
    value_type = fields.Selection(
        [("number", "A number"), ("words", "Words")],
        string="Stated as",
        compute="_compute_value_type",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    is_monetary = fields.Boolean(compute="_compute_is_monetary")
    unit = fields.Char(help="What is counted: people, orders a month, square metres.")

    date = fields.Date(
        string="Claimed on",
        required=True,
        default=fields.Date.context_today,
        index=True,
    )
    claimed_value = fields.Float(
        string="Claimed", digits=(16, 2), aggregator=None, tracking=True
    )
    claimed_text = fields.Text(string="Claimed in words", tracking=True)

    verified_value = fields.Float(
        string="Found", digits=(16, 2), aggregator=None, copy=False, tracking=True
    )
    verified_text = fields.Text(string="Found in words", copy=False, tracking=True)
    verification_method = fields.Selection(
        [
            ("document", "Document"),
            ("visit", "Site visit"),
            ("reference", "Reference"),
        ],
        string="Checked by",
        copy=False,
        tracking=True,
    )
    date_verified = fields.Date(
        string="Checked on",
        compute="_compute_date_verified",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        tracking=True,
    )
    verified_by_id = fields.Many2one(
        "res.users",
        string="Verified by",
        compute="_compute_verified_by_id",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
    )
    gap = fields.Float(
        string="Gap (%)",
        compute="_compute_gap",
        store=True,
        precompute=True,
        digits=(16, 2),
        aggregator="avg",
        help="By how much the claim exceeds what was found, in percent of what was "
        "found; negative when the customer claimed too little. Found nothing at all "
        "counts as a hundredfold.",
    )
    verdict = fields.Selection(
        VERDICTS,
        compute="_compute_verdict",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        copy=False,
        index=True,
        group_expand=True,
        tracking=True,
        help="Follows from the numbers and the tolerance; of words, a person judges.",
    )
    claimed_summary = fields.Char(compute="_compute_summaries", string="Claim")
    verified_summary = fields.Char(compute="_compute_summaries", string="What we found")
    date_asked = fields.Date(
        readonly=True, copy=False, help="When its owner was asked to have it verified."
    )

    _claim_idx = models.Index("(date) WHERE verdict = 'unverified'")

    @api.depends("company_id")
    def _compute_currency_id(self):
        for claim in self:
            claim.currency_id = claim.currency_id or claim.company_id.currency_id

    @api.depends("topic")
    def _compute_value_type(self):
        for claim in self:
            worded = claim.topic in WORD_TOPICS or claim.claimed_text
            claim.value_type = (
                "words" if worded and not claim.claimed_value else "number"
            )

    @api.depends("topic", "value_type")
    def _compute_is_monetary(self):
        for claim in self:
            claim.is_monetary = (
                claim.value_type == "number" and claim.topic in MONEY_TOPICS
            )

    @api.depends("verified_value", "verified_text", "verification_method")
    def _compute_date_verified(self):
        for claim in self:
            claim.date_verified = claim._has_findings() and (
                claim.date_verified or fields.Date.context_today(claim)
            )

    @api.depends("verified_value", "verified_text", "verification_method")
    def _compute_verified_by_id(self):
        # Whoever changes what was found answers for it.
        for claim in self:
            claim.verified_by_id = claim._has_findings() and self.env.user

    def _has_findings(self):
        # A found zero is told from nothing found out by how it was checked.
        return bool(
            self.verified_value or self.verified_text or self.verification_method
        )

    @api.depends("claimed_value", "verified_value", "date_verified", "value_type")
    def _compute_gap(self):
        for claim in self:
            claim.gap = claim._get_gap() if claim.value_type == "number" else 0.0

    def _get_gap(self):
        """(claimed − found) ÷ |found| in percent, limited to a hundredfold.

        A found zero, or less, leaves nothing of a claim; only a zero has no
        percentage of its own and takes the limit.
        """
        if not self.date_verified:
            return 0.0
        if not self.verified_value:
            return MAX_GAP
        gap = (self.claimed_value - self.verified_value) / abs(self.verified_value)
        return max(-MAX_GAP, min(MAX_GAP, round(100 * gap, 2)))

    @api.depends(
        "gap",
        "value_type",
        "verified_value",
        "date_verified",
        "company_id.claim_tolerance",
    )
    def _compute_verdict(self):
        for claim in self:
            if not claim.date_verified:
                claim.verdict = "unverified"
            elif claim.value_type == "number":
                claim.verdict = claim._get_number_verdict()
            else:
                claim.verdict = claim.verdict or "unverified"

    def _get_number_verdict(self):
        if self.verified_value <= 0:
            return "false"
        return "overstated" if self.gap > self._get_tolerance() else "confirmed"

    def _get_tolerance(self):
        # sudo: the tolerance decides what is shown, whoever may see the settings
        return self.company_id.sudo().claim_tolerance

    @api.depends(
        "value_type",
        "topic",
        "unit",
        "currency_id",
        "claimed_value",
        "claimed_text",
        "verified_value",
        "verified_text",
        "date_verified",
    )
    def _compute_summaries(self):
        for claim in self:
            claim.claimed_summary = claim._summarise(
                claim.claimed_value, claim.claimed_text
            )
            claim.verified_summary = claim.date_verified and claim._summarise(
                claim.verified_value, claim.verified_text
            )

    def _summarise(self, number, words):
        """The value as one would say it: with currency or unit, or the words."""
        if self.value_type == "words":
            return words
        whole = number == int(number)
        text = self.env["ir.qweb.field.float"].value_to_html(
            number, {"precision": 0 if whole else 2}
        )
        return " ".join(filter(None, (text, self._get_unit())))

    def _get_unit(self):
        return self.currency_id.name if self.is_monetary else self.unit

    @api.depends("topic", "partner_id")
    def _compute_display_name(self):
        topics = dict(self._fields["topic"]._description_selection(self.env))
        for claim in self:
            parts = (topics.get(claim.topic), claim.partner_id.display_name)
            claim.display_name = " · ".join(filter(None, parts)) or self.env._("Claim")

    # -- life ----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_verifier(vals)
        claims = super().create(vals_list)
        claims._sync_signals()
        self.env["res.partner"]._invalidate_claims()
        return claims

    def write(self, vals):
        self._check_verifier(vals)
        result = super().write(vals)
        if SIGNAL_FIELDS & vals.keys():
            self._sync_signals()
            self._close_verified_activities()
        return result

    def _check_verifier(self, vals):
        """Nobody but a manager (or an import) verifies in somebody else's name."""
        verifier = vals.get("verified_by_id")
        if not verifier or verifier == self.env.uid or self.env.su:
            return
        if not self.env.user.has_group("toxic_customer_exit.group_toxicity_manager"):
            raise AccessError(
                self.env._(
                    "A verification carries the name of who made it: leave it as your "
                    "own."
                )
            )

    def _close_verified_activities(self):
        verified = self.filtered(lambda claim: claim.verdict != "unverified")
        verified.activity_feedback([ACTIVITY_TYPE])

    @api.model
    def _cron_ask_unverified(self):
        """Ask the owners of claims that nobody has verified for a month, once."""
        domain = self._get_unasked_domain()
        remaining = self.search_count(domain)
        while claims := self.search(domain, limit=BATCH_SIZE):
            claims._ask_owners()
            remaining = max(0, remaining - len(claims))
            if not self.env["ir.cron"]._commit_progress(
                len(claims), remaining=remaining
            ):
                return

    @api.model
    def _get_unasked_domain(self):
        limit = fields.Date.subtract(fields.Date.today(), days=WAIT_DAYS)
        return [
            ("verdict", "=", "unverified"),
            ("date", "<=", limit),
            ("date_asked", "=", False),
        ]

    def _ask_owners(self):
        for claim in self:
            asked = claim._get_asked_user()
            if asked:
                claim.activity_schedule(ACTIVITY_TYPE, user_id=asked.id)
        self.date_asked = fields.Date.today()

    def _get_asked_user(self):
        """The owner, or whoever sells to the customer now, or a manager."""
        self.ensure_one()
        managers = self.env.ref("toxic_customer_exit.group_toxicity_manager")
        candidates = self.user_id | self.partner_id.user_id | managers.all_user_ids
        return candidates.filtered(
            lambda user: (
                user.active
                and self.company_id in user.company_ids
                and user.has_group("toxic_customer_exit.group_toxicity_user")
            )
        )[:1]
