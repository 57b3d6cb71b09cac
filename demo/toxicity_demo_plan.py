from odoo import api, fields, models


class ToxicityDemoPlan(models.AbstractModel):
    """A plan that takes hours from those who drain to those who are worth it."""

    _inherit = "toxicity.demo"

    @api.model
    def _get_stories(self):
        return [*super()._get_stories(), self._tell_plan]

    @api.model
    def _tell_plan(self):
        """Running since this quarter: one exit on its way, and new terms to come."""
        leaving = self._get("res.partner", "brightwater")
        renegotiated = self._get("res.partner", "vandermeer")
        quarter = fields.Date.start_of(fields.Date.today(), "quarter")
        plan = self.env["pivot.plan"].create(
            {
                "name": "Hours for those who come back",
                "user_id": self._get_manager().id,
                "note": "Two consultants are free for the customers who wait for us.",
            }
        )
        share = plan.share_now
        for number, part in enumerate((1.0, 0.6, 0.4, 0.25)):
            plan.quarter_ids.create(
                {
                    "plan_id": plan.id,
                    "date_from": fields.Date.add(quarter, months=3 * number),
                    "target_share": round(min(1.0, share) * part, 2),
                }
            )
        moves = plan.move_ids.create(
            [
                {
                    "plan_id": plan.id,
                    "partner_id": customer.id,
                    "kind": kind,
                    "date_from": fields.Date.add(quarter, months=3 * number),
                }
                for customer, kind, number in (
                    (leaving, "exit", 1),
                    (renegotiated, "renegotiation", 2),
                )
            ]
        )
        plan.action_start()
        moves[:1].action_start()
