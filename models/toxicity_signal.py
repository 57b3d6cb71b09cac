from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

# What a person may still do to the signal of a claim: contest it, withdraw it, decide.
DECISION_FIELDS = {"state", "contest_reason"}


class ToxicitySignal(models.Model):
    """One dated observation of a recorded indicator, with evidence and author.

    It names a customer or one of its contacts and adds up on the customer.
    Recording, contesting, withdrawing or deciding rescores that customer at once.
    """

    _name = "toxicity.signal"
    _description = "Customer signal"
    _inherit = ["customer.evidence"]
    _order = "date desc, id desc"
    _check_company_auto = True

    indicator_id = fields.Many2one(
        "toxicity.indicator",
        string="What happened",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('origin', '=', 'recorded')]",
    )
    dimension = fields.Selection(related="indicator_id.dimension")
    polarity = fields.Selection(related="indicator_id.polarity", store=True)
    date = fields.Date(
        required=True, default=fields.Date.context_today, index=True, string="Day"
    )
    severity = fields.Selection(
        [("1", "Minor"), ("2", "Serious"), ("3", "Severe")],
        required=True,
        default="2",
        help="A minor signal counts one third, a serious one two thirds.",
    )
    kind = fields.Selection(
        [
            ("fact", "Fact"),
            ("assumption", "Assumption"),
            ("judgement", "Judgement"),
        ],
        string="This is a",
        required=True,
        default="fact",
    )
    description = fields.Text(
        string="In your words",
        required=True,
        help="What was said or done, when and where. Write as if the customer will "
        "read it: on request, the customer may.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Recorded by",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        index=True,
    )
    state = fields.Selection(
        [
            ("counted", "Counted"),
            ("contested", "Contested"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        default="counted",
        readonly=True,
        help="Only counted signals enter the score.",
    )
    contest_reason = fields.Text(string="Contested because", readonly=True)
    claim_id = fields.Many2one(
        "customer.claim",
        readonly=True,
        copy=False,
        ondelete="cascade",
        index="btree_not_null",
        help="The claim that did not hold; the signal follows it.",
    )

    _claim_uniq = models.UniqueIndex(
        "(claim_id) WHERE claim_id IS NOT NULL", "The claim has its signal already."
    )
    _severity_known = models.Constraint(
        "CHECK (severity IN ('1', '2', '3'))",
        "The severity of a signal is minor, serious or severe.",
    )
    _description_filled = models.Constraint(
        r"CHECK (description ~ '\S')",
        "Say in a sentence what happened: a signal without a description proves "
        "nothing.",
    )

    @api.depends("indicator_id", "partner_id", "date")
    def _compute_display_name(self):
        for signal in self:
            signal.display_name = (
                f"{signal.indicator_id.name or ''} · {signal.date or ''}"
            )

    @api.constrains("date")
    def _check_date_not_ahead(self):
        today = fields.Date.context_today(self)
        for signal in self:
            if signal.date > today:
                raise ValidationError(
                    self.env._(
                        "%(signal)s: %(date)s lies ahead. Record what has happened, "
                        "with the day on which it did.",
                        signal=signal.display_name,
                        date=signal.date,
                    )
                )

    @api.constrains("indicator_id")
    def _check_indicator_is_recorded(self):
        for signal in self.filtered(lambda s: s.indicator_id.origin != "recorded"):
            raise ValidationError(
                self.env._(
                    "%(indicator)s is measured from Odoo's own data and cannot be "
                    "recorded by hand.",
                    indicator=signal.indicator_id.name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        signals = super().create(vals_list)
        signals._check_author()
        signals._check_follows_claim({"claim_id"})
        signals._rescore_customers()
        return signals

    def write(self, vals):
        if vals.get("state") == "counted" and not self._may_decide():
            contested = self.filtered(lambda signal: signal.state != "counted")
            if contested:
                raise AccessError(self._get_decision_sentence())
        if vals.get("state") == "counted":
            self._check_claim_fails()
        self._check_follows_claim(vals.keys())
        before = self.commercial_partner_id
        result = super().write(vals)
        if "claim_id" in vals:
            self._check_follows_claim({"claim_id"})
        if "user_id" in vals:
            self._check_author()
        self._rescore_customers(before)
        return result

    def unlink(self):
        customers = self.commercial_partner_id
        result = super().unlink()
        self.browse()._rescore_customers(customers)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_claim(self):
        self._check_follows_claim({"claim_id"})

    def _check_follows_claim(self, names):
        """Refuse to change or to count what only its claim decides."""
        if self.env.su:
            return
        for signal in self.filtered("claim_id"):
            if names - DECISION_FIELDS:
                raise UserError(
                    self.env._(
                        "%(signal)s follows the claim %(claim)s: change the claim, or "
                        "withdraw the signal.",
                        signal=signal.display_name,
                        claim=signal.claim_id.display_name,
                    )
                )

    def _check_claim_fails(self):
        """Refuse to count the signal of a claim that holds, or is not verified."""
        for signal in self.filtered("claim_id"):
            if not signal.claim_id._get_severity():
                raise UserError(
                    self.env._(
                        "%(claim)s holds as far as it was checked: its signal counts "
                        "again by itself once the claim is found not to hold.",
                        claim=signal.claim_id.display_name,
                    )
                )

    def _check_author(self):
        """Nobody but a manager (or an import) records in somebody else's name."""
        if self._may_decide() or all(s.user_id == self.env.user for s in self):
            return
        raise AccessError(
            self.env._(
                "A signal carries the name of who recorded it: leave it as your own."
            )
        )

    def _may_decide(self):
        return self.env.su or self.env.user.has_group(
            "toxic_customer_exit.group_toxicity_manager"
        )

    @api.model
    def _get_source_models(self):
        return (*super()._get_source_models(), "customer.claim")

    def _get_decision_sentence(self):
        return self.env._(
            "Only a manager of Customer Exit decides whether a contested or withdrawn "
            "signal counts again."
        )

    def _rescore_customers(self, also=None):
        customers = self.commercial_partner_id
        self.env["toxicity.score"]._rescore(customers | (also or customers))

    def action_contest(self):
        """Ask for the reason; open to every user of the module."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contest"),
            "res_model": "toxicity.signal.contest",
            "view_mode": "form",
            "target": "new",
            "context": {"default_signal_ids": self.ids},
        }

    def _contest(self, reason):
        """Stop counting the signals until a manager decides."""
        self.check_access("read")
        counted = self.filtered(lambda signal: signal.state == "counted")
        # sudo: who contests is mostly not the author, who alone may edit the signal
        counted.sudo().write({"state": "contested", "contest_reason": reason})

    def action_withdraw(self):
        self.filtered(lambda s: s.state != "withdrawn").state = "withdrawn"

    def action_count(self):
        if not self._may_decide():
            raise AccessError(self._get_decision_sentence())
        self.state = "counted"
