import logging
from datetime import date, datetime, timedelta

from odoo import Command
from odoo.exceptions import RedirectWarning, UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.toxic_customer_exit.models.calendar_event import INSIDE, LATER

from .common import ToxicityCommon

_logger = logging.getLogger(__name__)

MAIL = """From: boss@example.com
To: meetings@example.com
Subject: Status
Message-ID: <status@example.com>

Let us meet.
"""

# A Friday: the windows of next week are Tuesday 24 and Thursday 26 from 9 to 12.
FRIDAY = "2026-11-20 10:00:00"
MONDAY_TEN = datetime(2026, 11, 23, 10)
TUESDAY_NINE = datetime(2026, 11, 24, 9)
HOUR = timedelta(hours=1)


@tagged("post_install", "-at_install")
@freeze_time(FRIDAY)
class TestQuarantineWindows(ToxicityCommon):
    """Meetings outside the windows are refused with free times; machines are not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mornings = cls.env.ref("toxic_customer_exit.resource_calendar_mornings")
        cls.mornings.tz = "UTC"
        cls.person = cls.make_customer(
            name="Boss", is_company=False, parent_id=cls.customer.id
        )
        with freeze_time(FRIDAY):
            cls.quarantine = cls.make_quarantine(
                calendar_id=cls.mornings.id, date_to=date(2027, 2, 1)
            )

    def meet(self, start=MONDAY_TEN, user=None, guests=None, context=None, **values):
        user = user or self.salesperson
        guests = user.partner_id + (guests or self.person)
        return (
            self.env["calendar.event"]
            .with_user(user)
            .with_context(**(context or {}))
            .create(
                {
                    "name": "Status",
                    "start": start,
                    "stop": start + HOUR,
                    "partner_ids": [Command.set(guests.ids)],
                    **values,
                }
            )
        )

    def refuse(self, **meeting):
        with self.assertRaises(RedirectWarning) as caught, self.env.cr.savepoint():
            self.meet(**meeting)
        return caught.exception.args

    def choose(self, refusal, method="action_take_first", user=None, **values):
        """The wizard that the button of the refusal opens, and its button."""
        _message, action, _button, context = refusal
        wizard = (
            self.env[action["res_model"]]
            .with_user(user or self.salesperson)
            .with_context(**context)
            .create(values)
        )
        result = getattr(wizard, method)()
        return self.env["calendar.event"].browse(result["params"]["meeting_id"])

    # Refused, and moved

    def test_a_meeting_inside_a_window_is_accepted(self):
        self.assertTrue(self.meet(TUESDAY_NINE))

    def test_a_monday_meeting_is_refused_with_the_next_three_free_times(self):
        message, _action, _button, context = self.refuse()
        self.assertIn("Meetings with Difficult Ltd are held Tuesday, Thursday", message)
        self.assertNotIn("uarantine", message)
        self.assertEqual(
            context["meeting_window"]["slots"],
            ["2026-11-24 09:00:00", "2026-11-24 10:00:00", "2026-11-24 11:00:00"],
        )
        self.assertFalse(self.env["calendar.event"].search([("name", "=", "Status")]))

    def test_one_click_makes_the_meeting_at_the_time_offered(self):
        meeting = self.choose(self.refuse(location="Here"))
        self.assertRecordValues(
            meeting,
            [
                {
                    "start": TUESDAY_NINE,
                    "stop": TUESDAY_NINE + HOUR,
                    "location": "Here",
                    "user_id": self.salesperson.id,
                }
            ],
        )
        self.assertIn(self.person, meeting.partner_ids)
        second = self.choose(self.refuse(), "action_take_second")
        self.assertEqual(second.start, TUESDAY_NINE + 2 * HOUR)

    def test_times_at_which_the_organiser_is_busy_are_not_offered(self):
        alone = self.salesperson.partner_id
        self.meet(TUESDAY_NINE + HOUR, guests=alone, name="Busy")
        self.meet(TUESDAY_NINE, guests=alone, name="Free", show_as="free")
        slots = self.refuse()[3]["meeting_window"]["slots"]
        self.assertEqual(
            slots, ["2026-11-24 09:00:00", "2026-11-24 11:00:00", "2026-11-26 09:00:00"]
        )

    def test_holidays_are_not_offered_but_not_refused_either(self):
        self.env["resource.calendar.leaves"].sudo().create(
            {
                "name": "Closed",
                "company_id": self.company.id,
                "date_from": datetime(2026, 11, 24),
                "date_to": datetime(2026, 11, 24, 23),
            }
        )
        slots = self.refuse()[3]["meeting_window"]["slots"]
        self.assertEqual(slots[0], "2026-11-26 09:00:00")
        self.assertTrue(self.meet(TUESDAY_NINE))

    def test_a_meeting_longer_than_any_window_is_offered_shorter(self):
        meeting = self.choose(self.refuse(stop=MONDAY_TEN + 6 * HOUR))
        self.assertEqual(meeting.stop - meeting.start, 3 * HOUR)

    def test_a_meeting_that_only_begins_inside_is_refused(self):
        self.refuse(start=TUESDAY_NINE + 2 * HOUR + timedelta(minutes=30))

    def test_a_whole_day_is_refused_and_becomes_an_hour(self):
        refusal = self.refuse(
            allday=True, start_date=date(2026, 11, 24), stop_date=date(2026, 11, 24)
        )
        meeting = self.choose(refusal)
        self.assertFalse(meeting.allday)
        self.assertEqual(meeting.stop - meeting.start, HOUR)

    def test_who_is_not_invited_is_met_at_any_time(self):
        other = self.make_customer(name="Other")
        self.assertTrue(self.meet(guests=other))

    def test_a_meeting_of_another_company_is_not_looked_at(self):
        sister = self.env["res.company"].create({"name": "Sister"})
        colleague = self.make_user("sister", "sales_team.group_sale_salesman")
        colleague.write(
            {"company_ids": [Command.set(sister.ids)], "company_id": sister.id}
        )
        self.assertTrue(self.meet(user=colleague))

    def test_only_days_on_which_it_holds_are_looked_at(self):
        self.assertTrue(self.meet(datetime(2027, 3, 1, 10)))
        self.quarantine.action_review()
        self.refuse(start=datetime(2027, 3, 1, 10))

    def test_what_is_over_is_recorded_as_it_was(self):
        self.quarantine.sudo().date_from = date(2026, 11, 1)
        self.assertTrue(self.meet(datetime(2026, 11, 16, 10)))

    # Time zones and daylight saving

    def test_windows_are_in_their_own_time_zone_summer_and_winter(self):
        self.mornings.tz = "Europe/Brussels"
        self.quarantine.sudo().date_to = date(2027, 12, 1)
        self.assertTrue(self.meet(datetime(2026, 11, 24, 8)), "9:00 in winter")
        self.assertTrue(self.meet(datetime(2027, 6, 1, 7)), "9:00 in summer")
        self.refuse(start=datetime(2027, 6, 1, 10))
        self.refuse(start=datetime(2026, 11, 24, 7))

    def test_the_week_of_the_change_offers_local_times(self):
        self.mornings.tz = "Europe/Brussels"
        self.quarantine.sudo().date_to = date(2027, 12, 1)
        # Clocks go forward on Sunday 28 March 2027.
        slots = self.refuse(start=datetime(2027, 3, 25, 14))[3]["meeting_window"]
        self.assertEqual(slots["slots"][0], "2027-03-30 07:00:00")

    def test_a_series_over_the_change_of_the_clocks_stays_inside(self):
        self.mornings.tz = "Europe/Brussels"
        self.quarantine.sudo().date_to = date(2027, 12, 1)
        weekly = {**self.weekly("tue"), "event_tz": "Europe/Brussels"}
        series = self.meet(datetime(2027, 3, 16, 8), **weekly)
        starts = series.recurrence_id.calendar_event_ids.mapped("start")
        self.assertEqual([at.hour for at in sorted(starts)], [8, 8, 7, 7])
        # The last hour of the window in winter is none of it in summer.
        self.refuse(start=datetime(2027, 3, 16, 10), **{**weekly, "event_tz": "UTC"})

    def test_the_words_are_in_the_time_of_the_reader(self):
        self.salesperson.tz = "Asia/Tokyo"
        message = self.refuse()[0]
        self.assertIn("18:00", message)
        self.assertIn("(UTC)", message)

    def test_windows_of_every_second_week_say_so(self):
        calendar = self.env["resource.calendar"].create(
            {
                "name": "Every second Monday",
                "tz": "UTC",
                "two_weeks_calendar": True,
                "attendance_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "name": "Monday",
                            "dayofweek": "0",
                            "week_type": "1",
                            "hour_from": 9,
                            "hour_to": 12,
                        }
                    ),
                ],
            }
        )
        self.quarantine.sudo().calendar_id = calendar
        message, *_rest, context = self.refuse()
        self.assertIn("Monday 09:00–12:00 every second week", message)
        slots = context["meeting_window"]["slots"]
        self.assertEqual(slots[0], "2026-11-30 09:00:00")
        self.assertTrue(self.meet(datetime(2026, 11, 30, 9)))

    # Moved

    def test_moving_one_out_of_its_window_is_refused(self):
        meeting = self.meet(TUESDAY_NINE)
        with self.assertRaises(RedirectWarning) as caught, self.env.cr.savepoint():
            meeting.write({"start": MONDAY_TEN, "stop": MONDAY_TEN + HOUR})
        self.assertEqual(meeting.start, TUESDAY_NINE)
        moved = self.choose(caught.exception.args, "action_take_second")
        self.assertEqual(moved, meeting)
        self.assertEqual(meeting.start, TUESDAY_NINE + HOUR)

    def test_making_it_a_whole_day_is_refused_and_becomes_an_hour(self):
        meeting = self.meet(TUESDAY_NINE)
        day = TUESDAY_NINE.date()
        with self.assertRaises(RedirectWarning) as caught, self.env.cr.savepoint():
            meeting.write({"allday": True, "start_date": day, "stop_date": day})
        moved = self.choose(caught.exception.args)
        self.assertEqual(moved, meeting)
        self.assertFalse(meeting.allday)
        self.assertEqual(meeting.stop - meeting.start, HOUR)

    def test_one_that_comes_back_from_the_archive_is_looked_at(self):
        meeting = self.meet(guests=self.salesperson.partner_id)
        meeting.active = False
        meeting.partner_ids += self.person
        with self.assertRaises(RedirectWarning), self.env.cr.savepoint():
            meeting.active = True

    def test_inviting_them_to_one_outside_is_refused(self):
        meeting = self.meet(guests=self.salesperson.partner_id)
        with self.assertRaises(RedirectWarning) as caught, self.env.cr.savepoint():
            meeting.partner_ids += self.person
        moved = self.choose(caught.exception.args)
        self.assertEqual(moved.start, TUESDAY_NINE)
        self.assertIn(self.person, moved.partner_ids)

    def test_what_says_nothing_about_when_and_who_is_not_looked_at(self):
        meeting = self.meet(TUESDAY_NINE)
        self.quarantine.sudo().calendar_id = self.env.ref(
            "toxic_customer_exit.resource_calendar_one_hour"
        )
        meeting.name = "Renamed"
        with self.assertRaises(RedirectWarning), self.env.cr.savepoint():
            meeting.stop += HOUR

    def test_several_at_once_are_refused_in_words(self):
        with self.assertRaisesRegex(UserError, "are held Tuesday"):
            self.env["calendar.event"].with_user(self.salesperson).create(
                [
                    {
                        "name": "Batch",
                        "start": MONDAY_TEN,
                        "stop": MONDAY_TEN + HOUR,
                        "partner_ids": [Command.set(self.person.ids)],
                    }
                ]
                * 2
            )

    # Series

    def weekly(self, day, **values):
        return {
            "recurrency": True,
            "rrule_type": "weekly",
            "interval": 1,
            "end_type": "count",
            "count": 4,
            "event_tz": "UTC",
            day: True,
            **values,
        }

    def test_a_series_outside_is_refused_and_moved_as_a_whole(self):
        refusal = self.refuse(**self.weekly("mon"))
        self.assertIn("4 dates of this series", refusal[0])
        meeting = self.choose(refusal)
        series = meeting.recurrence_id.calendar_event_ids
        self.assertEqual(len(series), 4)
        self.assertEqual({event.start.weekday() for event in series}, {1})

    def test_a_series_inside_is_accepted_and_one_date_moved_out_is_refused(self):
        series = self.meet(TUESDAY_NINE, **self.weekly("tue"))
        events = series.recurrence_id.calendar_event_ids.sorted("start")
        self.assertEqual(len(events), 4)
        with self.assertRaises(RedirectWarning), self.env.cr.savepoint():
            events[2].write(
                {
                    "recurrence_update": "self_only",
                    "start": events[2].start + timedelta(days=1),
                    "stop": events[2].stop + timedelta(days=1),
                }
            )

    def test_a_series_moved_out_is_refused_and_comes_back_in(self):
        series = self.meet(TUESDAY_NINE, **self.weekly("tue"))
        for update in ("all_events", "future_events"):
            with (
                self.subTest(update),
                self.assertRaises(RedirectWarning) as caught,
                self.env.cr.savepoint(),
            ):
                series.write(
                    {
                        "recurrence_update": update,
                        "start": TUESDAY_NINE + timedelta(days=1),
                        "stop": TUESDAY_NINE + timedelta(days=1) + HOUR,
                    }
                )
        moved = self.choose(caught.exception.args)
        events = moved.recurrence_id.calendar_event_ids
        self.assertEqual({event.start.weekday() for event in events}, {3})

    # The manager

    def test_a_manager_keeps_the_time_with_a_reason(self):
        refusal = self.refuse(user=self.manager)
        with self.assertRaisesRegex(UserError, "Say why"):
            self.choose(refusal, "action_keep", self.manager)
        meeting = self.choose(refusal, "action_keep", self.manager, reason="Fire")
        self.assertEqual(meeting.start, MONDAY_TEN)
        self.assertRecordValues(
            self.quarantine.exception_ids,
            [
                {
                    "event_id": meeting.id,
                    "reason": "Fire",
                    "user_id": self.manager.id,
                    "name": "Status",
                }
            ],
        )
        meeting.with_user(self.manager).partner_ids += self.salesperson.partner_id
        with self.assertRaises(RedirectWarning), self.env.cr.savepoint():
            meeting.with_user(self.manager).stop += HOUR

    def test_a_salesperson_keeps_it_by_no_means(self):
        refusal = self.refuse()
        with self.assertRaisesRegex(UserError, "A manager"):
            self.choose(refusal, "action_keep", reason="I want to")
        self.refuse(context={"meeting_windows_reason": "I want to"})

    def test_no_client_can_say_that_it_has_been_looked_at(self):
        self.refuse(context={"meeting_windows_later": True})

    # What is owed

    def plan_for(self, task, **values):
        model = self.env["ir.model"]._get_id("project.task")
        return {"res_model_id": model, "res_id": task.id, **values}

    def test_what_sold_work_needs_is_not_in_its_way_and_the_contact_is_told(self):
        order = self.make_order((self.service_ordered, 5))
        project = self.env["project.project"].create(
            {"name": "Sold", "partner_id": self.customer.id, "allow_billable": True}
        )
        task = self.env["project.task"].create(
            {
                "name": "Workshop",
                "project_id": project.id,
                "sale_line_id": order.order_line.id,
            }
        )
        meeting = self.meet(**self.plan_for(task))
        self.assertFlagged(meeting)
        meeting.with_user(self.salesperson).stop += HOUR
        free = self.env["project.project"].create(
            {"name": "Free", "partner_id": self.customer.id, "allow_billable": False}
        )
        given = self.env["project.task"].create({"name": "Chat", "project_id": free.id})
        self.refuse(**self.plan_for(given))
        order._action_cancel()
        self.refuse(**self.plan_for(task))

    # People without our group

    def test_colleagues_outside_are_told_when_and_nothing_else(self):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self.meet(user=self.outsider)
        message = str(caught.exception)
        self.assertIn("are held Tuesday, Thursday", message)
        self.assertIn("Next free times of", message)
        for word in ("uarantine", "strain", "toxic", "manager"):
            self.assertNotIn(word, message)
        self.assertTrue(self.meet(TUESDAY_NINE, user=self.outsider))

    # Machines

    def assertFlagged(self, meeting):
        self.assertEqual(meeting.start, MONDAY_TEN)
        kind = self.env.ref("toxic_customer_exit.mail_activity_type_quarantine_meeting")
        activity = self.quarantine.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )
        self.assertEqual(activity.user_id, self.salesperson)
        self.assertIn("Status", activity.note)

    def test_a_meeting_that_is_synchronised_is_accepted_and_flagged(self):
        self.assertFlagged(self.meet(user=self.outsider, context={"dont_notify": True}))

    def test_a_meeting_that_is_imported_is_accepted_and_flagged(self):
        events = self.env["calendar.event"].with_user(self.salesperson)
        result = events.with_context(import_file=True).load(
            ["name", "start", "stop", "partner_ids/.id"],
            [["Status", str(MONDAY_TEN), str(MONDAY_TEN + HOUR), str(self.person.id)]],
        )
        self.assertFalse(result["messages"])
        self.assertFlagged(events.browse(result["ids"]))

    def test_a_private_meeting_stays_private(self):
        meeting = self.meet(
            user=self.manager, context={"dont_notify": True}, privacy="private"
        )
        self.assertIn("Busy", self.quarantine.activity_ids.note)
        self.assertNotIn("Status", self.quarantine.activity_ids.note)
        self.assertTrue(meeting.quarantine_note)
        self.assertFalse(meeting.with_user(self.salesperson).quarantine_note)

    def test_a_meeting_moved_by_synchronisation_is_accepted_and_flagged(self):
        meeting = self.meet(TUESDAY_NINE, user=self.outsider)
        meeting.with_context(dont_notify=True).write(
            {"start": MONDAY_TEN, "stop": MONDAY_TEN + HOUR}
        )
        self.assertFlagged(meeting)

    def test_a_meeting_made_by_a_mail_is_accepted_and_flagged(self):
        meeting_id = self.env["mail.thread"].message_process(
            "calendar.event",
            MAIL,
            custom_values={
                "user_id": self.salesperson.id,
                "start": MONDAY_TEN,
                "stop": MONDAY_TEN + HOUR,
                "partner_ids": [Command.set(self.person.ids)],
            },
        )
        self.assertFlagged(self.env["calendar.event"].browse(meeting_id))

    def test_a_meeting_made_by_a_program_is_accepted_and_flagged(self):
        root = self.env.ref("base.user_root")
        meeting = self.meet(user=root, user_id=self.salesperson.id)
        self.assertFlagged(meeting)

    def test_what_was_planned_before_it_began_is_flagged(self):
        other = self.make_customer(name="Other")
        self.meet(guests=other)
        self.meet(TUESDAY_NINE, guests=other, name="Inside")
        quarantine = self.make_quarantine(other, date_to=date(2027, 2, 1))
        self.assertIn("Status", quarantine.activity_ids.note)
        self.assertNotIn("Inside", quarantine.activity_ids.note)

    def test_a_meeting_booked_by_the_customer_is_accepted(self):
        public = self.env.ref("base.public_user")
        events = self.env["calendar.event"].with_user(public).sudo()
        meeting = events.create(
            {
                "name": "Status",
                "start": MONDAY_TEN,
                "stop": MONDAY_TEN + HOUR,
                "user_id": self.salesperson.id,
                "partner_ids": [Command.set(self.person.ids)],
            }
        )
        self.assertFlagged(meeting)

    # What it costs

    def count_queries(self, **meeting):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.meet(**meeting)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_saving_a_meeting_costs_at_most_two_queries_more(self):
        other = self.make_customer(name="Other")
        cases = {
            "alone": {"guests": self.salesperson.partner_id},
            "guest": {"guests": other},
            "series": {"guests": other, **self.weekly("mon")},
        }
        for name, values in cases.items():
            with self.subTest(name):
                self.count_queries(**values)
                plain = self.count_queries(context={LATER: INSIDE}, **values)
                ours = self.count_queries(**values)
                _logger.info("%s: %s queries, %s without us", name, ours, plain)
                self.assertLessEqual(ours - plain, 2)

    def count_moving(self, meeting, hours, **context):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        start = meeting.start + hours * HOUR
        meeting.with_context(**context).write({"start": start, "stop": start + HOUR})
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_moving_a_meeting_costs_at_most_two_queries_more(self):
        meeting = self.meet(guests=self.make_customer(name="Other"))
        self.count_moving(meeting, 1)
        plain = self.count_moving(meeting, 1, **{LATER: INSIDE})
        ours = self.count_moving(meeting, 1)
        _logger.info("moving: %s queries, %s without us", ours, plain)
        self.assertLessEqual(ours - plain, 2)
