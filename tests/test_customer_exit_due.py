from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import DECISION, ToxicityCommon


@tagged("post_install", "-at_install")
class TestCustomerExitDue(ToxicityCommon):
    def in_days(self, days):
        return fields.Date.today() + timedelta(days=days)

    def test_due_is_what_comes_first(self):
        exit_case = self.make_exit(state="draft")
        self.assertFalse(exit_case.date_due)
        later = exit_case.activity_schedule(
            "mail.mail_activity_data_todo", self.in_days(9)
        )
        first = exit_case.activity_schedule(
            "mail.mail_activity_data_todo", self.in_days(4)
        )
        self.assertEqual(exit_case.date_due, self.in_days(4))
        first.action_feedback()
        self.assertEqual(exit_case.date_due, self.in_days(9))
        later.date_deadline = self.in_days(60)
        self.assertEqual(exit_case.date_due, self.in_days(60))
        managed = exit_case.with_user(self.manager)
        managed.write(DECISION)
        managed.action_approve()
        self.assertEqual(exit_case.date_due, self.in_days(30))
        managed.action_cancel()
        self.assertFalse(exit_case.date_due)

    def test_the_first_answer_to_an_option_is_due(self):
        exit_case = self.make_exit(state="draft")
        options = exit_case.option_ids.sudo().create(
            [
                {
                    "exit_id": exit_case.id,
                    "name": f"Option {days}",
                    "kind": "pause",
                    "date_answer_by": self.in_days(days),
                }
                for days in (9, 5)
            ]
        )
        self.assertFalse(exit_case.date_due)
        options.write({"state": "offered"})
        exit_case._move_to("options")
        self.assertEqual(exit_case.date_due, self.in_days(5))
        options[1].state = "declined"
        self.assertEqual(exit_case.date_due, self.in_days(9))

    # Plans

    def launch(self, exit_case, plan):
        action = exit_case.action_launch_plan()
        wizard = self.env[action["res_model"]].with_user(exit_case.env.user)
        with Form(wizard.with_context(**action["context"])) as form:
            form.plan_id = self.env.ref(f"toxic_customer_exit.{plan}")
        form.record.action_schedule_plan()

    def test_a_plan_gives_the_owner_dated_activities(self):
        exit_case = self.make_exit(state="draft")
        for plan in ("prepare", "talk", "wrap_up"):
            with self.subTest(plan=plan):
                plan = f"mail_activity_plan_exit_{plan}"
                exit_case.activity_ids.unlink()
                self.launch(exit_case, plan)
                templates = self.env.ref(f"toxic_customer_exit.{plan}").template_ids
                self.assertEqual(
                    set(exit_case.activity_ids.mapped("summary")),
                    set(templates.mapped("summary")),
                )
                self.assertEqual(exit_case.activity_ids.user_id, self.salesperson)
                for activity in exit_case.activity_ids:
                    self.assertGreater(activity.date_deadline, fields.Date.today())

    def test_a_colleague_launches_nothing(self):
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self.make_exit(state="draft").with_user(colleague).action_launch_plan()

    def test_managers_keep_the_plans_of_exits_and_no_others(self):
        plans = self.env["mail.activity.plan"].with_user(self.manager)
        plan = plans.create({"name": "Ours", "res_model": "customer.exit"})
        plan.template_ids.create({"plan_id": plan.id, "summary": "Call"})
        head = self.make_user(
            "head", "project.group_project_user,sales_team.group_sale_manager"
        )
        foreign = self.env["mail.activity.plan"].sudo()
        foreign = foreign.create({"name": "Theirs", "res_model": "res.partner"})
        with self.assertRaises(AccessError):
            foreign.with_user(head).name = "Mine"
        with self.assertRaises(AccessError):
            plan.with_user(self.salesperson).name = "Mine"
