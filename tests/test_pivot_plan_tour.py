from odoo.tests import HttpCase, tagged

from .common import ToxicityCommon
from .plan_books import quarter_at


@tagged("post_install", "-at_install")
class TestPivotPlanTour(ToxicityCommon, HttpCase):
    def test_a_manager_starts_a_plan_and_opens_its_figures(self):
        customer = self.make_customer(name="Tour Customer Ltd")
        self.make_signal("abusive", partner_id=customer.id)
        score = self.rescore(customer).sudo()
        score.write({"band": "toxic", "customer_class": "draining"})
        self.make_work(80, customer)
        self.make_work(120, self.make_customer(name="Kind Ltd"))
        self.manager.group_ids += self.env.ref(
            "hr_timesheet.group_hr_timesheet_approver"
        )
        plan = (
            self.env["pivot.plan"]
            .with_user(self.manager)
            .create({"name": "Less strain"})
        )
        plan.move_ids.create(
            {
                "plan_id": plan.id,
                "partner_id": customer.id,
                "date_from": quarter_at(1),
            }
        )
        self.start_tour(
            "/odoo/pivot-plans", "toxic_customer_exit.start_plan", login="manager"
        )
        self.assertRecordValues(
            plan, [{"state": "running", "base_hours": 50, "base_strained_hours": 20}]
        )
        self.assertEqual(plan.move_ids.exit_id.partner_id, customer)
