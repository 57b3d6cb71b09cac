"""Who sees what people cost, and titles of what is private: nobody by an exit."""

from datetime import datetime, timedelta

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .gate_common import GateCommon

COSTS = ("impact_cost", "impact_margin", "approved_cost", "approved_margin")


@tagged("post_install", "-at_install")
class TestCustomerExitPrivate(GateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = cls.make_user("worker", "project.group_project_user")
        cls.exit_case = cls.make_exit(state="draft")

    # Costs

    def test_users_do_not_learn_what_people_cost(self):
        self.make_work(10, cost=50)
        self.make_invoice(1000, self.days_ago(1), self.days_ago(0))
        for user in (self.worker, self.salesperson):
            theirs = self.exit_case.with_user(user)
            self.assertTrue(theirs.read(["impact_hours", "impact_revenue"]))
            for name in COSTS:
                self.assertNotIn(name, theirs.fields_get())
                with self.assertRaises(AccessError):
                    theirs.read([name])
            with self.assertRaises(AccessError):
                theirs.search([("approved_margin", ">", 1)])
            with self.assertRaises(AccessError):
                theirs.web_read_group([], ["state"], ["approved_cost:sum"])
            with Form(theirs, "toxic_customer_exit.customer_exit_view_form") as form:
                self.assertFalse(set(COSTS) & set(form._view["fields"]))

    def test_managers_see_the_margin(self):
        self.make_work(10, cost=50)
        self.make_invoice(1000, self.days_ago(1), self.days_ago(0))
        managers = self.exit_case.with_user(self.manager)
        self.assertRecordValues(managers, [{"impact_cost": 500, "impact_margin": 500}])

    # Titles

    def make_private_task(self):
        project = self.make_project(
            name="Secret merger", privacy_visibility="followers", user_id=self.env.uid
        )
        soon = datetime.now() + timedelta(days=5)
        project.write({"date_start": self.days_ago(1), "date": soon.date()})
        task = self.make_task(project, name="Find a buyer", date_deadline=soon)
        milestone = self.env["project.milestone"].create(
            {"name": "Sold", "project_id": project.id, "deadline": soon.date()}
        )
        return project, task, milestone

    def test_deadlines_of_what_is_private_are_told_without_titles(self):
        records = self.make_private_task()
        warnings = self.exit_case.with_user(self.salesperson).deadline_warnings
        self.assertEqual(str(warnings).count("<li"), len(records))
        for record in records:
            self.assertNotIn(record.name, warnings)

    def test_who_may_read_them_reads_their_titles(self):
        records = self.make_private_task()
        warnings = self.exit_case.with_user(self.manager).deadline_warnings
        for record in records:
            self.assertIn(record.name, warnings)

    def test_deeds_name_to_each_reader_what_he_may_read(self):
        project, _task, _milestone = self.make_private_task()
        order = self.make_order((self.service_ordered, 1))
        exit_case = self.exit_case.sudo()
        exit_case.with_user(self.manager)._do_deeds("close_project", project)
        exit_case.with_user(self.manager)._do_deeds("lock_order", order)
        self.env.flush_all()
        self.env.invalidate_all()
        names = self.exit_case.with_user(self.salesperson).deed_ids.mapped("shown_name")
        self.assertIn(order.name, names)
        self.assertNotIn(project.name, names)
        names = self.exit_case.with_user(self.manager).deed_ids.mapped("shown_name")
        self.assertIn(project.name, names)
        for user in (self.salesperson, self.manager):
            deeds = self.exit_case.with_user(user).deed_ids
            with self.assertRaises(AccessError):
                deeds.read(["name"])
            with self.assertRaises(AccessError):
                deeds.search([("name", "ilike", "Secret")])

    def test_the_preview_of_walking_away_counts_what_it_may_not_name(self):
        lone = self.make_user("lone", "sales_team.group_sale_manager")
        project = self.make_project(
            name="Secret merger", privacy_visibility="followers", user_id=self.env.uid
        )
        self.exit_case.sudo().state = "wrap_up"
        for user, is_named in ((lone, False), (self.manager, True)):
            theirs = self.exit_case.with_user(user)
            action = theirs.action_preview_walk_away()
            wizard = self.env["customer.exit.walk.away"].with_user(user)
            preview = wizard.browse(action["res_id"]).preview
            self.assertIn("archived: 1", preview)
            self.assertEqual(project.name in preview, is_named)
