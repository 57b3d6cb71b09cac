import random
from contextlib import contextmanager
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from .common import MANAGER_GROUP
from .portfolio_review_common import PortfolioReviewCommon

REASONS = (
    *("carried", "new_toxic", "new_strained", "worse"),
    *("quarantine", "exit_review", "better", "candidate"),
)


class TestPortfolioReviewOpening(PortfolioReviewCommon):
    """Once a quarter, and whom it takes in."""

    def get_reasons(self, review, customer):
        line = self.get_line(review, customer)
        return {reason for reason in REASONS if line[f"is_{reason}"]}

    # -- when ------------------------------------------------------------------------

    def test_a_quarter_has_one_review_and_a_second_run_makes_nothing(self):
        self.make_scored("Worse Ltd", (10, "healthy"), score=60, band="strained")
        review = self.open_review()
        self.assertRecordValues(
            review, [{"state": "open", "date": self.quarter, "line_count": 1}]
        )
        self.open_review()
        self.assertEqual(self.reviews.search([]), review.sudo(False))
        self.assertEqual(review.line_count, 1)

    def test_the_database_refuses_a_second_review_of_the_quarter(self):
        self.make_scored("Scored Ltd")
        review = self.open_review().sudo()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            review.create({"company_id": self.company.id, "date": review.date})

    def test_missed_quarters_are_not_made_up_for(self):
        self.make_scored("Scored Ltd")
        first, last = self.open_review(), self.open_review(ahead=3)
        self.assertEqual(self.reviews.search([]), (last | first).sudo(False))

    def test_a_company_without_customers_gets_none(self):
        self.assertFalse(self.open_review())

    def test_managers_get_an_activity_and_salespeople_do_not(self):
        self.make_scored("Scored Ltd")
        review = self.open_review()
        activities = review.sudo().activity_ids
        self.assertIn(self.manager, activities.user_id)
        for user in activities.user_id:
            self.assertTrue(user.has_group(MANAGER_GROUP))
        self.assertNotIn(self.salesperson, activities.user_id)

    def make_two_companies(self):
        self.make_scored("Here Ltd")
        other = self.setup_other_company()["company"]
        self.make_scored("There Ltd", company=other)
        return self.company + other

    def test_each_company_has_its_own(self):
        companies = self.make_two_companies()
        self.open_review()
        self.assertEqual(self.reviews.sudo().search([]).company_id, companies)
        self.assertEqual(
            self.reviews.with_user(self.manager).search([]).company_id, self.company
        )

    def test_one_company_that_fails_stops_no_other(self):
        failing, company = self.make_two_companies()
        take_in = type(self.reviews)._take_in

        def fail_for_one(review, previous):
            if review.company_id == failing:
                raise ZeroDivisionError
            take_in(review, previous)

        with (
            patch.object(type(self.reviews), "_take_in", fail_for_one),
            mute_logger(
                "odoo.addons.toxic_customer_exit.models.portfolio_review_opening"
            ),
        ):
            self.open_review()
        self.assertEqual(self.reviews.sudo().search([]).company_id, company)
        self.open_review()
        self.assertEqual(len(self.reviews.sudo().search([])), 2)

    def test_a_run_that_is_stopped_goes_on_with_the_next_company(self):
        self.make_two_companies()
        with self.running(time_left=0):
            self.reviews.sudo()._cron_open()
        self.assertEqual(len(self.reviews.sudo().search([])), 1)
        with self.running(time_left=1):
            self.reviews.sudo()._cron_open()
        self.assertEqual(len(self.reviews.sudo().search([])), 2)

    @contextmanager
    def running(self, time_left):
        cron = type(self.env["ir.cron"])
        with patch.object(cron, "_commit_progress", lambda *args, **kw: time_left):
            yield

    def test_making_one_costs_no_more_statements_for_many_customers(self):
        def count(number):
            for index in range(number):
                self.make_scored(f"{number}.{index}", (0, "healthy"), score=50)
            review = self.reviews.sudo().create(
                {"company_id": self.company.id, "date": self.get_quarter(-number)}
            )
            self.env.flush_all()
            start = self.cr.sql_log_count
            review._take_in(self.reviews)
            return self.cr.sql_log_count - start

        self.assertEqual(count(9), count(1))

    # -- whom ------------------------------------------------------------------------

    def test_ten_points_are_a_move_and_nine_are_none(self):
        worse = self.make_scored("Worse", (30, "watch"), score=40, band="watch")
        still = self.make_scored("Still", (30, "watch"), score=39, band="watch")
        better = self.make_scored("Better", (40, "watch"), score=30, band="watch")
        review = self.open_review()
        self.assertEqual(self.get_reasons(review, worse), {"worse"})
        self.assertEqual(self.get_reasons(review, better), {"better"})
        self.assertFalse(self.get_line(review, still))
        self.assertRecordValues(
            self.get_line(review, worse),
            [{"reason": "worse", "score_then": 30, "score_now": 40}],
        )

    def test_the_past_is_that_before_the_quarter_looked_back_on(self):
        customer = self.make_scored("Worse", (20, "healthy"), score=40, band="watch")
        # A fortnight ago it stood where it stands.
        recent = fields.Date.subtract(self.quarter, days=14)
        self.make_snapshot(self.get_score(customer), 40, "watch", recent)
        review = self.open_review()
        self.assertEqual(self.get_reasons(review, customer), {"worse"})

    def test_the_newly_strained_and_toxic_are_listed_once(self):
        toxic = self.make_scored("Toxic", (60, "strained"), score=80, band="toxic")
        known = self.make_scored("Known", (78, "toxic"), score=80, band="toxic")
        new = self.make_scored("New", score=60, band="strained")
        eased = self.make_scored("Eased", (76, "toxic"), score=73, band="strained")
        review = self.open_review()
        self.assertEqual(self.get_reasons(review, toxic), {"new_toxic", "worse"})
        self.assertEqual(self.get_reasons(review, new), {"new_strained"})
        self.assertFalse(self.get_line(review, known) | self.get_line(review, eased))
        self.assertEqual(self.get_line(review, toxic).reason, "new_toxic")

    def test_preferred_candidates_come_until_they_are_preferred(self):
        values = {"credit": 60, "customer_class": "preferred"}
        candidate = self.make_scored("Candidate", (10, "healthy"), **values)
        other = self.make_scored("Other", (10, "healthy"), credit=60)
        review = self.open_review()
        self.assertEqual(self.get_reasons(review, candidate), {"candidate"})
        self.assertFalse(self.get_line(review, other))
        self.decide(review, candidate, "prefer")
        self.assertFalse(self.get_line(self.open_review(ahead=1), candidate))

    def test_of_many_candidates_those_with_the_most_credit_come(self):
        for index in range(23):
            self.make_scored(
                f"Candidate {index}", credit=55 + index, customer_class="preferred"
            )
        review = self.open_review()
        self.assertEqual(review.line_count, 20)
        self.assertEqual(min(review.line_ids.mapped("credit_now")), 58)

    def test_former_customers_are_listed_when_their_review_is_due(self):
        self.make_scored("Somebody")
        case = self.close_exit(self.make_exit())
        # Three months from now is in the next quarter.
        self.assertFalse(self.get_line(self.open_review(), self.customer))
        due = case.review_ids.sorted("date_due")[0]
        line = self.get_line(self.open_review(ahead=1), self.customer)
        self.assertRecordValues(
            line, [{"reason": "exit_review", "exit_review_id": due.id}]
        )

    def test_quarantines_that_end_in_the_quarter_are_listed(self):
        ending, later, drafted = (
            self.make_scored(name) for name in ("Ending", "Later", "Drafted")
        )
        last_day = fields.Date.end_of(self.quarter, "quarter")
        quarantine = self.make_quarantine(ending, date_to=last_day)
        self.make_quarantine(later, date_to=fields.Date.add(last_day, days=1))
        self.make_quarantine(drafted, state="draft", date_to=last_day)
        review = self.open_review()
        self.assertEqual(review.line_ids.partner_id, ending)
        self.assertEqual(review.line_ids.quarantine_id, quarantine)

    def test_a_loop_over_customers_finds_the_same(self):
        self.random = random.Random(61)
        customers = {}
        for index in range(40):
            customers[self.make_random_customer(index)] = None
        review = self.open_review()
        expected = {
            customer: self.get_expected(customer, review) for customer in customers
        }
        self.assertEqual(
            {customer: self.get_reasons(review, customer) for customer in customers},
            expected,
        )
        self.assertGreater(len({frozenset(one) for one in expected.values()}), 4)

    def make_random_customer(self, index):
        band = self.random.choice(["healthy", "watch", "strained", "toxic"])
        customer = self.make_scored(
            f"Random {index}", score=self.random.randint(0, 100), band=band
        )
        for _index in range(self.random.randint(0, 3)):
            day = fields.Date.subtract(self.quarter, days=self.random.randint(1, 300))
            score = self.get_score(customer)
            if day not in score.snapshot_ids.mapped("date"):
                band = self.random.choice(["healthy", "watch", "strained", "toxic"])
                self.make_snapshot(score, self.random.randint(0, 100), band, day)
                score.invalidate_recordset()
        return customer

    def get_expected(self, customer, review):
        score = self.get_score(customer).sudo()
        past = score.snapshot_ids.filtered(lambda shot: shot.date < review.date_start)
        past = past.sorted("date")[-1:]
        found = set()
        if score.current_band == "toxic" and past.band != "toxic":
            found.add("new_toxic")
        if score.current_band == "strained" and past.band not in ("strained", "toxic"):
            found.add("new_strained")
        if past and score.score - past.score >= 10:
            found.add("worse")
        if past and score.score - past.score <= -10:
            found.add("better")
        return found


