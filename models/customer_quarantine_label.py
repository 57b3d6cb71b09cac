from odoo import fields, models

# From so many ticks on they say something, and below this share they ask.
ENOUGH_TICKS = 3
ASKING_SHARE = 50


class CustomerQuarantine(models.Model):
    """Whether what we expect of a customer comes true in the meetings since."""

    _inherit = "customer.quarantine"

    tick_count = fields.Integer("Expectations ticked", compute="_compute_hit_rate")
    hit_rate = fields.Float(
        "Came true (%)",
        compute="_compute_hit_rate",
        help="Of what the briefs expected and was ticked after the meetings since it "
        "began. Below 50 % the label wants to be looked at again.",
    )

    def _compute_hit_rate(self):
        for record in self:
            ticks = record._get_ticks()
            record.tick_count = len(ticks)
            happened = ticks.filtered(lambda line: line.outcome == "happened")
            record.hit_rate = 100 * len(happened) / len(ticks) if ticks else 0.0

    def _get_ticks(self):
        return self.env["meeting.brief.line"].search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("start", ">=", self.date_from),
                ("outcome", "!=", False),
            ]
        )

    def _question_label(self):
        """Ask for a look at the label when meetings go better than expected."""
        kind = "toxic_customer_exit.mail_activity_type_quarantine_label"
        for record in self:
            record.invalidate_recordset(["tick_count", "hit_rate"])
            if (
                record.tick_count >= ENOUGH_TICKS
                and record.hit_rate < ASKING_SHARE
                and not record._has_open(kind)
            ):
                record._tell(
                    kind,
                    record.env._(
                        "Only %(share).0f %% of what was expected of the meetings came "
                        "true (%(count)s ticked): is the customer still as we say?",
                        share=record.hit_rate,
                        count=record.tick_count,
                    ),
                    managers=True,
                )
