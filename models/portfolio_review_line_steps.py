from odoo import api, fields, models

WATCHED = "toxic_customer_exit.mail_activity_type_relationship"
# In the middle of the quarter, when there is still time to do something.
DAYS_TO_LOOK = 45


class PortfolioReviewLine(models.Model):
    """What a decision leads to: the record that carries it out."""

    _inherit = "portfolio.review.line"

    deed = fields.Reference(
        [("customer.quarantine", "Quarantine"), ("customer.exit", "Exit")],
        "Led to",
        compute="_compute_deed",
        help="The quarantine or exit that was decided on, also while it is a draft.",
    )

    @api.depends("decision", "date_decided")
    def _compute_deed(self):
        found = {
            **self._find_done(
                "quarantine", "customer.quarantine", ("cancelled",), "date_ended"
            ),
            **self._find_done("exit", "customer.exit", ("cancelled",), "date_closed"),
        }
        for line in self:
            record = found.get(line)
            line.deed = record.with_env(self.env) if record else False

    def action_decide(self):
        """Decide on one customer, with what there is to know about it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.partner_id.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_follow(self):
        """Open what the decision needs; what needs nothing is done with that."""
        self.ensure_one()
        follow = {
            "watch": self._follow_watch,
            "quarantine": self._follow_quarantine,
            "exit": self._follow_exit,
        }
        close = {"type": "ir.actions.act_window_close"}
        return (follow[self.decision]() if self.decision in follow else None) or close

    def _follow_watch(self):
        """Have somebody look in the middle of the quarter; raise a healthy band."""
        score = self._get_scores().get(self._key())
        if not score:
            return None
        # sudo: a manager plans it for whoever has the customer in hand
        if not score.sudo().activity_search([WATCHED], only_automated=False):
            score.sudo().activity_schedule(
                WATCHED,
                fields.Date.add(fields.Date.context_today(self), days=DAYS_TO_LOOK),
                note=self.note,
                user_id=score.account_manager_id.id or self.env.user.id,
            )
        if score.current_band != "healthy":
            return None
        return self.partner_id.with_company(self.company_id).action_set_toxicity_band()

    def _follow_quarantine(self):
        quarantine = self.env["customer.quarantine"].search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("draft", "active", "review")),
            ],
            limit=1,
        )
        defaults = {"default_reason": self.note}
        return self._open("customer.quarantine", quarantine, **defaults)

    def _follow_exit(self):
        partner = self.commercial_partner_id.with_company(self.company_id)
        return self._open("customer.exit", partner.open_exit_id)

    def _open(self, model, record, **defaults):
        """The record, or a form for a new one of this customer."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env[model]._description,
            "res_model": model,
            "res_id": record.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {
                "default_partner_id": self.commercial_partner_id.id,
                "default_company_id": self.company_id.id,
                **defaults,
            },
        }
