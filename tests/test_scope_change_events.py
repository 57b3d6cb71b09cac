from datetime import date, datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.toxic_customer_exit.models.scope_context import QUIET

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestScopeChangeEvents(ToxicityCommon):
    """Dates, hours, objectives and tasks: what moves beside the lines."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project_service = cls.make_service(
            "Project work", "ordered_prepaid", service_tracking="task_in_project"
        )
        cls.order = cls.make_order(
            (cls.project_service, 10),
            commitment_date=datetime(2030, 3, 1, 12),
            objectives="<p>Sell more</p>",
            user_id=cls.salesperson.id,
        )
        cls.project = cls.order.project_ids
        cls.project.write({"date_start": date(2030, 1, 1), "date": date(2030, 3, 1)})
        cls.employee = (
            cls.env["hr.employee"]
            .sudo()
            .create({"name": "Employee", "hourly_cost": 40})
        )

    def get_changes(self, order=None):
        return self.env["scope.change"].search(
            [("order_id", "=", (order or self.order).id)], order="id"
        )

    def log(self, hours, task=None):
        task = task or self.order.order_line.task_id[:1]
        return self.env["account.analytic.line"].create(
            {
                "name": "Work",
                "task_id": task.id,
                "project_id": task.project_id.id,
                "employee_id": self.employee.id,
                "unit_amount": hours,
            }
        )

    def test_planning_makes_none(self):
        self.assertEqual(self.project.allocated_hours, 10)
        self.assertFalse(self.get_changes())
        self.assertFalse(self.env["scope.change"].search([]))

    def test_the_project_takes_over_the_objectives(self):
        self.assertEqual(self.project.objectives, "<p>Sell more</p>")

    def test_a_moved_delivery_date_is_a_change_in_days(self):
        self.order.commitment_date = datetime(2030, 3, 15, 9)
        self.assertRecordValues(
            self.get_changes(),
            [{"kind": "scope", "days": 14.0, "hours": 0.0, "amount": 0.0}],
        )
        self.assertRecordValues(
            self.get_changes().item_ids,
            [
                {
                    "what": "commitment_date",
                    "old_value": "03/01/2030",
                    "new_value": "03/15/2030",
                }
            ],
        )
        self.order.commitment_date = datetime(2030, 3, 1, 7)
        self.assertFalse(self.get_changes())

    def test_dates_are_not_agreed_without_a_signature(self):
        self.order.commitment_date = datetime(2030, 3, 15, 9)
        with self.assertRaisesRegex(UserError, "not signed"):
            self.get_changes().action_agree()

    def test_a_moved_deadline_is_a_change_of_the_order(self):
        self.project.date = date(2030, 3, 11)
        self.assertRecordValues(
            self.get_changes(), [{"days": 10.0, "project_id": self.project.id}]
        )
        self.assertEqual(self.get_changes().item_ids.what, "deadline")

    def test_two_dates_of_one_end_do_not_add_up(self):
        self.project.date = date(2030, 3, 11)
        self.order.commitment_date = datetime(2030, 3, 15, 9)
        self.assertRecordValues(self.get_changes(), [{"days": 14.0}])

    def test_more_allocated_hours_are_worth_their_list_price(self):
        self.project.allocated_hours = 16
        self.assertRecordValues(
            self.get_changes(),
            [{"hours": 6.0, "amount": 0.0, "gift_amount": 600.0}],
        )
        self.project.allocated_hours = 13
        self.assertRecordValues(self.get_changes(), [{"hours": 3.0}])
        self.project.allocated_hours = 10
        self.assertFalse(self.get_changes())

    def test_fewer_allocated_hours_are_planning(self):
        self.project.allocated_hours = 4
        self.assertFalse(self.get_changes())

    def test_hours_ordered_and_allocated_count_once(self):
        for edits in (
            (self.order_more, self.allocate),
            (self.allocate, self.order_more),
        ):
            with self.subTest(first=edits[0].__name__):
                savepoint = self.env.cr.savepoint()
                for edit in edits:
                    edit()
                self.assertRecordValues(
                    self.get_changes(),
                    [{"hours": 10.0, "amount": 1000.0, "gift_amount": 0.0}],
                )
                savepoint.close(rollback=True)

    def order_more(self):
        self.order.order_line.write({"product_uom_qty": 20, "price_unit": 100})

    def allocate(self):
        self.project.allocated_hours = 20

    def test_other_objectives_are_a_change_of_their_own_kind(self):
        self.order.write(
            {
                "objectives": "<p>Lower the <b>costs</b></p>",
                "commitment_date": datetime(2030, 3, 2, 9),
            }
        )
        self.assertEqual(set(self.get_changes().mapped("kind")), {"scope", "objective"})
        change = self.get_changes().filtered(lambda c: c.kind == "objective")
        self.assertRecordValues(change.item_ids, [{"old_value": "Sell more"}])
        self.assertIn("Lower the", change.item_ids.new_value)
        with self.assertRaisesRegex(UserError, "note the conversation"):
            change.action_decline()

    def test_markup_and_first_objectives_are_none(self):
        self.order.objectives = "<div>Sell more</div>"
        order = self.make_order((self.service_ordered, 1))
        order.objectives = "<p>Grow</p>"
        self.assertFalse(self.get_changes() | self.get_changes(order))

    def test_objectives_on_the_project_belong_to_its_order(self):
        self.project.objectives = "<p>Win a prize</p>"
        self.assertRecordValues(
            self.get_changes(),
            [{"kind": "objective", "project_id": self.project.id}],
        )

    def test_all_that_moves_on_a_day_is_one_change(self):
        self.order_more()
        self.project.write({"date": date(2030, 3, 4), "allocated_hours": 30})
        self.order.commitment_date = datetime(2030, 3, 4, 9)
        self.order.order_line.task_id.with_user(self.salesperson).sudo(
            False
        ).action_flag_out_of_scope()
        self.assertEqual(len(self.get_changes()), 1)
        self.assertEqual(len(self.get_changes().item_ids), 5)
        with freeze_time(self.days_ago(-1)):
            self.project.date = date(2030, 3, 5)
        self.assertEqual(len(self.get_changes()), 2)

    def test_a_task_that_was_not_ordered(self):
        task = self.env["project.task"].create(
            {"name": "Shop", "project_id": self.project.id, "allocated_hours": 5}
        )
        task = task.with_user(self.salesperson)
        task.action_flag_out_of_scope()
        self.assertTrue(task.is_out_of_scope)
        change = self.get_changes()
        self.assertRecordValues(
            change,
            [{"hours": 5.0, "gift_amount": 500.0, "project_id": self.project.id}],
        )
        task.action_flag_out_of_scope()
        self.assertEqual(len(self.get_changes().item_ids), 1)
        task.action_unflag_out_of_scope()
        self.assertFalse(task.is_out_of_scope)
        self.assertFalse(self.get_changes())

    def test_hours_of_a_flagged_task_are_not_counted_again_when_allocated(self):
        task = self.env["project.task"].create(
            {"name": "Shop", "project_id": self.project.id, "allocated_hours": 5}
        )
        task.action_flag_out_of_scope()
        self.project.allocated_hours = 17
        self.assertRecordValues(
            self.get_changes(), [{"hours": 7.0, "gift_amount": 700.0}]
        )

    def test_a_task_of_nobody_cannot_be_flagged(self):
        project = self.env["project.project"].create({"name": "Internal"})
        task = self.env["project.task"].create(
            {"name": "Clean up", "project_id": project.id}
        )
        with self.assertRaisesRegex(UserError, "Clean up"):
            task.action_flag_out_of_scope()

    def test_only_users_of_the_group_flag_tasks(self):
        portal = self.make_user(
            "portal", "base.group_portal", partner_id=self.customer.id
        )
        task = self.order.order_line.task_id
        for user in (self.outsider, portal):
            for method in ("action_flag_out_of_scope", "action_unflag_out_of_scope"):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    getattr(task.with_user(user), method)()

    def test_a_task_of_the_customer_is_a_change(self):
        contact = self.make_customer(
            name="Contact", is_company=False, parent_id=self.customer.id
        )
        portal = self.make_user("portal", "base.group_portal", partner_id=contact.id)
        self.project.privacy_visibility = "portal"
        self.project._add_collaborators(contact)
        self.project.message_subscribe(contact.ids)
        task = (
            self.env["project.task"]
            .with_user(portal)
            .with_context(default_project_id=self.project.id)
            .create({"name": "One more thing"})
        )
        change = self.get_changes()
        self.assertRecordValues(change, [{"requested_by": "customer"}])
        self.assertRecordValues(
            change.item_ids,
            [{"what": "customer_task", "task_id": task.id, "name": "One more thing"}],
        )
        self.assertNotIn(contact, change.message_ids.author_id)

    def test_a_task_from_the_customers_mail_is_a_change(self):
        self.customer.email = "boss@difficult.example.com"
        for sender, count in (
            ("boss@difficult.example.com", 1),
            ("somebody@example.com", 1),
            (self.salesperson.email, 1),
        ):
            self.env["project.task"].message_new(
                {
                    "subject": "Another page",
                    "from": sender,
                    "email_from": sender,
                    "author_id": self.env["res.partner"]
                    .search([("email", "=", sender)], limit=1)
                    .id,
                },
                {"project_id": self.project.id},
            )
            with self.subTest(sender=sender):
                self.assertEqual(len(self.get_changes().item_ids), count)

    def test_a_project_without_order_has_changes_of_its_own(self):
        project = self.env["project.project"].create(
            {
                "name": "Support",
                "partner_id": self.customer.id,
                "allow_billable": True,
                "date_start": date(2030, 1, 1),
                "date": date(2030, 2, 1),
            }
        )
        project.date = date(2030, 2, 2)
        self.assertRecordValues(
            project.scope_change_ids,
            [{"partner_id": self.customer.id, "order_id": False, "days": 1.0}],
        )
        project.date = date(2030, 2, 4)
        self.assertRecordValues(project.scope_change_ids, [{"days": 3.0}])

    def test_internal_projects_make_none(self):
        project = self.env["project.project"].create(
            {
                "name": "Internal",
                "date_start": date(2030, 1, 1),
                "date": date(2030, 2, 1),
            }
        )
        project.write({"date": date(2030, 2, 4), "allocated_hours": 9})
        self.assertFalse(project.scope_change_ids)

    def test_a_deleted_project_leaves_its_change(self):
        self.project.date = date(2030, 3, 11)
        change = self.get_changes()
        self.order.order_line.task_id.unlink()
        self.project.unlink()
        self.assertTrue(change.exists())
        self.assertFalse(change.project_id)
        self.assertIn("03/11/2030", change.summary)
        self.order.order_line.write({"product_uom_qty": 11, "price_unit": 100})
        self.assertRecordValues(change, [{"hours": 1.0, "days": 10.0}])

    def test_hours_logged_beyond_those_sold(self):
        self.log(10)
        self.assertFalse(self.get_changes())
        self.log(0.5)
        self.assertRecordValues(
            self.get_changes(), [{"hours": 0.5, "gift_amount": 50.0}]
        )
        self.log(0.25)
        self.assertRecordValues(self.get_changes(), [{"hours": 0.5}])
        self.log(0.25)
        self.assertRecordValues(self.get_changes(), [{"hours": 1.0}])
        self.log(5)
        self.assertRecordValues(
            self.get_changes(), [{"hours": 6.0, "gift_amount": 600.0}]
        )
        self.assertEqual(self.get_changes().item_ids.mapped("what"), ["overrun"] * 3)

    def test_overrun_is_noted_once_whatever_was_decided(self):
        self.log(11)
        change = self.get_changes()
        change.action_withdraw()
        self.log(0.5)
        self.assertEqual(self.get_changes(), change)

    def test_hours_already_noted_are_no_overrun(self):
        self.project.allocated_hours = 14
        self.log(13)
        self.assertRecordValues(self.get_changes(), [{"hours": 4.0}])
        self.log(2.5)
        self.assertRecordValues(self.get_changes(), [{"hours": 5.5}])

    def test_hours_that_are_billed_are_no_gift(self):
        service = self.make_service(
            "By the hour", "delivered_timesheet", service_tracking="task_in_project"
        )
        order = self.make_order((service, 10))
        self.log(12, order.order_line.task_id)
        self.assertRecordValues(
            self.get_changes(order), [{"hours": 2.0, "gift_amount": 0.0}]
        )

    def test_logging_in_a_batch_costs_a_constant_number_of_queries(self):
        def count(lines):
            task = self.make_order((self.project_service, 1000)).order_line.task_id
            vals = {
                "name": "Work",
                "task_id": task.id,
                "project_id": task.project_id.id,
                "employee_id": self.employee.id,
                "unit_amount": 1,
            }
            counts = []
            for silent in (True, False):
                self.env.flush_all()
                self.env.invalidate_all()
                model = self.env["account.analytic.line"].with_context(
                    scope_change_skip=QUIET if silent else False
                )
                start = self.env.cr.sql_log_count
                model.create([dict(vals) for _index in range(lines)])
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - start)
            return counts[1] - counts[0]

        count(1)
        self.assertLessEqual(count(30), count(1) + 2)

    def test_imports_and_odoos_own_doing_make_none(self):
        for context in (
            {"import_file": True},
            {"install_mode": True},
            {"scope_change_skip": QUIET},
        ):
            self.project.with_context(**context).write(
                {"date": date(2030, 4, 1), "allocated_hours": 99}
            )
            self.order.with_context(**context).commitment_date = datetime(2031, 1, 1)
        self.assertFalse(self.get_changes())

    def test_a_new_line_with_its_project_is_one_item(self):
        order = self.make_order((self.service_ordered, 1))
        self.env["sale.order.line"].create(
            {
                **self._prepare_order_line_vals(self.project_service, 5),
                "order_id": order.id,
            }
        )
        self.assertTrue(order.project_ids)
        self.assertEqual(self.get_changes(order).item_ids.mapped("what"), ["line"])

    def test_outside_the_group_everyone_works_as_before(self):
        worker = self.make_user("worker", "base.group_user")
        self.env["ir.model.access"].sudo().create(
            [
                {
                    "name": f"work on {model}",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "group_id": self.env.ref("base.group_user").id,
                    "perm_read": True,
                    "perm_write": True,
                    "perm_create": True,
                }
                for model in ("project.project", "project.task")
            ]
        )
        self.assertFalse(worker.has_group("toxic_customer_exit.group_toxicity_user"))
        self.project.with_user(worker).write(
            {"date": date(2030, 3, 11), "allocated_hours": 12}
        )
        change = self.get_changes()
        self.assertEqual(len(change.item_ids), 2)
        self.assertNotIn(worker.partner_id, change.message_partner_ids)
        with self.assertRaises(AccessError):
            self.project.with_user(worker).read(["objectives"])
        with self.assertRaises(AccessError):
            self.project.with_user(worker).objectives = "<p>Mine</p>"
        self.assertFalse(
            self.project.message_ids.filtered(
                lambda message: "cope" in (message.body or "")
            )
        )
