from collections import defaultdict

from odoo import api, fields, models

from .customer_claim import DOUBLE_GAP

INDICATOR = "toxic_customer_exit.indicator_claim_unverified"


class CustomerClaim(models.Model):
    """How a claim that did not hold enters the score: as one signal of its own.

    The signal is the verifier's word, dated by the verification, and follows the
    claim. What people decide about it stands: a contested or withdrawn signal is
    brought up to date, but never counts again by itself.
    """

    _inherit = "customer.claim"

    signal_ids = fields.One2many("toxicity.signal", "claim_id", readonly=True)
    signal_severity = fields.Selection(related="signal_ids.severity", string="Counts")
    signal_state = fields.Selection(related="signal_ids.state")
    # What to give the signal back should the claim turn out not to hold after all.
    retracted_state = fields.Char(readonly=True, copy=False)

    def unlink(self):
        # sudo: the signal goes with its claim, and only so; deleting rescores
        self.sudo().signal_ids.unlink()
        return super().unlink()

    def action_open_signal(self):
        self.ensure_one()
        return self.signal_ids.get_formview_action()

    def _get_severity(self):
        """How severe the gap is, None while the claim is unverified or holds.

        Numbers: over the tolerance minor, over twice of it serious, at least twice
        what was found, or nothing found, severe. Words: serious, severe when false.
        """
        self.ensure_one()
        if self.verdict not in ("overstated", "false"):
            return None
        if self.verdict == "false" or self.gap >= DOUBLE_GAP:
            return "3"
        if self.value_type == "words" or self.gap > 2 * self._get_tolerance():
            return "2"
        return "1"

    def _sync_signals(self):
        """Create, update or withdraw the signals as the verifications say."""
        indicator = self.env.ref(INDICATOR, raise_if_not_found=False)
        # sudo: the signal is the verifier's, whoever changed the claim
        missing = self.browse().sudo()
        changes = defaultdict(missing.signal_ids.browse)
        for claim in self.sudo():
            if claim.signal_ids:
                changes[claim._note_signal_changes()] |= claim.signal_ids
            elif indicator and claim._get_severity():
                missing |= claim
        for vals, signals in changes.items():
            if vals:
                signals.write(dict(vals))
        self.env["toxicity.signal"].sudo().create(
            [
                {**claim._prepare_signal_vals(), "indicator_id": indicator.id}
                for claim in missing
            ]
        )

    def _note_signal_changes(self):
        """What to write to the signal, as pairs: signals with equal ones go together.

        What a withdrawn signal was before is noted on the claim.
        """
        signal = self.signal_ids
        if not self._get_severity():
            if signal.state == "withdrawn":
                return ()
            self.retracted_state = signal.state
            return (("state", "withdrawn"),)
        vals = self._prepare_signal_vals()
        if self.retracted_state:
            vals["state"] = self.retracted_state
            self.retracted_state = False
        return tuple(
            (name, value)
            for name, value in vals.items()
            if signal._fields[name].convert_to_write(signal[name], signal) != value
        )

    def _prepare_signal_vals(self):
        """Hook: the signal of a claim that did not hold."""
        return {
            "claim_id": self.id,
            "partner_id": self.partner_id.id,
            "contact_id": self.contact_id.id,
            "company_id": self.company_id.id,
            "date": self.date_verified,
            "severity": self._get_severity(),
            "kind": "fact" if self.value_type == "number" else "judgement",
            "description": self._describe(),
            "user_id": self.verified_by_id.id or self.env.uid,
            "res_model": self._name,
            "res_id": self.id,
        }

    def _describe(self):
        topics = dict(self._fields["topic"]._description_selection(self.env))
        return self.env._(
            "%(topic)s: %(claimed)s was claimed on %(date)s, %(found)s was found.",
            topic=topics[self.topic],
            claimed=self.claimed_summary,
            date=self.date,
            found=self.verified_summary,
        )

    @api.model
    def _follow_tolerance(self, companies):
        """Let the signals follow the tolerance that the companies set anew."""
        # sudo: who sets the tolerance need not be a user of claims
        claims = self.sudo().search(
            [
                ("company_id", "in", companies.ids),
                ("value_type", "=", "number"),
                ("date_verified", "!=", False),
            ]
        )
        scores = self.env["toxicity.score"]
        with scores._gather_rescores() as customer_ids:
            claims._sync_signals()
        scores._rescore(self.env["res.partner"].browse(customer_ids))