class TestPortfolioReview(PortfolioReviewCommon):
    """Deciding, customer by customer."""

    def setUp(self):
        super().setUp()
        self.worse = self.make_scored(
            "Worse Ltd", (10, "healthy"), score=60, band="strained"
        )
        self.better = self.make_scored(
            "Better Ltd", (40, "watch"), score=10, band="healthy"
        )
        self.review = self.open_review()

    # -- who -------------------------------------------------------------------------

    def test_a_salesperson_neither_reads_nor_decides(self):
        line = self.get_line(self.review, self.worse).with_user(self.salesperson)
        with self.assertRaises(AccessError):
            line.read(["decision"])
        with self.assertRaises(AccessError):
            line.decision = "keep"
        with self.assertRaises(AccessError):
            self.review.with_user(self.salesperson).read(["state"])

    def test_a_manager_of_another_company_sees_nothing_of_it(self):
        company = self.setup_other_company()["company"]
        stranger = self.make_user("stranger", "sales_team.group_sale_manager")
        stranger.write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        self.assertFalse(self.reviews.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            self.review.line_ids.with_user(stranger).read(["decision"])

    def test_nothing_but_the_decision_and_its_note_is_written_by_hand(self):
        line = self.get_line(self.review, self.worse)
        for values in ({"score_now": 1}, {"is_kept": True}, {"reason": "better"}):
            with self.assertRaisesRegex(UserError, "not written by hand"):
                line.write(values)
        with self.assertRaisesRegex(UserError, "made by itself"):
            self.review.write({"state": "closed"})
        with self.assertRaises(AccessError):
            self.review.create({"company_id": self.company.id, "date": "2020-01-01"})

    # -- deciding --------------------------------------------------------------------

    def test_a_decision_notes_who_took_it_and_where_the_customer_stood(self):
        line = self.decide(self.review, self.worse, "watch")
        self.assertRecordValues(
            line, [{"decided_by_id": self.manager.id, "band_decided": "strained"}]
        )
        line.decision = False
        self.assertFalse(line.decided_by_id or line.date_decided)

    def test_a_decision_that_changes_something_says_why(self):
        with self.assertRaisesRegex(ValidationError, "Worse Ltd: say in a note"):
            self.decide(self.review, self.worse, "exit", note=" ")
        self.decide(self.review, self.better, "keep", note=False)

    def test_a_quarantine_is_opened_with_what_is_known(self):
        line = self.decide(self.review, self.worse, "quarantine", "Calls at night")
        action = line.action_follow()
        self.assertEqual(action["res_model"], "customer.quarantine")
        quarantines = self.env["customer.quarantine"].with_user(self.manager)
        with Form(quarantines.with_context(**action["context"])) as form:
            self.assertEqual(form.partner_id.id, self.worse.id)
            self.assertEqual(form.reason, "Calls at night")
        again = line.action_follow()
        self.assertEqual(again["res_id"], form.record.id)

    def test_what_a_decision_opened_stands_beside_it(self):
        line = self.decide(self.review, self.worse, "quarantine", "Calls at night")
        self.assertFalse(line.deed)
        quarantine = self.make_quarantine(self.worse, state="draft")
        line.invalidate_recordset()
        self.assertEqual(line.deed, quarantine)
        quarantine.action_cancel()
        line.invalidate_recordset()
        self.assertFalse(line.deed)
        line.decision = "exit"
        case = self.make_exit(self.worse, state="draft")
        line.invalidate_recordset()
        self.assertEqual(line.deed, case)

    def test_it_says_which_quarter_it_compares_with(self):
        line = self.decide(self.review, self.worse, "keep")
        then = fields.Date.subtract(self.review.date, months=4)
        self.assertEqual(line.quarter_then, f"Q{(then.month + 2) // 3} {then.year}")
        self.assertLess(then, self.review.date_start)

    def test_an_exit_is_opened_or_gone_on_with(self):
        line = self.decide(self.review, self.worse, "exit")
        action = line.action_follow()
        self.assertEqual(action["res_model"], "customer.exit")
        self.assertFalse(action["res_id"])
        self.assertEqual(action["context"]["default_partner_id"], self.worse.id)
        case = self.make_exit(self.worse, state="draft")
        self.env.invalidate_all()
        self.assertEqual(line.action_follow()["res_id"], case.id)

    def test_somebody_looks_at_a_watched_customer_before_the_next_review(self):
        line = self.decide(self.review, self.worse, "watch")
        self.assertEqual(line.action_follow()["type"], "ir.actions.act_window_close")
        line.action_follow()
        activity = self.get_score(self.worse).sudo().activity_ids
        self.assertEqual(len(activity), 1)
        self.assertGreater(activity.date_deadline, self.today)

    def test_a_healthy_customer_to_watch_is_given_the_band(self):
        line = self.decide(self.review, self.better, "watch")
        action = line.action_follow()
        self.assertEqual(action["res_model"], "toxicity.score")
        self.assertEqual(action["res_id"], self.get_score(self.better).id)

    def test_keep_and_prefer_need_nothing_more(self):
        for decision in ("keep", "prefer"):
            line = self.decide(self.review, self.better, decision)
            self.assertEqual(
                line.action_follow()["type"], "ir.actions.act_window_close"
            )

    # -- closing ---------------------------------------------------------------------

    def test_a_review_with_undecided_customers_does_not_close(self):
        self.decide(self.review, self.worse, "keep")
        self.assertEqual(list(self.review._get_closing_obstacles()), ["undecided"])
        with self.assertRaisesRegex(UserError, "Not decided yet: Better Ltd"):
            self.review.action_close()
        self.decide(self.review, self.better, "keep")
        self.review.action_close()
        self.assertRecordValues(
            self.review, [{"state": "closed", "closed_by_id": self.manager.id}]
        )
        self.assertFalse(self.review.sudo().activity_ids)

    def test_decisions_of_a_closed_review_stay(self):
        self.review.action_carry_over()
        self.review.action_close()
        with self.assertRaisesRegex(UserError, "is closed, and its decisions stay"):
            self.decide(self.review, self.worse, "keep")
        with self.assertRaisesRegex(UserError, "closed already"):
            self.review.action_close()

    def test_what_is_carried_over_comes_back_in_the_next_one(self):
        self.decide(self.review, self.better, "keep")
        self.review.action_carry_over()
        self.review.action_close()
        line = self.get_line(self.open_review(ahead=1), self.worse)
        self.assertTrue(line.is_carried)
        self.assertEqual(line.reason, "carried")

    # -- hours and margin --------------------------------------------------------------

    def test_hours_and_margin_are_those_of_the_quarter_looked_back_on(self):
        day = self.review.date_start
        self.make_work(6, self.worse, cost=40, worked_on=day)
        self.make_work(
            9, self.worse, cost=40, worked_on=fields.Date.subtract(day, days=1)
        )
        self.make_invoice(500, day, day, self.worse)
        self.env.flush_all()
        self.assertRecordValues(
            self.get_line(self.review, self.worse), [{"hours": 6, "margin": 260}]
        )

    # -- merging ---------------------------------------------------------------------

    def merge(self, kept, other):
        keeper = self.make_user("keeper", "base.group_user,base.group_partner_manager")
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(keeper)
        wizard.create({})._merge((kept + other).ids, kept.with_env(wizard.env))

    def test_merged_customers_keep_what_was_decided(self):
        line = self.decide(self.review, self.worse, "watch")
        self.merge(self.better, self.worse)
        self.assertEqual(self.review.line_ids, line)
        self.assertEqual(line.partner_id, self.better)
        self.assertEqual(line.commercial_partner_id, self.better)


class TestPortfolioReviewOutcome(PortfolioReviewCommon):
    """Did decisions hold?"""

    def setUp(self):
        super().setUp()
        self.customer = self.make_scored(
            "Moved Ltd", (20, "healthy"), score=40, band="watch"
        )
        self.review = self.open_review()

    def get_outcome(self, line):
        line.invalidate_recordset()
        return line.outcome

    def test_nothing_held_before_anything_was_decided(self):
        line = self.get_line(self.review, self.customer)
        self.assertFalse(line.outcome)
        self.assertFalse(
            self.get_outcome(self.decide(self.review, self.customer, "carry"))
        )

    def test_keep_and_watch_hold_until_the_band_is_worse(self):
        for decision in ("keep", "watch"):
            self.set_score(self.customer, band="watch")
            line = self.decide(self.review, self.customer, decision)
            self.assertEqual(self.get_outcome(line), "held")
            self.set_score(self.customer, band="strained")
            self.assertEqual(self.get_outcome(line), "broken")
            line.decision = False

    def test_an_exit_holds_when_there_is_one_that_was_not_given_up(self):
        line = self.decide(self.review, self.customer, "exit")
        self.assertEqual(self.get_outcome(line), "broken")
        case = self.make_exit(self.customer, state="draft")
        self.assertEqual(self.get_outcome(line), "held")
        case.action_cancel()
        self.assertEqual(self.get_outcome(line), "broken")

    def test_a_quarantine_holds_when_there_is_one_in_force(self):
        line = self.decide(self.review, self.customer, "quarantine")
        quarantine = self.make_quarantine(self.customer, state="draft")
        self.assertEqual(self.get_outcome(line), "broken")
        quarantine.action_start()
        self.assertEqual(self.get_outcome(line), "held")
        self.set_score(self.customer, band="strained")
        self.assertEqual(self.get_outcome(line), "broken")

    def test_prefer_holds_while_the_customer_is_of_that_class(self):
        line = self.decide(self.review, self.customer, "prefer")
        self.assertEqual(self.get_outcome(line), "broken")
        self.set_score(self.customer, customer_class="preferred")
        self.assertEqual(self.get_outcome(line), "held")

    def test_the_next_review_keeps_what_came_of_it(self):
        line = self.decide(self.review, self.customer, "keep")
        self.set_score(self.customer, band="strained")
        self.open_review(ahead=1)
        self.set_score(self.customer, band="healthy")
        self.assertEqual(self.get_outcome(line), "broken")
        self.assertRecordValues(line, [{"is_kept": True, "band_after": "strained"}])

    def test_the_last_four_reviews_stand_side_by_side(self):
        self.decide(self.review, self.customer, "keep")
        for ahead in range(1, 5):
            points = 10 if ahead % 2 else 90
            self.set_score(self.customer, score=points)
            review = self.open_review(ahead=ahead)
            if line := self.get_line(review, self.customer):
                line.write({"decision": "watch", "note": "Again"})
        quarters = review._get_side_by_side()
        self.assertEqual(
            quarters.mapped("date"), [self.get_quarter(ahead) for ahead in range(1, 5)]
        )
        shown = str(review.history)
        self.assertEqual(shown.count("Moved Ltd"), 1)
        self.assertIn("Watch → Watch", " ".join(shown.split()))
        self.assertIn("so far", shown)
