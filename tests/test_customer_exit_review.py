from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import ToxicityCommon

ANSWERS = {
    "did_exit": "yes",
    "circumstances": "They never paid on time",
    "pressure": "some",
    "pressure_note": "To leave out the tests",
    "feeling": "2",
    "outcome": "Both sides are better off",
    "regret": "no",
}


@tagged("post_install", "-at_install")
class TestCustomerExitReview(ToxicityCommon):
    def make_closed(self, **values):
        return self.close_exit(self.make_exit(**values))

    def make_review(self, months=3, **values):
        """A review of the salesperson."""
        reviews = self.make_closed().review_ids
        review = reviews.filtered(lambda review: review.months == months)
        review = review.with_user(self.salesperson)
        review.write(values)
        return review

    # Planned at closing

    def test_closing_plans_three_reviews_for_the_owner(self):
        exit_case = self.make_closed()
        closed = exit_case.date_closed
        self.assertRecordValues(
            exit_case.review_ids,
            [
                {
                    "months": months,
                    "date_due": fields.Date.add(closed, months=months),
                    "user_id": self.salesperson.id,
                    "state": "planned",
                }
                for months in (3, 6, 12)
            ],
        )
        for review in exit_case.review_ids:
            self.assertRecordValues(
                review.activity_ids,
                [
                    {
                        "user_id": self.salesperson.id,
                        "date_deadline": review.date_due,
                        "summary": "Look back at what was decided",
                    }
                ],
            )

    def test_a_cancelled_exit_is_not_reviewed(self):
        exit_case = self.make_exit(state="draft")
        exit_case.action_cancel()
        self.assertFalse(exit_case.review_ids)

    def test_without_an_owner_a_manager_looks_back(self):
        exit_case = self.make_exit()
        self.salesperson.sudo().active = False
        review = self.close_exit(exit_case).review_ids[0]
        self.assertTrue(review.user_id.has_group(self.get_manager_group()))

    def get_manager_group(self):
        return "toxic_customer_exit.group_toxicity_manager"

    # Answers are private

    def test_answers_are_for_their_author_and_managers(self):
        review = self.make_review(**ANSWERS)
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        own = [("exit_id", "=", review.exit_id.id)]
        for user, count in (
            (self.salesperson, 3),
            (self.manager, 3),
            (colleague, 0),
        ):
            with self.subTest(user=user.login):
                reviews = self.env["customer.exit.review"].with_user(user)
                self.assertEqual(reviews.search_count(own), count)
                self.assertEqual(
                    reviews.search_count([*own, ("circumstances", "ilike", "paid")]),
                    min(count, 1),
                )
                groups = reviews._read_group(own, ["feeling"], ["__count"])
                self.assertEqual(sum(number for _key, number in groups), count)
                exits = self.env["customer.exit"].with_user(user)
                found = exits.search([("review_ids.outcome", "ilike", "better off")])
                self.assertEqual(len(found), min(count, 1))
        with self.assertRaises(AccessError):
            review.with_user(colleague).read(["feeling"])
        with self.assertRaises(AccessError):
            review.with_user(colleague).write({"feeling": "5"})
        with self.assertRaises(AccessError):
            review.with_user(colleague).activity_ids.read(["summary"])

    def test_no_search_of_files_leads_to_the_answers(self):
        invoice = self.make_invoice(100, self.days_ago(0), self.days_ago(0))
        review = self.make_review(**ANSWERS)
        invoice.sudo().exit_id = review.exit_id
        path = "company_id.user_ids.partner_id.invoice_ids.exit_id.review_ids.outcome"
        colleague = self.make_user(
            "colleague", "sales_team.group_sale_salesman,account.group_account_invoice"
        )
        files = self.env["ir.attachment"].with_user(colleague)
        with self.assertRaises(AccessError):
            files.search([(path, "ilike", "better off")])

    def test_answers_do_not_pass_to_another_author(self):
        review = self.make_review(circumstances="They never paid on time")
        with self.assertRaisesRegex(UserError, "for nobody else"):
            review.with_user(self.manager).user_id = self.manager
        review.circumstances = False
        review.with_user(self.manager).user_id = self.manager
        self.assertEqual(review.sudo().activity_ids.user_id, self.manager)

    def test_nobody_makes_a_review_or_its_results_by_hand(self):
        review = self.make_review()
        reviews = self.env["customer.exit.review"].with_user(self.manager)
        with self.assertRaises(AccessError):
            reviews.create(
                {
                    "exit_id": review.exit_id.id,
                    "months": 24,
                    "date_due": fields.Date.today(),
                    "user_id": self.manager.id,
                }
            )
        for values in ({"state": "done"}, {"kept_amount": 5}, {"months": 4}):
            with self.assertRaisesRegex(UserError, "use its buttons"):
                review.write(values)

    # Doing it

    def test_every_question_is_to_be_answered(self):
        review = self.make_review()
        self.assertEqual(
            review._get_done_obstacles().keys(),
            {
                *("did_exit", "circumstances", "pressure", "feeling", "outcome"),
                "regret",
            },
        )
        with self.assertRaisesRegex(UserError, "How did it play out"):
            review.action_done()
        with Form(review) as form:
            self.assertIn("How did it play out", form.obstacles)
            for name, value in ANSWERS.items():
                form[name] = value
        review.action_done()
        self.assertRecordValues(
            review, [{"state": "done", "date_done": fields.Date.today()}]
        )
        self.assertFalse(review.activity_ids)

    def test_what_is_done_stays_until_it_is_opened_again(self):
        review = self.make_review(**ANSWERS)
        review.action_done()
        with self.assertRaisesRegex(UserError, "is done"):
            review.regret = "yes"
        with self.assertRaisesRegex(UserError, "is done already"):
            review.action_done()
        review.action_reopen()
        review.regret = "yes"
        review.action_done()
        self.assertEqual(review.regret, "yes")

    def test_opened_again_it_asks_its_author_again(self):
        review = self.make_review(**ANSWERS)
        review.action_done()
        self.assertFalse(review.sudo().activity_ids)
        review.with_user(self.manager).action_reopen()
        self.assertRecordValues(
            review.sudo().activity_ids,
            [
                {
                    "user_id": review.user_id.id,
                    "date_deadline": max(review.date_due, self.days_ago(0)),
                }
            ],
        )
        # One that is open already is not asked for twice.
        review.with_user(self.manager).action_reopen()
        self.assertEqual(len(review.sudo().activity_ids), 1)

    # Figures

    def test_money_collected_is_what_was_paid_since(self):
        today = self.days_ago(0)
        early = self.make_invoice(1000, self.days_ago(90), today)
        late = self.make_invoice(700, self.days_ago(90), today)
        self.pay(early, 400, self.days_ago(60))
        with freeze_time(self.days_ago(40)):
            exit_case = self.make_exit()
            self.close_exit(exit_case)
        self.pay(early, 250, self.days_ago(20))
        self.pay(late, 100, self.days_ago(41))
        credit_note = late._reverse_moves([{"invoice_date": today}])
        credit_note.action_post()
        (late + credit_note).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        review = exit_case.review_ids[0].with_user(self.salesperson)
        self.assertEqual(review.collected_amount, 250)
        review.write(ANSWERS)
        review.action_done()
        self.pay(early, 350, today)
        review.invalidate_recordset()
        self.assertEqual(review.collected_amount, 250)

    def test_freed_hours_are_told_by_class_of_customer(self):
        preferred = self.make_customer(name="Preferred")
        self.make_signal("refers_others", partner_id=preferred.id, severity="3")
        self.get_score(preferred).sudo().customer_class = "preferred"
        unknown = self.make_customer(name="Unknown")
        days = 73  # 2.4 months
        closed = self.days_ago(days)
        with freeze_time(closed):
            exit_case = self.make_closed()
        member, other = self.salesperson, self.manager
        for hours, customer, day, user in (
            (24, self.customer, closed, member),
            (12, self.customer, closed - timedelta(days=days - 1), member),
            # too long ago to compare with, but of the year: other is of the team
            (99, self.customer, closed - timedelta(days=days), other),
            (12, preferred, closed, member),
            (48, preferred, closed + timedelta(days=1), other),
            (2.4, unknown, self.days_ago(0), member),
        ):
            self.make_work(hours, customer, worked_on=day, user=user)
        # nobody of the team
        self.make_work(500, preferred, user=self.outsider)
        review = exit_case.review_ids[0].with_user(self.salesperson)
        self.assertEqual(
            review.hours_by_class,
            [
                {"class": "theirs", "before": 36 / 2.4, "since": 0.0},
                {"class": "preferred", "before": 12 / 2.4, "since": 48 / 2.4},
                {"class": "unknown", "before": 0.0, "since": 1.0},
            ],
        )
        self.assertIn("Preferred", review.hours_table)

    def test_on_the_day_of_the_closing_there_is_nothing_to_tell(self):
        self.make_work(5)
        self.assertFalse(self.make_review().hours_table)

    # Others

    def test_another_company_sees_no_review(self):
        review = self.make_review()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user("stranger", "sales_team.group_sale_manager")
        stranger.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        with self.assertRaises(AccessError):
            review.with_user(stranger).read(["date_due"])
