from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CustomerClaim(models.Model):
    """What a claim must not be: half said, judged without a find, out of time."""

    _inherit = "customer.claim"

    @api.constrains(
        "value_type", "claimed_value", "claimed_text", "verified_value", "verified_text"
    )
    def _check_values(self):
        for claim in self:
            problem = (
                claim._get_number_problem()
                if claim.value_type == "number"
                else claim._get_words_problem()
            )
            if problem:
                raise ValidationError(problem)

    def _get_number_problem(self):
        """Hook: what is wrong with a claim in a number, as a sentence."""
        if self.claimed_text or self.verified_text:
            return self.env._(
                "%(claim)s is stated as a number: leave the words empty, or choose "
                "words and no number.",
                claim=self.display_name,
            )
        if self.claimed_value <= 0:
            return self.env._(
                "%(claim)s: say which number was claimed, above zero.",
                claim=self.display_name,
            )
        return None

    def _get_words_problem(self):
        """Hook: what is wrong with a claim in words, as a sentence."""
        if self.claimed_value or self.verified_value:
            return self.env._(
                "%(claim)s is stated in words: leave the numbers empty, or choose a "
                "number and no words.",
                claim=self.display_name,
            )
        if not (self.claimed_text or "").strip():
            return self.env._(
                "%(claim)s: write down what was claimed.", claim=self.display_name
            )
        return None

    @api.constrains("verdict", "date_verified", "verified_text", "value_type", "gap")
    def _check_verdict(self):
        for claim in self:
            problem = claim._get_verdict_problem()
            if problem:
                raise ValidationError(problem)

    def _get_verdict_problem(self):
        """Hook: why the verdict cannot be that one, as a sentence."""
        name = self.display_name
        if self.value_type == "number":
            wanted = self._get_number_verdict() if self.date_verified else "unverified"
            if self.verdict != wanted:
                return self.env._(
                    "%(claim)s: the verdict follows from the numbers. Change what was "
                    "found instead.",
                    claim=name,
                )
        elif self.date_verified and not (self.verified_text or "").strip():
            return self.env._("%(claim)s: write down what was found.", claim=name)
        elif self.date_verified and self.verdict == "unverified":
            return self.env._(
                "%(claim)s: words do not compare themselves. Say whether the claim is "
                "confirmed, overstated or false.",
                claim=name,
            )
        elif self.verdict != "unverified" and not self.date_verified:
            return self.env._(
                "%(claim)s: before judging it, write down what was found.", claim=name
            )
        return None

    @api.constrains("date", "date_verified")
    def _check_dates(self):
        today = fields.Date.context_today(self)
        for claim in self:
            for date in filter(None, (claim.date, claim.date_verified)):
                if date > today:
                    raise ValidationError(
                        self.env._(
                            "%(claim)s: %(date)s lies ahead. Choose the day on which "
                            "it happened.",
                            claim=claim.display_name,
                            date=date,
                        )
                    )
            if claim.date_verified and claim.date_verified < claim.date:
                raise ValidationError(
                    self.env._(
                        "%(claim)s was claimed on %(claimed)s and cannot have been "
                        "checked before, on %(verified)s.",
                        claim=claim.display_name,
                        claimed=claim.date,
                        verified=claim.date_verified,
                    )
                )

    @api.constrains("date_verified", "verified_value", "verified_text")
    def _check_date_has_findings(self):
        for claim in self:
            if claim.date_verified and not claim._has_findings():
                raise ValidationError(
                    self.env._(
                        "%(claim)s: say how it was checked and what was found, or "
                        "leave the day empty.",
                        claim=claim.display_name,
                    )
                )
