from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import DECISION, ToxicityCommon


@tagged("post_install", "-at_install")
class TestCustomerExitApproval(ToxicityCommon):
    def make_managed(self, **values):
        """A draft with everything that a manager needs to approve it."""
        exit_case = self.make_exit(state="draft", **values).with_user(self.manager)
        exit_case.write(DECISION)
        return exit_case

    def in_days(self, days):
        return fields.Date.today() + timedelta(days=days)

    # Notice and effective date

    def test_the_notice_is_that_of_the_company(self):
        self.company.exit_notice_days = 45
        self.assertEqual(self.make_exit(state="draft").notice_days, 45)

    def test_an_exit_takes_effect_after_the_notice(self):
        exit_case = self.make_managed(notice_days=20)
        exit_case.action_approve()
        self.assertEqual(exit_case.effective_date, self.in_days(20))

    def test_a_later_effective_date_is_kept(self):
        exit_case = self.make_managed(effective_date=self.in_days(90))
        exit_case.action_approve()
        self.assertEqual(exit_case.effective_date, self.in_days(90))

    def test_an_effective_date_within_the_notice_is_refused(self):
        exit_case = self.make_managed(effective_date=self.in_days(29))
        self.assertIn("short_notice", exit_case._get_approval_obstacles())
        with self.assertRaisesRegex(UserError, "before the notice of 30 days"):
            exit_case.action_approve()
        exit_case.notice_days = 29
        exit_case.action_approve()
        self.assertEqual(exit_case.state, "approved")

    def test_an_effective_date_in_the_past_is_refused(self):
        other = self.make_customer(name="Other")
        with self.assertRaisesRegex(ValidationError, "which is past"):
            self.make_exit(other, state="draft", effective_date=self.in_days(-1))
        exit_case = self.make_managed()
        with self.assertRaisesRegex(ValidationError, "which is past"):
            exit_case.effective_date = self.in_days(-1)

    def test_a_date_that_went_by_before_the_approval_is_refused(self):
        exit_case = self.make_managed(notice_days=0, effective_date=self.in_days(2))
        with freeze_time(datetime.now() + timedelta(days=3)):
            exit_case.invalidate_recordset()
            self.assertIn("past_date", exit_case._get_approval_obstacles())
            with self.assertRaisesRegex(UserError, "which is past"):
                exit_case.action_approve()
        self.assertEqual(exit_case.state, "draft")

    def test_a_negative_notice_is_refused(self):
        exit_case = self.make_managed()
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            exit_case.notice_days = -1
            exit_case.flush_recordset()
        self.assertIn("notice", str(caught.exception))

    def test_a_user_does_not_change_the_notice_of_an_approved_exit(self):
        exit_case = self.make_managed()
        exit_case.action_approve()
        with self.assertRaises(AccessError):
            exit_case.with_user(self.salesperson).notice_days = 0

    # Closing before the effective date

    def make_settled(self, **values):
        exit_case = self.make_exit(notice_days=20, **values)
        exit_case.settlement_reason = "Never began"
        exit_case.action_settle_without_invoice()
        return exit_case

    def test_an_exit_is_not_closed_before_it_takes_effect(self):
        exit_case = self.make_settled()
        obstacles = exit_case._get_closing_obstacles()
        self.assertEqual(list(obstacles), ["too_early"])
        self.assertIn("takes effect", exit_case.obstacles)
        with self.assertRaisesRegex(UserError, "why it ends earlier"):
            exit_case.action_close()
        exit_case.early_closing_reason = "   "
        self.assertTrue(exit_case._get_closing_obstacles())
        with freeze_time(datetime.now() + timedelta(days=20)):
            exit_case.invalidate_recordset()
            self.assertFalse(exit_case._get_closing_obstacles())
            exit_case.action_close()
        self.assertEqual(exit_case.state, "closed")

    def test_a_manager_may_close_earlier_with_a_reason(self):
        exit_case = self.make_settled()
        with self.assertRaises(AccessError):
            exit_case.with_user(self.salesperson).early_closing_reason = "Bored"
        draft = self.make_exit(self.make_customer(name="Other"), state="draft")
        with self.assertRaisesRegex(UserError, "written by a manager"):
            draft.early_closing_reason = "Bored"
        exit_case.early_closing_reason = "They asked for it."
        exit_case.action_close()
        self.assertEqual(exit_case.state, "closed")

    # Deadlines

    def test_deadlines_within_the_notice_are_named_and_do_not_block(self):
        order = self.make_order((self.service_ordered, 5))
        order.commitment_date = self.at(10)
        project = self.env["project.project"].create(
            {
                "name": "Survey",
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "date_start": self.in_days(-5),
                "date": self.in_days(12),
            }
        )
        self.env["project.milestone"].create(
            {
                "name": "Draft report",
                "project_id": project.id,
                "deadline": self.in_days(5),
            }
        )
        self.env["project.task"].create(
            {
                "name": "Count the stock",
                "project_id": project.id,
                "partner_id": self.customer.id,
                "date_deadline": self.at(3),
            }
        )
        exit_case = self.make_managed(
            legal_deadline=self.in_days(7), legal_deadline_note="Annual accounts"
        )
        sentences = exit_case._get_deadline_sentences()
        expected = (
            *("Count the stock", "Draft report", "Annual accounts"),
            *(order.name, "Survey"),
        )
        self.assertEqual(len(sentences), len(expected))
        for sentence, name in zip(sentences, expected, strict=True):
            self.assertIn(name, sentence)
            self.assertIn(name, exit_case.deadline_warnings)
        exit_case.action_approve()
        self.assertEqual(exit_case.state, "approved")
        self.assertIn("Annual accounts", exit_case.deadline_warnings)

    def at(self, days):
        return fields.Datetime.to_datetime(self.in_days(days)) + timedelta(hours=12)

    def test_deadlines_after_the_notice_are_not_named(self):
        order = self.make_order((self.service_ordered, 5))
        order.commitment_date = self.at(31)
        exit_case = self.make_managed(legal_deadline=self.in_days(31))
        self.assertEqual(exit_case._get_deadline_sentences(), [])
        self.assertFalse(exit_case.deadline_warnings)
        exit_case.notice_days = 31
        self.assertEqual(len(exit_case._get_deadline_sentences()), 2)

    def test_what_is_done_is_no_deadline(self):
        order = self.make_order((self.service_delivered, 5))
        order.commitment_date = self.at(10)
        order.order_line.qty_delivered = 5
        other = self.make_customer(name="Other")
        self.make_order(
            (self.service_ordered, 5), partner_id=other.id, commitment_date=self.at(9)
        )
        project = self.env["project.project"].create(
            {"name": "Survey", "partner_id": self.customer.id}
        )
        self.env["project.milestone"].create(
            {
                "name": "Draft report",
                "project_id": project.id,
                "deadline": self.in_days(5),
                "is_reached": True,
            }
        )
        self.env["project.task"].create(
            {
                "name": "Count the stock",
                "project_id": project.id,
                "date_deadline": self.at(3),
                "state": "1_done",
            }
        )
        self.assertEqual(self.make_managed()._get_deadline_sentences(), [])

    def test_many_deadlines_are_counted(self):
        project = self.env["project.project"].create(
            {"name": "Survey", "partner_id": self.customer.id}
        )
        self.env["project.task"].create(
            [
                {
                    "name": f"Task {number}",
                    "project_id": project.id,
                    "date_deadline": self.at(3),
                }
                for number in range(15)
            ]
        )
        sentences = self.make_managed()._get_deadline_sentences()
        self.assertEqual(len(sentences), 13)
        self.assertIn("3 more", sentences[-1])
