from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestCustomerQuarantine(ToxicityCommon):
    def decide(self, quarantine, decision, **values):
        wizard = (
            self.env["customer.quarantine.decide"]
            .with_user(self.manager)
            .create(
                {
                    "quarantine_id": quarantine.id,
                    "decision": decision,
                    "conclusion": "Calmer since",
                    **values,
                }
            )
        )
        return wizard.action_confirm()

    def test_a_manager_starts_one_on_the_form(self):
        form = Form(self.env["customer.quarantine"].with_user(self.manager))
        form.partner_id = self.customer
        form.reason = "Three meetings a day, since May"
        form.user_id = self.salesperson
        quarantine = form.save()
        self.assertEqual(quarantine.calendar_id.name, "Tuesday and Thursday mornings")
        quarantine.action_start()
        self.assertEqual(quarantine.state, "active")

    def test_the_shipped_windows_are_as_they_are_called(self):
        mornings, hour = (
            self.env.ref(f"toxic_customer_exit.resource_calendar_{name}")
            for name in ("mornings", "one_hour")
        )
        self.assertEqual(
            sorted(mornings.attendance_ids.mapped("dayofweek")), ["1", "3"]
        )
        self.assertEqual(sum(hour.attendance_ids.mapped("duration_hours")), 5)
        self.assertFalse(mornings.company_id)

    # Who may

    def test_salespersons_read_and_decide_nothing(self):
        quarantine = self.make_quarantine()
        seen = quarantine.with_user(self.salesperson)
        self.assertEqual(seen.read(["state"])[0]["state"], "active")
        with self.assertRaises(AccessError):
            seen.write({"weekly_hours": 9})
        with self.assertRaises(AccessError):
            self.env["customer.quarantine"].with_user(self.salesperson).create(
                {"partner_id": self.customer.id, "reason": "No"}
            )
        with self.assertRaisesRegex(UserError, "manager"):
            seen.action_review()

    def test_others_neither_read_nor_decide(self):
        quarantine = self.make_quarantine()
        for user in (self.outsider,):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                quarantine.with_user(user).read(["state"])

    def test_the_steps_are_not_written_by_hand(self):
        quarantine = self.make_quarantine()
        for values in ({"state": "lifted"}, {"conclusion": "x"}, {"exit_id": False}):
            with self.subTest(values), self.assertRaisesRegex(UserError, "buttons"):
                quarantine.write(values)
        born = self.make_quarantine(self.make_customer(name="Other"), state="draft")
        self.assertEqual(born.with_context(default_state="active").state, "draft")
        with self.assertRaisesRegex(UserError, "buttons"):
            self.make_quarantine(state="draft", date_ended=date.today())

    def test_its_days_stay_once_it_has_begun(self):
        quarantine = self.make_quarantine()
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            quarantine.date_to = date.today() + timedelta(days=400)
        with self.assertRaisesRegex(UserError, "stays on record"):
            quarantine.unlink()

    # One per customer and company

    def test_overlapping_periods_are_refused_and_the_other_named(self):
        first = self.make_quarantine()
        contact = self.make_customer(
            name="Boss", is_company=False, parent_id=self.customer.id
        )
        with self.assertRaisesRegex(ValidationError, first.display_name):
            self.make_quarantine(contact, state="draft")

    def test_one_after_the_other_is_planned_but_not_started_early(self):
        first = self.make_quarantine()
        days = {
            "date_from": first.date_to + timedelta(days=1),
            "date_to": first.date_to + timedelta(days=30),
        }
        second = self.make_quarantine(state="draft", **days)
        self.assertIn("already is in quarantine", second.obstacles)
        with self.assertRaisesRegex(UserError, "already is in quarantine"):
            second.action_start()

    def test_the_database_refuses_what_the_check_cannot_see(self):
        self.make_quarantine()
        other = self.make_quarantine(self.make_customer(name="Other"))
        self.env.flush_all()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE customer_quarantine SET commercial_partner_id = %s"
                " WHERE id = %s",
                (self.customer.id, other.id),
            )

    def test_another_company_has_its_own(self):
        sister = self.env["res.company"].create({"name": "Sister"})
        self.manager.company_ids += sister
        self.make_quarantine()
        theirs = (
            self.env["customer.quarantine"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=(self.company + sister).ids)
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": sister.id,
                    "reason": "There too",
                }
            )
        )
        self.assertEqual(theirs.state, "draft")
        self.manager.company_ids -= sister
        with self.assertRaises(AccessError):
            self.make_quarantine(company_id=sister.id)

    # Bad input

    def test_ones_own_company_is_no_customer(self):
        with self.assertRaisesRegex(ValidationError, "one of your own companies"):
            self.make_quarantine(self.company.partner_id, state="draft")

    def test_days_and_hours_that_make_no_sense_are_refused(self):
        for values in (
            {"date_to": date.today() - timedelta(days=1)},
            {"weekly_hours": 0},
        ):
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.make_quarantine(state="draft", **values)

    def make_windows(self, *hours):
        return self.env["resource.calendar"].create(
            {
                "name": "Mondays",
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "name": "Monday",
                                "dayofweek": "0",
                                "hour_from": start,
                                "hour_to": stop,
                            }
                        )
                        for start, stop in hours
                    ),
                ],
            }
        )

    def test_windows_of_no_length_are_refused(self):
        calendar = self.make_windows((9, 12))
        calendar.attendance_ids.hour_to = 9
        for windows in (calendar, self.make_windows()):
            with self.assertRaisesRegex(UserError, "no fixed time in it"):
                self.make_quarantine(self.make_customer(), calendar_id=windows.id)

    def test_windows_in_use_keep_some_hours_and_are_not_deleted(self):
        calendar = self.make_windows((9, 12))
        self.make_quarantine(calendar_id=calendar.id)
        for values in (
            {"attendance_ids": [Command.clear()]},
            {"schedule_type": "flexible"},
        ):
            with (
                self.subTest(values),
                self.assertRaisesRegex(ValidationError, "leave some hours"),
                self.env.cr.savepoint(),
            ):
                calendar.write(values)
        with (
            self.assertRaisesRegex(ValidationError, "leave some hours"),
            self.env.cr.savepoint(),
        ):
            calendar.attendance_ids.hour_to = 9
        self.assertEqual(calendar.attendance_ids.hour_to, 12, "Nothing is half saved")
        with self.assertRaisesRegex(UserError, "archive it"):
            calendar.unlink()
        self.assertNotIn("uarantine", str(calendar._fields["attendance_ids"].help))

    def test_flexible_hours_are_no_windows(self):
        calendar = self.make_windows((9, 12))
        calendar.schedule_type = "flexible"
        calendar.flush_recordset()
        with self.assertRaisesRegex(UserError, "no fixed time in it"):
            self.make_quarantine(calendar_id=calendar.id)

    def test_other_windows_and_another_contact_are_checked_while_it_holds(self):
        quarantine = self.make_quarantine()
        calendar = self.make_windows()
        with (
            self.assertRaisesRegex(ValidationError, "no fixed time in it"),
            self.env.cr.savepoint(),
        ):
            quarantine.calendar_id = calendar
        with (
            self.assertRaisesRegex(ValidationError, "does not work with"),
            self.env.cr.savepoint(),
        ):
            quarantine.user_id = self.outsider
        quarantine.user_id = self.manager
        self.assertEqual(quarantine.user_id, self.manager)

    def test_a_contact_who_left_or_does_not_work_with_it_is_refused(self):
        left = self.make_user("left", "sales_team.group_sale_salesman", active=False)
        with self.assertRaisesRegex(UserError, "has left the company"):
            self.make_quarantine(user_id=left.id)
        with self.assertRaisesRegex(UserError, "does not work with"):
            self.make_quarantine(
                self.make_customer(name="Other"), user_id=self.outsider.id
            )

    def test_nothing_is_half_saved(self):
        before = self.env["customer.quarantine"].search_count([])
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.env["customer.quarantine"].with_user(self.manager).create(
                [
                    {"partner_id": customer.id, "reason": "So"}
                    for customer in (self.customer, self.company.partner_id)
                ]
            )
        self.assertEqual(self.env["customer.quarantine"].search_count([]), before)

    # How it ends

    def test_a_review_lifts_it(self):
        quarantine = self.make_quarantine(state="review")
        self.decide(quarantine, "lift")
        self.assertRecordValues(
            quarantine,
            [
                {
                    "state": "lifted",
                    "date_ended": date.today(),
                    "conclusion": "Calmer since",
                }
            ],
        )
        self.assertEqual(self.make_quarantine().state, "active", "Free for another")

    def test_a_review_extends_it(self):
        quarantine = self.make_quarantine(state="review")
        later = date.today() + timedelta(days=120)
        self.decide(quarantine, "extend", date_to=later)
        self.assertRecordValues(
            quarantine, [{"state": "active", "date_to": later, "extension_count": 1}]
        )

    def test_it_is_not_extended_into_the_past(self):
        quarantine = self.make_quarantine(state="review")
        with self.assertRaisesRegex(UserError, "after today"):
            self.decide(quarantine, "extend", date_to=date.today())
        self.assertEqual(quarantine.state, "review")

    def test_a_review_opens_an_exit_or_joins_the_one_that_is_open(self):
        quarantine = self.make_quarantine(state="review")
        action = self.decide(quarantine, "exit")
        self.assertEqual(quarantine.state, "exit")
        self.assertEqual(quarantine.exit_id.state, "draft")
        self.assertEqual(action["res_id"], quarantine.exit_id.id)
        again = self.make_quarantine(state="review")
        self.decide(again, "exit")
        self.assertEqual(again.exit_id, quarantine.exit_id)

    def test_only_what_is_in_review_is_decided_on(self):
        quarantine = self.make_quarantine()
        with self.assertRaisesRegex(UserError, "reviewed first"):
            self.decide(quarantine, "lift")
        quarantine.action_review()
        with self.assertRaises(AccessError):
            self.env["customer.quarantine.decide"].with_user(self.salesperson).create(
                {"quarantine_id": quarantine.id, "conclusion": "x"}
            )

    # Customers that become one

    def test_merged_customers_keep_the_one_that_lasts_longest(self):
        other = self.make_customer(name="Other")
        longer = self.make_quarantine(date_to=date.today() + timedelta(days=200))
        shorter = self.make_quarantine(other)
        merge = self.env["base.partner.merge.automatic.wizard"].create(
            {
                "partner_ids": [Command.set((self.customer + other).ids)],
                "dst_partner_id": self.customer.id,
            }
        )
        merge.action_merge()
        self.env.invalidate_all()
        self.assertEqual((longer.state, shorter.state), ("active", "lifted"))
        self.assertEqual((longer | shorter).commercial_partner_id, self.customer)

    def test_a_customer_that_joins_another_brings_its_quarantine(self):
        other = self.make_customer(name="Other")
        longer = self.make_quarantine(date_to=date.today() + timedelta(days=200))
        shorter = self.make_quarantine(other)
        other.write({"is_company": False, "parent_id": self.customer.id})
        self.assertEqual((longer.state, shorter.state), ("active", "lifted"))
        self.assertEqual(shorter.commercial_partner_id, self.customer)
