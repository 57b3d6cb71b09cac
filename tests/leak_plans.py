from .common import ToxicityCommon
from .leak_options import MARKER


class LeakPlans(ToxicityCommon):
    """What managers think they could do without, and plan to."""

    def make_simulation(self, env):
        """A simulation as it is open on the screen of the user."""
        return env["exit.simulation"].create({"partner_ids": self.customer.ids})

    @classmethod
    def make_plan(cls):
        """{model: records} of a plan about the customer that everybody looks for."""
        plan = cls.env["pivot.plan"].create(
            {"name": f"{MARKER} plan", "note": f"{MARKER} goal"}
        )
        plan.action_add_quarters()
        cls.env["pivot.plan.move"].sudo().create(
            {
                "plan_id": plan.id,
                "partner_id": cls.customer.id,
                "hours": 12.5,
                "note": f"{MARKER} move",
                "exit_id": cls.exit_case.id,
                "quarantine_id": cls.quarantine.id,
                "scope_change_id": cls.changes[0].id,
            }
        )
        plan.sudo().write({"base_hours": 300.0, "base_strained_hours": 120.0})
        records = (plan, plan.move_ids, plan.quarter_ids)
        return {record._name: record for record in records}
