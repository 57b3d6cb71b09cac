from datetime import date, datetime, timedelta

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .common import ToxicityCommon

# A Wednesday; its week began on Monday 16 November 2026.
TODAY = "2026-11-18 08:00:00"
MONDAY = date(2026, 11, 16)
HOURS_TYPE = "toxic_customer_exit.mail_activity_type_quarantine_hours"


class QuarantineHoursCommon(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mornings = cls.env.ref("toxic_customer_exit.resource_calendar_mornings")
        cls.mornings.tz = "UTC"
        with freeze_time(TODAY):
            cls.quarantine = cls.make_quarantine(
                weekly_hours=5, date_to=date(2026, 12, 31)
            )
        # As if it had begun two weeks before.
        cls.quarantine.sudo().date_from = MONDAY - timedelta(days=14)

    def log(self, hours, worked_on=None):
        return self.make_work(hours, worked_on=worked_on or date(2026, 11, 18))

    def meet(self, start, hours=1.0, organiser=None):
        """As synchronised, so that it is accepted at any time."""
        organiser = organiser if organiser is not None else self.salesperson
        return (
            self.env["calendar.event"]
            .with_context(dont_notify=True)
            .create(
                {
                    "name": "Status",
                    "user_id": organiser.id,
                    "start": start,
                    "stop": start + timedelta(hours=hours),
                    "partner_ids": [Command.set(self.customer.ids)],
                }
            )
        )

    def get_activities(self, kind=HOURS_TYPE):
        self.env.flush_all()
        return self.quarantine.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(kind)
        )


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestQuarantineHours(QuarantineHoursCommon):
    def test_the_week_adds_up_what_was_logged_and_met(self):
        self.log(1.5)
        self.meet(datetime(2026, 11, 17, 9), 0.5)
        self.meet(datetime(2026, 11, 20, 9), 1)
        for outside in (MONDAY - timedelta(days=1), MONDAY + timedelta(days=7)):
            self.log(7, outside)
        self.quarantine.invalidate_recordset()
        self.assertEqual(self.quarantine.week_hours, 3)
        self.assertEqual(self.quarantine.week_share, 60)

    def test_every_week_is_a_row_of_the_report(self):
        self.log(2, MONDAY - timedelta(days=14))
        self.log(6, MONDAY - timedelta(days=3))
        self.meet(datetime(2026, 11, 17, 9), 3)
        self.env.flush_all()
        weeks = (
            self.env["customer.quarantine.week"]
            .with_user(self.salesperson)
            .search([("quarantine_id", "=", self.quarantine.id)], order="week")
        )
        self.assertRecordValues(
            weeks,
            [
                {
                    "week": MONDAY + timedelta(days=days),
                    "timesheet_hours": logged,
                    "meeting_hours": met,
                    "hours": logged + met,
                    "over_hours": over,
                }
                for days, logged, met, over in (
                    (-14, 2, 0, 0),
                    (-7, 6, 0, 1),
                    (0, 0, 3, 0),
                )
            ],
        )

    def test_weeks_are_cut_at_its_first_day(self):
        self.quarantine.sudo().date_from = MONDAY + timedelta(days=1)
        self.log(2, MONDAY)
        self.log(1, MONDAY + timedelta(days=1))
        self.quarantine.invalidate_recordset()
        self.assertEqual(self.quarantine.week_hours, 1)

    def test_weeks_sum_to_odoos_own_timesheets(self):
        for days, hours in enumerate((1, 2.25, 0.5, 3, 4.75)):
            self.log(hours, MONDAY - timedelta(days=3 * days))
        self.env.flush_all()
        weeks = self.env["customer.quarantine.week"].search(
            [("quarantine_id", "=", self.quarantine.id)]
        )
        report = self.env["timesheets.analysis.report"]._read_group(
            [
                ("partner_id", "=", self.customer.id),
                ("date", ">=", self.quarantine.date_from),
            ],
            aggregates=["unit_amount:sum"],
        )
        self.assertAlmostEqual(sum(weeks.mapped("timesheet_hours")), report[0][0])

    # Told at 80 and at 100 %

    def test_the_contact_is_told_at_80_and_a_manager_at_100_once_each(self):
        self.log(3.9)
        self.assertFalse(self.get_activities())
        self.log(0.1)
        self.assertEqual(self.get_activities().user_id, self.salesperson)
        self.log(0.5)
        self.assertEqual(len(self.get_activities()), 1)
        self.meet(datetime(2026, 11, 19, 9), 0.5)
        self.assertEqual(len(self.get_activities()), 2)
        managers = self.quarantine._get_first_managers(self.company)[self.company]
        self.assertIn(managers, self.get_activities().user_id)
        self.log(9)
        self.assertEqual(len(self.get_activities()), 2)

    def test_another_week_is_told_again(self):
        self.log(4)
        with freeze_time("2026-11-25"):
            self.log(4, date(2026, 11, 25))
            self.assertEqual(len(self.get_activities()), 2)

    def test_logging_is_never_refused_whoever_logs(self):
        logger = self.make_user("logger", "hr_timesheet.group_hr_timesheet_user")
        employee = self.get_employee(logger, 40)
        project = self.log(1).project_id
        line = (
            self.env["account.analytic.line"]
            .with_user(logger)
            .create(
                {
                    "name": "More",
                    "project_id": project.id,
                    "employee_id": employee.id,
                    "unit_amount": 20,
                    "date": date(2026, 11, 18),
                }
            )
        )
        line.unit_amount = 30
        self.assertEqual(line.unit_amount, 30)
        self.assertEqual(len(self.get_activities()), 1)

    # Badge and banner

    def test_the_customer_and_its_records_say_so(self):
        order = self.make_order((self.service_ordered, 1))
        project = self.log(2).project_id
        task = self.env["project.task"].create(
            {"name": "Work", "project_id": project.id}
        )
        lead = self.env["crm.lead"].create(
            {"name": "More", "partner_id": self.customer.id}
        )
        meeting = self.meet(datetime(2026, 11, 19, 9), 1)
        for record in (self.customer, order, project, task, lead, meeting):
            with self.subTest(record._name):
                seen = record.with_user(self.manager)
                seen.invalidate_recordset()
                self.assertEqual(seen.quarantine_id, self.quarantine)
                self.assertIn("03:00 of 05:00 hours", seen.quarantine_note)
                self.assertIn("Tuesday, Thursday 09:00–12:00", seen.quarantine_note)
                self.assertIn(self.salesperson.name, seen.quarantine_note)
        with self.assertRaises(AccessError):
            self.customer.with_user(self.outsider).read(["quarantine_note"])

    def test_the_project_shows_the_hours_as_they_are_logged(self):
        colleague = self.make_user(
            "colleague",
            "sales_team.group_sale_salesman,project.group_project_user",
        )
        project = self.log(2).project_id.with_user(colleague)
        self.assertIn("02:00 of 05:00", project.get_panel_data()["quarantine"])
        self.log(1)
        project.invalidate_recordset()
        self.assertIn("03:00 of 05:00", project.get_panel_data()["quarantine"])
        self.env.ref("project.group_project_user").implied_ids -= self.env.ref(
            "toxic_customer_exit.group_toxicity_user"
        )
        other = self.make_user("other", "project.group_project_user")
        self.assertNotIn("quarantine", project.with_user(other).get_panel_data())

    def test_others_and_other_days_say_nothing(self):
        other = self.make_customer(name="Other")
        self.assertFalse(other.quarantine_note)
        self.quarantine.sudo().date_from = date(2026, 12, 1)
        self.customer.invalidate_recordset()
        self.assertFalse(self.customer.quarantine_note)

    def test_customers_in_quarantine_are_found(self):
        partners = self.env["res.partner"].with_user(self.salesperson)
        self.assertEqual(
            partners.search([("quarantine_id", "!=", False)]), self.customer
        )
        self.assertNotIn(
            self.customer, partners.search([("quarantine_id", "=", False)])
        )
        order = self.make_order((self.service_ordered, 1))
        self.assertEqual(
            self.env["sale.order"].search([("quarantine_id", "=", self.quarantine.id)]),
            order,
        )

    def test_many_records_cost_as_many_queries_as_one(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {index}"} for index in range(20)]
        )
        for partner in partners[:10]:
            self.make_quarantine(partner)
        orders = self.env["sale.order"].create(
            [{"partner_id": partner.id} for partner in partners]
        )
        for records in (partners, orders):
            costs = []
            for chosen in (records[0], records):
                self.env.flush_all()
                self.env.invalidate_all()
                chosen = chosen.with_user(self.manager)
                before = self.env.cr.sql_log_count
                chosen.mapped("quarantine_note")
                costs.append(self.env.cr.sql_log_count - before)
            with self.subTest(records._name):
                self.assertLessEqual(costs[1], costs[0] + 1)

    # Whether it is kept to

    def test_compliance_tells_ours_from_theirs(self):
        self.meet(datetime(2026, 11, 17, 9))
        self.meet(datetime(2026, 11, 16, 9))
        self.meet(datetime(2026, 11, 12, 9), organiser=self.env["res.users"])
        self.quarantine.invalidate_recordset()
        self.assertRecordValues(
            self.quarantine,
            [
                {
                    "our_meeting_count": 2,
                    "our_meeting_share": 50,
                    "their_meeting_count": 1,
                    "their_meeting_share": 100,
                }
            ],
        )

    def test_hours_inside_are_those_below_the_budget(self):
        self.log(15, MONDAY - timedelta(days=14))
        self.log(5, MONDAY - timedelta(days=7))
        self.quarantine.invalidate_recordset()
        self.assertEqual(self.quarantine.hours_taken, 20)
        self.assertEqual(self.quarantine.hours_share, 50)

    def test_hours_saved_are_against_the_90_days_before(self):
        begins = self.quarantine.date_from
        self.log(80, begins - timedelta(days=90))
        self.log(10, begins - timedelta(days=1))
        self.log(99, begins - timedelta(days=91))
        self.log(4, begins)
        self.quarantine.invalidate_recordset()
        self.assertAlmostEqual(self.quarantine.hours_before, 7)
        # 17 days since, at an hour a day, less what was taken.
        self.assertAlmostEqual(self.quarantine.hours_saved, 17 - 4)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestQuarantineContact(QuarantineHoursCommon):
    """One contact, reminders, and what never stands in anybody's way."""

    # One contact

    def make_lead(self, user, **values):
        return (
            self.env["crm.lead"]
            .with_user(user)
            .create({"name": "More", "partner_id": self.customer.id, **values})
        )

    def test_new_leads_go_to_the_contact(self):
        self.assertEqual(self.make_lead(self.manager).user_id, self.salesperson)
        by_hand = self.make_lead(self.manager, user_id=self.manager.id)
        self.assertEqual(by_hand.user_id, self.salesperson)
        other = self.make_lead(
            self.manager, partner_id=self.make_customer(name="Other").id
        )
        self.assertNotEqual(other.user_id, self.salesperson)

    def test_who_sees_own_leads_only_keeps_it_and_the_contact_is_told(self):
        junior = self.make_user("junior", "sales_team.group_sale_salesman")
        lead = self.make_lead(junior, user_id=junior.id)
        self.assertEqual(lead.user_id, junior)
        self.assertTrue(lead.read(["name"]))
        told = self.get_activities("mail.mail_activity_data_todo")
        self.assertEqual(told.user_id, self.salesperson)

    def plan(self, record, user=None, **values):
        return record.with_user(user or self.manager).activity_schedule(
            "mail.mail_activity_data_todo", **values
        )

    def test_activities_for_nobody_go_to_the_contact(self):
        order = self.make_order((self.service_ordered, 1))
        for record in (self.customer, order):
            with self.subTest(record._name):
                self.assertEqual(self.plan(record).user_id, self.salesperson)

    def test_who_names_a_colleague_is_not_overruled(self):
        activity = (
            self.env["mail.activity"]
            .with_user(self.manager)
            .create(
                {
                    "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                    "res_id": self.customer.id,
                    "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                    "user_id": self.manager.id,
                }
            )
        )
        self.assertEqual(activity.user_id, self.manager)

    def test_activities_of_others_and_of_invoices_stay(self):
        invoice = self.make_invoice(100, date.today(), date.today())
        other = self.make_customer(name="Other")
        for record in (invoice, other):
            with self.subTest(record._name):
                self.assertFalse(self.plan(record).user_id)

    # Asked in time

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("toxic_customer_exit.ir_cron_quarantines").sudo().with_user(
                self.env.ref("base.user_root")
            ).method_direct_trigger()
        self.env.invalidate_all()

    def test_a_review_is_asked_for_a_week_before_once(self):
        kind = "toxic_customer_exit.mail_activity_type_quarantine_review"
        self.quarantine.sudo().date_to = date(2026, 11, 26)
        self.run_cron()
        self.assertFalse(self.get_activities(kind))
        self.quarantine.sudo().date_to = date(2026, 11, 25)
        self.run_cron()
        self.run_cron()
        self.assertEqual(len(self.get_activities(kind)), 1)
        self.assertEqual(self.quarantine.state, "active")

    def test_its_last_day_ends_in_a_review_and_not_by_itself(self):
        self.quarantine.sudo().date_to = date(2026, 11, 18)
        self.run_cron()
        self.assertEqual(self.quarantine.state, "active")
        with freeze_time("2026-11-19"):
            self.run_cron()
            self.assertEqual(self.quarantine.state, "review")
        with freeze_time("2027-02-01"):
            self.assertTrue(self.customer.quarantine_note)

    def test_a_review_nobody_held_is_asked_for_again(self):
        kind = "toxic_customer_exit.mail_activity_type_quarantine_review"
        self.quarantine.sudo().date_to = date(2026, 11, 17)
        self.run_cron()
        self.get_activities(kind).action_done()
        self.run_cron()
        self.assertEqual(len(self.get_activities(kind)), 1)

    def test_a_contact_who_leaves_is_missed_at_once(self):
        kind = "toxic_customer_exit.mail_activity_type_quarantine_contact"
        self.salesperson.action_archive()
        activity = self.get_activities(kind)
        self.assertIn("name another single contact", activity.note)
        self.assertTrue(
            activity.user_id.has_group("toxic_customer_exit.group_toxicity_manager")
        )
        self.run_cron()
        self.assertEqual(len(self.get_activities(kind)), 1)
        self.customer.invalidate_recordset()
        note = self.customer.with_user(self.manager).quarantine_note
        self.assertNotIn(self.salesperson.name, note, "Nobody asks who has left")
        self.assertIn(f"ask {activity.user_id.name}", note)
        lead = self.make_lead(self.manager, user_id=self.manager.id)
        self.assertEqual(lead.user_id, self.manager)

    # Never in its way

    def test_what_is_owed_goes_on(self):
        self.log(50)
        order = self.make_order((self.service_delivered, 5), confirm=False)
        order.with_user(self.manager).action_confirm()
        order.order_line.with_user(self.manager).qty_delivered = 5
        invoice = order.with_user(self.manager)._create_invoices()
        invoice.action_post()
        self.pay(invoice, 500, date.today())
        self.assertEqual(order.invoice_status, "invoiced")
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def test_what_was_paid_in_advance_is_still_worked_on(self):
        order = self.make_order((self.service_ordered, 5))
        self.pay(self.make_invoices(order), 500, date.today())
        project = self.log(50).project_id
        worker = self.make_user(
            "worker",
            "project.group_project_user,hr_timesheet.group_hr_timesheet_user",
        )
        self.get_employee(worker, 40)
        task = self.env["project.task"].create(
            {
                "name": "Paid work",
                "project_id": project.id,
                "sale_line_id": order.order_line.id,
                "user_ids": worker.ids,
            }
        )
        task.with_user(worker).date_deadline = datetime(2026, 11, 30)
        self.env["account.analytic.line"].with_user(worker).create(
            {
                "name": "Worked",
                "project_id": project.id,
                "task_id": task.id,
                "unit_amount": 5,
            }
        )
        task.with_user(worker).state = "1_done"
        self.assertEqual(task.effective_hours, 5)
        order.with_user(self.manager).order_line.qty_delivered = 5
        self.assertEqual(order.order_line.qty_delivered, 5)

    def test_support_goes_on(self):
        task = self.env["project.task"].create(
            {"name": "Broken", "project_id": self.log(50).project_id.id}
        )
        self.log(3)
        supporter = self.make_user("supporter", "project.group_project_user")
        task.user_ids = supporter
        task.with_user(supporter).state = "1_done"
        task.with_user(supporter).message_post(body="Mended")
        self.assertEqual(task.state, "1_done")
