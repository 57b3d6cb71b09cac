from collections import defaultdict
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .toxicity_indicator import PRINCIPLES

# An alternative turns the request down too, and says what could be done instead.
REFUSALS = ("declined", "alternative")
FULL_SEVERITY = 3.0


class ToxicitySignal(models.Model):
    """Requests that ask us for something wrong: what is at stake, what we answered.

    They count by what came before: the first request whose alternative was accepted
    counts half; one repeated after a refusal counts as severe, whatever was chosen.
    """

    _inherit = "toxicity.signal"

    is_ethical = fields.Boolean(related="indicator_id.is_ethical")
    principle = fields.Selection(
        PRINCIPLES,
        string="Principle at stake",
        compute="_compute_request",
        store=True,
        readonly=False,
        precompute=True,
    )
    principle_text = fields.Char(
        string="Namely", help="The principle in our words, when it is another one."
    )
    answer = fields.Selection(
        [
            ("open", "Not answered yet"),
            ("declined", "Declined"),
            ("alternative", "Alternative offered"),
            ("accepted", "Accepted"),
        ],
        string="Our answer",
        compute="_compute_request",
        store=True,
        readonly=False,
        precompute=True,
    )
    answer_reason = fields.Text(
        string="Reason we gave",
        help="In words that the customer reads: they go into the e-mail that declines.",
    )
    alternative = fields.Text(
        string="What we offer instead",
        help="In words that the customer reads: they go into the e-mail that declines.",
    )
    alternative_outcome = fields.Selection(
        [
            ("open", "No answer yet"),
            ("accepted", "Accepted"),
            ("refused", "Turned down"),
        ],
        string="The alternative was",
        compute="_compute_alternative_outcome",
        store=True,
        readonly=False,
        precompute=True,
    )
    date_answered = fields.Datetime(string="Answered by e-mail on", readonly=True)
    counted_severity = fields.Float(
        compute="_compute_counted_severity",
        store=True,
        digits=(4, 2),
        aggregator=None,
        help="The severity that enters the score, before it fades. It differs from "
        "the chosen one for requests against our principles only.",
    )

    @api.depends("indicator_id")
    def _compute_request(self):
        for signal in self:
            indicator = signal.indicator_id
            signal.principle = indicator.is_ethical and (
                signal.principle or indicator.principle
            )
            signal.answer = indicator.is_ethical and (signal.answer or "open")

    @api.depends("answer")
    def _compute_alternative_outcome(self):
        for signal in self:
            signal.alternative_outcome = signal.answer == "alternative" and (
                signal.alternative_outcome or "open"
            )

    @api.depends(
        "severity",
        "indicator_id.is_ethical",
        "commercial_partner_id",
        "company_id",
        "date",
        "state",
        "answer",
        "alternative_outcome",
    )
    def _compute_counted_severity(self):
        requests = self.filtered("is_ethical")
        for signal in self - requests:
            signal.counted_severity = float(signal.severity or 0)
        counted = requests._get_counted_requests()
        for signal in requests:
            before = signal._get_earlier(counted[signal._request_key()])
            signal.counted_severity = signal._weigh(before)

    def _weigh(self, before):
        """The severity that counts, given the requests of the kind before it."""
        if any(request.answer in REFUSALS for request in before):
            return FULL_SEVERITY
        severity = float(self.severity or 0)
        if not before and self.alternative_outcome == "accepted":
            return severity / 2
        return severity

    def _get_earlier(self, requests):
        """Those of the requests that came before this one; noted later is later."""
        own = (self.date or date.max, self._origin.id or float("inf"))
        return [
            other
            for other in requests
            if other != self._origin and (other.date, other.id) < own
        ]

    def _request_key(self):
        return self.commercial_partner_id.id, self.company_id.id, self.indicator_id.id

    def _get_counted_requests(self):
        """{key: requests that count}, of the customers of these."""
        groups = defaultdict(list)
        domain = self._get_requests_domain(self.commercial_partner_id)
        # sudo: a request counts the same, whoever may read the one before it
        for request in self.sudo().search(Domain("state", "=", "counted") & domain):
            groups[request._request_key()].append(request)
        return groups

    @api.model
    def _get_requests_domain(self, customers):
        return Domain(
            [
                ("commercial_partner_id", "in", customers.ids),
                ("indicator_id.is_ethical", "=", True),
            ]
        )

    def _rescore_customers(self, also=None):
        """Weigh the customers' requests anew first: each may follow on another."""
        customers = self.commercial_partner_id | (also or self.env["res.partner"])
        # sudo: they may belong to colleagues
        requests = self.sudo().search(self._get_requests_domain(customers))
        self.env.add_to_compute(self._fields["counted_severity"], requests)
        return super()._rescore_customers(also)

    # -- checks --------------------------------------------------------------------

    @api.constrains(
        "indicator_id",
        "principle",
        "principle_text",
        "answer",
        "answer_reason",
        "alternative",
    )
    def _check_request(self):
        for signal in self.filtered("is_ethical"):
            problem = signal._get_request_problem()
            if problem:
                raise ValidationError(problem)

    def _get_request_problem(self):
        """Hook: what is missing from a request against our principles, a sentence."""
        name = self.display_name
        if not self.principle:
            return self.env._(
                "%(signal)s: choose the principle that is at stake.", signal=name
            )
        if not self.answer:
            return self.env._(
                "%(signal)s: say what we answered, or that we have not yet.",
                signal=name,
            )
        if self.principle == "other" and not (self.principle_text or "").strip():
            return self.env._(
                "%(signal)s: name the principle that is at stake.", signal=name
            )
        if self.answer == "declined" and not (self.answer_reason or "").strip():
            return self.env._(
                "%(signal)s: write down the reason we gave for declining.", signal=name
            )
        if self.answer == "alternative" and not (self.alternative or "").strip():
            return self.env._(
                "%(signal)s: write down what we offered instead.", signal=name
            )
        return None

    @api.constrains("indicator_id", "answer", "principle")
    def _check_only_requests_are_answered(self):
        for signal in self.filtered(lambda s: not s.is_ethical):
            if signal.answer or signal.principle:
                raise ValidationError(
                    self.env._(
                        "%(signal)s asks for nothing against our principles: leave "
                        "the principle and the answer empty.",
                        signal=signal.display_name,
                    )
                )

    # -- declining -----------------------------------------------------------------

    def _note_answer(self):
        """Remember that the mail went out."""
        self.check_access("read")
        # sudo: a colleague may answer for the author, who alone may edit the signal
        self.sudo().date_answered = fields.Datetime.now()

    def action_decline_by_mail(self):
        """Open Odoo's composer with the polite answer; nothing is sent by itself."""
        self.ensure_one()
        self.check_access("read")
        recipient = self.contact_id or self.partner_id
        if not recipient.email:
            raise UserError(
                self.env._(
                    "%(partner)s has no e-mail address: add one, or choose a contact "
                    "that has.",
                    partner=recipient.display_name,
                )
            )
        template = self.env.ref("toxic_customer_exit.mail_template_decline")
        action = template._get_neutral_composer(self, recipient)
        action["name"] = self.env._("Decline by e-mail")
        action["context"]["toxicity_answered_id"] = self.id
        return action
