from datetime import datetime, timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ToxicityCommon

LABEL_TYPE = "toxic_customer_exit.mail_activity_type_quarantine_label"


@tagged("post_install", "-at_install")
class TestMeetingBrief(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.make_customer(
            name="Boss",
            is_company=False,
            parent_id=cls.customer.id,
            email="boss@example.com",
        )

    def meet(self, days=1, guests=None, **values):
        start = fields.Datetime.now().replace(microsecond=0) + timedelta(days=days)
        guests = self.salesperson.partner_id + (
            self.person if guests is None else guests
        )
        return (
            self.env["calendar.event"]
            .with_user(self.salesperson)
            .with_context(dont_notify=True)
            .create(
                {
                    "name": "Status",
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    "partner_ids": [Command.set(guests.ids)],
                    **values,
                }
            )
        )

    def brief(self, meeting=None, user=None):
        meeting = meeting or self.meet()
        action = meeting.with_user(user or self.salesperson).action_open_brief()
        return (
            self.env["meeting.brief"]
            .with_user(self.salesperson)
            .browse(action["res_id"])
        )

    def test_it_shows_what_they_usually_do_with_days(self):
        self.make_signal("challenges_every_proposal", date=self.days_ago(40))
        self.make_signal(
            "challenges_every_proposal",
            date=self.days_ago(3),
            description="Asked for a third estimate.",
        )
        self.make_signal("confrontational", date=self.days_ago(9), severity="1")
        self.make_signal("abusive", date=self.days_ago(500))
        brief = self.brief()
        self.assertRecordValues(
            brief.line_ids,
            [
                {
                    "indicator_id": self.indicator(code).id,
                    "date_seen": self.days_ago(days),
                    "outcome": False,
                }
                for code, days in (
                    ("challenges_every_proposal", 3),
                    ("confrontational", 9),
                )
            ],
        )
        self.assertEqual(brief.line_ids[0].example, "Asked for a third estimate.")
        self.assertEqual(len(brief.signal_ids), 3)

    def test_what_came_after_the_meeting_was_not_expected_of_it(self):
        self.make_signal("confrontational", date=self.days_ago(9))
        self.make_signal("abusive", date=self.days_ago(2))
        brief = self.brief(self.meet(days=-5))
        self.assertEqual(brief.line_ids.indicator_id, self.indicator("confrontational"))
        self.assertEqual(len(brief.signal_ids), 1)

    def test_contested_signals_are_expected_of_nobody(self):
        signal = self.make_signal("confrontational")
        signal.with_user(self.manager)._contest("Was not so")
        self.assertFalse(self.brief().line_ids)

    def test_it_shows_what_worked_what_is_open_and_what_was_given(self):
        praise = self.make_signal("refers_others")
        order = self.make_order((self.service_ordered, 10))
        change = self.env["scope.change"].create(
            {"order_id": order.id, "description": "Two more pages", "amount": 100}
        )
        case = self.make_exit(state="draft")
        promise = (
            self.env["customer.exit.commitment"]
            .sudo()
            .create(
                {
                    "exit_id": case.id,
                    "name": "Answer within a day",
                    "side": "customer",
                    "date_due": self.days_ago(-9),
                }
            )
        )
        brief = self.brief()
        self.assertEqual(brief.praise_ids, praise)
        self.assertEqual(brief.change_ids, change)
        self.assertEqual(brief.commitment_ids, promise)
        self.assertIn("What you promised: Answer within a day", brief.agenda)
        self.assertIn("To decide on", brief.agenda)
        promise.action_keep()
        change.reason = "Friendly"
        change.action_absorb()
        brief.invalidate_recordset()
        self.assertEqual(brief.kept_ids, promise)
        ledger = self.env["goodwill.entry"].search(
            [("commercial_partner_id", "=", self.customer.id)]
        )
        self.assertEqual(brief.goodwill_amount, sum(ledger.mapped("amount")))

    def test_one_meeting_has_one_brief_that_follows_it(self):
        meeting = self.meet()
        brief = self.brief(meeting)
        later = datetime(2030, 1, 1, 9)
        meeting.write({"start": later, "stop": later + timedelta(hours=1)})
        self.assertEqual(self.brief(meeting, self.manager), brief)
        self.assertEqual(brief.start, later)
        meeting.sudo().unlink()
        self.assertTrue(brief.exists())

    def test_a_meeting_with_nobody_outside_has_none(self):
        meeting = self.meet(guests=self.manager.partner_id)
        with self.assertRaisesRegex(UserError, "add who it is with"):
            self.brief(meeting)

    def test_who_is_in_quarantine_comes_first(self):
        other = self.make_customer(name="A first one")
        self.make_quarantine()
        brief = self.brief(self.meet(guests=other + self.person))
        self.assertEqual(brief.partner_id, self.customer)

    # For us alone

    def test_others_open_no_brief(self):
        meeting = self.meet(guests=self.person + self.outsider.partner_id)
        brief = self.brief(meeting)
        with self.assertRaises(AccessError):
            meeting.with_user(self.outsider).action_open_brief()
        with self.assertRaises(AccessError):
            brief.with_user(self.outsider).read(["agenda"])

    def test_it_never_reaches_the_guests(self):
        self.make_signal("confrontational", description="Shouted in the lobby.")
        meeting = self.meet()
        mails = self.env["mail.mail"].sudo().search_count([])
        messages = len(meeting.sudo().message_ids)
        brief = self.brief(meeting)
        report = self.env.ref("toxic_customer_exit.meeting_brief_report")
        html = (
            self.env["ir.actions.report"]
            .with_user(self.salesperson)
            ._render_qweb_html(report.report_name, brief.ids)[0]
        )
        self.assertIn("Shouted in the lobby.", html.decode())
        self.assertEqual(len(meeting.sudo().message_ids), messages)
        self.assertEqual(self.env["mail.mail"].sudo().search_count([]), mails)
        self.assertNotIn("Shouted", str(meeting.sudo().read()))
        files = self.env["ir.attachment"].sudo()
        self.assertFalse(
            files.search(
                [
                    ("res_model", "in", ("calendar.event", "meeting.brief")),
                    ("res_id", "in", (meeting.id, brief.id)),
                    ("mimetype", "!=", "text/calendar"),
                ]
            )
        )

    def test_the_page_is_free_of_judgement_in_our_own_words(self):
        brief = self.brief()
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toxic_customer_exit.meeting_brief", brief.ids
        )[0]
        for word in ("toxic ", "Toxic", "strained"):
            self.assertNotIn(word, html.decode())

    # Afterwards

    def test_nothing_is_ticked_before_the_meeting(self):
        self.make_signal("confrontational")
        brief = self.brief()
        with self.assertRaisesRegex(UserError, "has not begun"):
            brief.line_ids.action_happened()

    def tick(self, happened, missed):
        for code in ("confrontational", "challenges_every_proposal", "abusive"):
            self.make_signal(code)
        ticks = ["action_happened"] * happened + ["action_did_not"] * missed
        lines = self.env["meeting.brief.line"]
        while len(lines) < len(ticks):
            lines |= self.brief(self.meet(days=-0.1)).line_ids
        for line, method in zip(lines, ticks, strict=False):
            getattr(line, method)()

    def test_the_hit_rate_shows_on_the_quarantine(self):
        quarantine = self.make_quarantine()
        quarantine.sudo().date_from = self.days_ago(5)
        self.tick(2, 1)
        quarantine.invalidate_recordset()
        self.assertEqual(quarantine.tick_count, 3)
        self.assertAlmostEqual(quarantine.hit_rate, 200 / 3)
        self.assertFalse(self.get_questions(quarantine))

    def get_questions(self, quarantine):
        return quarantine.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(LABEL_TYPE)
        )

    def test_below_half_a_manager_is_asked_about_the_label_once(self):
        quarantine = self.make_quarantine()
        quarantine.sudo().date_from = self.days_ago(5)
        self.tick(1, 5)
        question = self.get_questions(quarantine)
        self.assertEqual(len(question), 1)
        self.assertIn("still as we say", question.note)
