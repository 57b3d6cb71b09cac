from datetime import datetime, time, timedelta

from odoo import Command
from odoo.tests import Form, tagged

from .option_common import OptionCommon


@tagged("post_install", "-at_install")
class TestCustomerExitCapacity(OptionCommon):
    """How many hours are free in the window of an option: added up anew by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        calendar = cls.env["resource.calendar"].create(
            {
                "name": "Every day, two hours",
                "tz": "UTC",
                "company_id": cls.company.id,
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "name": str(day),
                                "dayofweek": str(day),
                                "hour_from": 10,
                                "hour_to": 12,
                            }
                        )
                        for day in range(7)
                    ),
                ],
            }
        )
        cls.calendar = calendar
        cls.consultant = cls.make_user("consultant", "project.group_project_user")
        cls.work = cls.make_work(3, user=cls.consultant)
        cls.work.employee_id.resource_calendar_id = calendar
        cls.option = cls.make_option(
            "rescope", date_answer_by=cls.today(4), our_days=5, hours=12
        )

    def make_task(self, hours, **values):
        return self.env["project.task"].create(
            {
                "name": "Planned",
                "project_id": self.env["project.project"]
                .create({"name": "Of another customer"})
                .id,
                "allocated_hours": hours,
                "user_ids": [Command.set(self.consultant.ids)],
                **values,
            }
        )

    def at(self, days):
        return datetime.combine(self.today(days), time(12))

    def get_free(self):
        self.option.invalidate_recordset()
        return self.option.free_hours

    def test_working_hours_of_those_who_work_for_the_customer(self):
        # Ten days from today to the ninth after it, two hours a day
        self.assertEqual(self.get_free(), 10 * 2)
        self.assertIn("20:00", self.option.capacity_note)
        self.assertFalse(self.option.is_over_capacity)
        self.option.hours = 20.5
        self.option.invalidate_recordset()
        self.assertTrue(self.option.is_over_capacity)

    def test_planned_work_is_not_free(self):
        self.make_task(4, date_deadline=self.at(3))
        self.make_task(3)
        self.assertEqual(self.get_free(), 20 - 4 - 3)

    def test_work_that_is_done_late_or_others_does_not_count(self):
        self.make_task(4, date_deadline=self.at(10))
        self.make_task(4, state="1_done")
        self.make_task(4, user_ids=[Command.set(self.manager.ids)])
        both = [Command.set((self.consultant + self.manager).ids)]
        self.make_task(4, user_ids=both)
        self.assertEqual(self.get_free(), 20 - 2)

    def test_leaves_are_not_free(self):
        start = datetime.combine(self.today(2), time.min)
        self.env["resource.calendar.leaves"].sudo().create(
            {
                "name": "Away",
                "calendar_id": self.calendar.id,
                "resource_id": self.work.employee_id.resource_id.id,
                "company_id": self.company.id,
                "date_from": start,
                "date_to": start + timedelta(days=3) - timedelta(seconds=1),
            }
        )
        self.assertEqual(self.get_free(), 20 - 3 * 2)

    def test_more_planned_than_there_is_leaves_nothing(self):
        self.make_task(100)
        self.assertEqual(self.get_free(), 0)
        self.assertTrue(self.option.is_over_capacity)

    def test_where_nobody_worked_the_owner_does_and_else_nobody_is_known(self):
        other = self.make_exit(self.make_customer(name="Other"), state="draft")
        option = self.make_option("pause", case=other)
        self.assertIn("Nobody", option.capacity_note)
        self.assertEqual(option.free_hours, 0)
        self.env["hr.employee"].sudo().create(
            {
                "name": "Seller",
                "user_id": self.salesperson.id,
                "company_id": self.company.id,
                "resource_calendar_id": self.calendar.id,
            }
        )
        option.invalidate_recordset()
        self.assertGreater(option.free_hours, 0)

    def test_the_form_shows_it_to_who_reads_neither_calendars_nor_tasks(self):
        self.make_task(4)
        option = self.option.with_user(self.salesperson)
        self.env.invalidate_all()
        with Form(option) as form:
            self.assertIn("16:00", form.capacity_note)
