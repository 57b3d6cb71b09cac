from math import ceil

from odoo import api, fields, models

# How much work a week the good customer gave us, the latest first: ever more.
WEEKS = (16, 16, 16, 16, 16, 16, 14, 12, 12, 12, 10, 10, 8, 8, 8, 6, 6, 6, 4, 4)
# The quarters of the plan, from now
QUARTERS = (-1, 0, 1, 2)
# Customer, what is done about it, from which quarter on.
MOVES = (
    ("vandermeer", "quarantine", 0),
    ("brightwater", "exit", 1),
    ("vandermeer", "renegotiation", 2),
)


class ToxicityDemoPlan(models.AbstractModel):
    """A plan that takes hours from those who drain to those who are worth it."""

    _inherit = "toxicity.demo"

    @api.model
    def _get_stories(self):
        return [*super()._get_stories(), self._tell_growth]

    @api.model
    def _load(self):
        result = super()._load()
        here = [("company_id", "=", self.env.company.id)]
        if not self.env["pivot.plan"].search_count(here, limit=1):
            self._plan_growth()
        return result

    @api.model
    def _tell_growth(self):
        """Okafor asks for more, week after week, and there is more to do."""
        customer = self._get("res.partner", "okafor")
        order = self._sell(
            customer,
            days=145,
            lines=[("operations", 280)],
            name="planning every week",
        )
        # Billed when eight weeks were done, and paid as always
        for weeks, billed in (((12, 20), 82), ((4, 12), 26), ((0, 4), None)):
            self._work(
                order,
                "operations",
                [
                    (7 * week + day, who, WEEKS[week] / 2, "Planning of the week")
                    for week in range(*weeks)
                    for day, who in ((2, "tomas"), (3, "priya"))
                ],
            )
            if billed:
                self._bill(order, billed, paid_after=21)

    @api.model
    def _plan_growth(self):
        """Running since last quarter: a box, an exit on its way, new terms to come."""
        quarter = fields.Date.start_of(fields.Date.today(), "quarter")
        plan = self.env["pivot.plan"].create(
            {
                "name": "Hours for those who come back",
                "user_id": self._get_manager().id,
                "note": "Two consultants are free for the customers who wait for us.",
            }
        )
        plan.quarter_ids.create(
            [
                {
                    "plan_id": plan.id,
                    "date_from": fields.Date.add(quarter, months=3 * number),
                }
                for number in QUARTERS
            ]
        )
        for name, kind, number in MOVES:
            self._plan_move(
                plan, name, kind, fields.Date.add(quarter, months=3 * number)
            )
        for quarter_of_plan in plan.quarter_ids:
            # What the moves reach, rounded up
            percent = ceil(100 * quarter_of_plan.planned_share)
            quarter_of_plan.target_share = min(1.0, percent / 100)
        if not plan._get_start_obstacles():
            plan.action_start()
            for move in plan.move_ids:
                if move.kind != "renegotiation":
                    move.action_start()
            # sudo: it began before the demo was loaded, which no step allows
            plan.sudo().date_started = fields.Date.subtract(quarter, months=3)

    @api.model
    def _plan_move(self, plan, name, kind, date_from):
        customer = self._get("res.partner", name)
        move = plan.move_ids.create(
            {
                "plan_id": plan.id,
                "partner_id": customer.id,
                "kind": kind,
                "date_from": date_from,
            }
        )
        freed = sum(
            other.hours
            for other in plan.move_ids - move
            if other.partner_id == customer
        )
        # Half of what an earlier move leaves
        if freed:
            move.hours = round((move.taken_hours - freed) / 2)
