from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import format_date, html2plaintext

from odoo.addons.toxic_customer_exit.models import customer_exit_offer

from .leak_options import SIGNATURE
from .option_common import OptionCommon

XSS = "<script>alert(1)</script><img src=x onerror=alert(1)>"


class TestExitAnswer(OptionCommon):
    """What the customer answers, and what becomes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offer = cls.make_offer()

    def get_notes(self):
        return " ".join(self.case.sudo().message_ids.mapped("body"))

    # Accepting

    def test_an_accepted_option_retains_the_customer(self):
        self.assertEqual(self.accept(), {})
        self.assertRecordValues(
            self.get_option("rescope"),
            [{"state": "accepted", "signed_by": "Ms Buyer"}],
        )
        self.assertTrue(self.get_option("rescope").signature)
        self.assertEqual(self.get_option("prepay").state, "withdrawn")
        self.assertRecordValues(
            self.case,
            [
                {
                    "state": "retained",
                    "date_retained": self.today(),
                    "date_review": self.today(90),
                    "target_score": self.company.sudo().toxicity_watch_threshold,
                }
            ],
        )
        self.assertIn("Ms Buyer", self.get_notes())

    def test_both_sides_get_their_promises_with_dates(self):
        self.accept()
        option = self.get_option("rescope")
        expected = {
            *(("us", line, self.today(14)) for line in option.our_part.split("\n")),
            *(
                ("customer", line, self.today(30))
                for line in option.their_part.split("\n")
            ),
        }
        found = {
            (commitment.side, commitment.name, commitment.date_due)
            for commitment in self.case.commitment_ids
        }
        self.assertEqual(len(found), 4)
        self.assertEqual(found, expected)
        self.assertEqual(self.case.commitment_ids.user_id, self.salesperson)

    def test_accepting_twice_gives_the_same_answer_once(self):
        self.accept()
        signed_on = self.get_option("rescope").signed_on
        self.assertEqual(self.accept(name="Someone Else"), {})
        self.assertRecordValues(
            self.get_option("rescope"),
            [{"signed_by": "Ms Buyer", "signed_on": signed_on}],
        )
        self.assertEqual(len(self.case.commitment_ids), 4)

    def test_the_sibling_cannot_be_accepted_too(self):
        self.accept()
        self.assertIn("no longer open", self.accept("prepay")["error"])
        self.assertEqual(self.get_option("prepay").state, "withdrawn")

    def test_without_name_or_signature_nothing_is_accepted(self):
        customer = self.as_customer(self.offer)
        option = self.get_option("rescope")
        for name, signature in (
            ("", SIGNATURE),
            ("   ", SIGNATURE),
            (None, SIGNATURE),
            ("Ms Buyer", ""),
            ("Ms Buyer", None),
            ("Ms Buyer", "no base64 at all"),
            ("Ms Buyer", ["list"]),
            ("Ms Buyer", {"a": "dict"}),
            ("Ms Buyer", "aGVsbG8="),
            ("Ms Buyer", "A" * 3_000_000),
        ):
            with self.subTest(name=name, signature=str(signature)[:20]):
                self.assertIn("error", customer._accept(option.id, name, signature))
                self.assertRecordValues(
                    option, [{"state": "offered", "signature": False}]
                )

    def test_an_option_past_its_date_or_of_another_offer_is_not_accepted(self):
        other = self.make_exit(
            self.make_customer(name="Other", email="o@example.com"), state="draft"
        )
        self.make_offer(case=other)
        foreign = self.get_option("rescope", other)
        customer = self.as_customer(self.offer)
        self.assertIn("error", customer._accept(foreign.id, "Ms Buyer", SIGNATURE))
        self.get_option("rescope").date_answer_by = self.today(-1)
        self.assertIn("error", self.accept())
        self.assertEqual(self.case.state, "options")

    def test_a_very_long_name_is_cut(self):
        self.accept(name="x" * 1000)
        self.assertEqual(len(self.get_option("rescope").signed_by), 128)

    # Declining and asking

    def test_declining_keeps_the_words_and_tells_the_owner(self):
        before = self.case.activity_ids
        customer = self.as_customer(self.offer)
        option = self.get_option("prepay")
        self.assertTrue(customer._decline(option.id, "Too early for us."))
        self.assertRecordValues(
            option, [{"state": "declined", "answer_comment": "Too early for us."}]
        )
        self.assertIn("Too early for us.", self.get_notes())
        self.assertEqual((self.case.activity_ids - before).user_id, self.salesperson)
        self.assertFalse(customer._decline(option.id, "Once more."))
        self.assertFalse(customer._decline(self.get_option("rescope").id, " "))

    def test_a_question_reaches_the_owner_and_floods_nobody(self):
        self.patch(customer_exit_offer, "MAX_QUESTIONS", 2)
        customer = self.as_customer(self.offer)
        before = self.case.activity_ids
        self.assertTrue(customer._ask("Does it include travel?"))
        self.assertIn("include travel", self.get_notes())
        self.assertEqual((self.case.activity_ids - before).user_id, self.salesperson)
        self.assertFalse(customer._ask(""))
        self.assertTrue(customer._ask("And hotels?"))
        self.assertFalse(customer._ask("And trains?"))

    def test_markup_in_the_customers_words_stays_text(self):
        customer = self.as_customer(self.offer)
        customer._ask(XSS)
        customer._decline(self.get_option("prepay").id, XSS)
        self.accept(name=XSS)
        case = self.case.sudo()
        texts = [*case.message_ids.mapped("body"), *case.activity_ids.mapped("note")]
        joined = " ".join(str(text) for text in texts)
        self.assertNotIn("<script", joined)
        self.assertNotIn("<img", joined)
        self.assertIn("&lt;script", joined)

    def test_zero_bytes_do_not_stop_an_answer(self):
        self.assertTrue(self.as_customer(self.offer)._ask("a\0b"))

    def test_the_customer_is_no_author_of_our_notes(self):
        portal = self.make_user(
            "portal", "base.group_portal", partner_id=self.customer.id
        )
        offers = self.env["customer.exit.offer"].with_user(portal)
        customer = offers._find_by_token(self.offer.id, self.offer.sudo().access_token)
        customer._ask("Who reads this?")
        customer._accept(self.get_option("rescope").id, "Ms Buyer", SIGNATURE)
        self.env.flush_all()
        messages = self.case.sudo().message_ids
        self.assertFalse(messages.author_id & self.customer)
        self.assertFalse(messages.notified_partner_ids & self.customer)
        theirs = self.env["mail.message"].with_user(portal)
        self.assertFalse(theirs.search([("id", "in", messages.ids)]))
        self.assertTrue(self.case.sudo().commitment_ids)
        self.assertNotIn(portal, self.case.sudo().commitment_ids.create_uid)

    def test_notes_are_in_the_owners_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.salesperson.lang = "fr_FR"
        self.assertEqual(self.case._in_owners_words().env.lang, "fr_FR")

    # The token

    def test_only_the_token_of_this_offer_opens_it(self):
        token = self.offer.sudo().access_token
        self.assertGreaterEqual(len(token), 43)
        offers = self.env["customer.exit.offer"]
        self.assertTrue(offers._find_by_token(self.offer.id, token))
        for offer_id, wrong in (
            (self.offer.id, token[:-1]),
            (self.offer.id, ""),
            (self.offer.id, None),
            (self.offer.id, "é" * 43),
            (self.offer.id, token.encode()),
            (self.offer.id + 99, token),
            (0, token),
            (2**40, token),
        ):
            self.assertFalse(offers._find_by_token(offer_id, wrong))

    def test_nobody_reads_the_token(self):
        for user in (self.salesperson, self.manager, self.outsider):
            with self.assertRaises(AccessError):
                self.offer.with_user(user).read(["access_token"])
            with self.assertRaises(AccessError):
                self.env["customer.exit.offer"].with_user(user).search(
                    [("access_token", "=like", "a%")]
                )

    def test_offers_are_made_by_the_mail_alone(self):
        with self.assertRaises(AccessError):
            self.env["customer.exit.offer"].with_user(self.manager).create(
                {"exit_id": self.case.id, "partner_id": self.customer.id}
            )
        with self.assertRaises(AccessError):
            self.offer.with_user(self.manager).question_count = 0

    # Retained

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "toxic_customer_exit.ir_cron_commitments"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def get_commitments(self, side):
        return self.case.commitment_ids.filtered(lambda record: record.side == side)

    def get_activities(self, code):
        kind = self.env.ref(f"toxic_customer_exit.mail_activity_type_{code}")
        return self.case.sudo().activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )

    def test_the_review_is_planned_and_moves_with_its_date(self):
        self.accept()
        self.assertRecordValues(
            self.get_activities("retained"),
            [{"user_id": self.salesperson.id, "date_deadline": self.today(90)}],
        )
        self.case.with_user(self.salesperson).date_review = self.today(30)
        self.assertRecordValues(
            self.get_activities("retained"), [{"date_deadline": self.today(30)}]
        )

    def test_what_is_due_soon_is_reminded_of_once(self):
        self.accept()
        self.run_cron()
        self.assertFalse(self.get_activities("commitment"))
        self.get_commitments("us").date_due = self.today(3)
        self.run_cron()
        self.run_cron()
        activity = self.get_activities("commitment")
        self.assertRecordValues(
            activity,
            [{"user_id": self.salesperson.id, "date_deadline": self.today(3)}],
        )
        for commitment in self.get_commitments("us"):
            self.assertIn(commitment.name, activity.note)
        self.get_commitments("us").with_user(self.salesperson).action_keep()
        self.assertFalse(self.get_activities("commitment"))

    def test_a_promise_of_theirs_not_kept_reopens_the_case(self):
        self.accept()
        broken = self.get_commitments("customer")[0]
        broken.date_due = self.today(-1)
        self.run_cron()
        self.assertRecordValues(
            broken, [{"state": "missed", "date_decided": self.today()}]
        )
        self.assertEqual(self.case.state, "options")
        self.assertIn(broken.name, self.get_notes())
        notes = " ".join(
            str(note) for note in self.get_activities("answer").mapped("note")
        )
        self.assertIn(broken.name, notes)
        self.assertFalse(self.get_activities("retained"))

    def test_a_promise_of_ours_not_kept_is_shown_as_plainly(self):
        self.accept()
        broken = self.get_commitments("us")[0]
        broken.date_due = self.today(-1)
        self.run_cron()
        self.assertEqual(broken.state, "missed")
        self.assertEqual(self.case.state, "retained")
        self.assertEqual(self.case.missed_count, 1)
        told = self.get_activities("answer").filtered(
            lambda activity: broken.name in activity.note
        )
        self.assertEqual(told.user_id, self.salesperson)

    def test_a_case_that_is_over_is_followed_up_no_more(self):
        self.accept()
        self.get_commitments("customer").date_due = self.today(-1)
        self.case.action_cancel()
        self.run_cron()
        self.assertEqual(set(self.case.commitment_ids.mapped("state")), {"open"})

    def test_a_person_may_say_so_before_the_date(self):
        self.accept()
        self.get_commitments("customer")[0].with_user(self.salesperson).action_miss()
        self.assertEqual(self.case.state, "options")

    def test_what_was_kept_after_all_retains_again(self):
        self.accept()
        broken = self.get_commitments("customer")[0].with_user(self.salesperson)
        broken.action_miss()
        case = self.case.with_user(self.salesperson)
        with self.assertRaisesRegex(UserError, "kept after all"):
            case.action_retain()
        broken.action_keep()
        case.action_retain()
        self.assertEqual(case.state, "retained")
        self.assertTrue(self.get_activities("retained"))

    def test_nothing_is_retained_that_the_customer_did_not_accept(self):
        with self.assertRaisesRegex(UserError, "accepts an option first"):
            self.case.action_retain()

    def test_a_retained_case_is_opened_again_by_hand(self):
        with self.assertRaisesRegex(UserError, "retained one"):
            self.case.action_reopen()
        self.accept()
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        with self.assertRaisesRegex(UserError, "owner of the exit"):
            self.case.with_user(colleague).action_reopen()
        self.case.with_user(self.salesperson).action_reopen("They ask for more")
        self.assertEqual(self.case.state, "options")

    def test_who_opens_a_case_again_says_why(self):
        self.accept()
        case = self.case.with_user(self.salesperson)
        for nothing in (None, "", "  "):
            action = case.action_reopen(nothing)
            self.assertEqual(action["res_model"], "customer.exit.ask.reason")
            self.assertEqual(case.state, "retained")
        self.confirm(action, self.salesperson, "They ask for more")
        self.assertEqual(case.state, "options")
        self.assertEqual(case.step_ids[-1].reason, "They ask for more")
        self.assertIn("They ask for more", self.get_notes())

    def confirm(self, action, user, reason):
        wizards = self.env[action["res_model"]].with_user(user)
        with Form(wizards.with_context(**action["context"])) as form:
            self.assertFalse(form.obstacles)
            form.reason = reason
        return form.record.action_confirm()

    def test_a_promise_that_was_not_kept_is_the_reason(self):
        self.accept()
        promise = self.get_commitments("customer")[0].with_user(self.salesperson)
        promise.action_miss()
        self.assertIn(promise.name, self.case.step_ids[-1].reason)

    # The good end

    def review(self):
        self.case.with_user(self.salesperson).date_review = self.today()

    def keep(self, *sides):
        for side in sides or ("us", "customer"):
            self.get_commitments(side).with_user(self.manager).action_keep()

    def test_a_customer_who_kept_the_agreement_is_retained_for_good(self):
        self.accept()
        self.keep()
        self.review()
        case = self.case.with_user(self.salesperson)
        action = case.action_retain_for_good()
        self.assertEqual(case.state, "retained")
        self.confirm(action, self.salesperson, "Two good quarters")
        self.assertRecordValues(case, [{"state": "kept", "date_closed": self.today()}])
        self.assertEqual(case.step_ids[-1].reason, "Two good quarters")
        self.assertFalse(self.get_activities("retained"))
        self.assertFalse(case.sudo().review_ids)
        report = self.env["customer.exit.report"].with_user(self.manager)
        self.assertEqual(report.browse(case.id).retained_share, 100)
        # Business goes on as before, and another exit can be opened.
        former = case._find_former(self.customer, self.company)
        self.assertFalse(former)
        self.assertEqual(self.make_exit(state="draft").state, "draft")

    def test_the_good_end_waits_for_the_review_and_the_promises(self):
        case = self.case.with_user(self.salesperson)
        with self.assertRaisesRegex(UserError, "a retained customer"):
            case.action_retain_for_good("So")
        self.accept()
        self.assertEqual(set(case._get_good_end_obstacles()), {"not_reviewed", "open"})
        self.review()
        self.keep("customer")
        self.get_commitments("us")[0].with_user(self.manager).action_miss()
        self.assertEqual(set(case._get_good_end_obstacles()), {"open", "missed"})
        with self.assertRaisesRegex(UserError, "kept after all"):
            case.action_retain_for_good("So")
        self.keep("us")
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        with self.assertRaisesRegex(UserError, "owner of the exit"):
            case.with_user(colleague).action_retain_for_good("So")
        self.assertFalse(case._get_good_end_obstacles())

    def test_after_the_good_end_nothing_moves(self):
        self.accept()
        self.keep()
        self.review()
        case = self.case.with_user(self.manager)
        case.action_retain_for_good("Two good quarters")
        for step in (
            lambda: case.action_reopen("So"),
            case.action_cancel,
            case.action_approve,
            case.commitment_ids.action_miss,
            case.unlink,
        ):
            with self.assertRaises(UserError):
                step()
        self.assertEqual(case.state, "kept")

    def test_after_reopening_it_can_be_approved_or_offered_anew(self):
        self.accept()
        self.case.with_user(self.salesperson).action_reopen("They ask for more")
        managed = self.case.with_user(self.manager)
        managed.write({"approval_reason": "Enough", "ethics_checked": True})
        self.assertFalse(managed._get_approval_obstacles())
        second = self.make_offer("pause", "educate")
        self.assertEqual(self.accept("pause", offer=second), {})
        self.assertEqual(self.case.state, "retained")

    def test_what_was_signed_stays_but_its_date_moves(self):
        self.accept()
        commitment = self.get_commitments("us")[0].with_user(self.salesperson)
        for values in ({"name": "Less"}, {"side": "customer"}):
            with self.assertRaisesRegex(UserError, "signed by the customer"):
                commitment.write(values)
        for values in ({"state": "kept"}, {"date_decided": self.today()}):
            with self.assertRaisesRegex(UserError, "with its buttons"):
                commitment.write(values)
        with self.assertRaisesRegex(UserError, "signed by the customer"):
            commitment.unlink()
        commitment.date_due = self.today(20)

    def test_a_commitment_is_added_while_retained_only(self):
        commitments = self.env["customer.exit.commitment"].with_user(self.salesperson)
        values = {
            "exit_id": self.case.id,
            "name": "A call every Friday",
            "date_due": self.today(7),
        }
        with self.assertRaisesRegex(UserError, "while it is retained"):
            commitments.create(values)
        self.accept()
        self.assertEqual(commitments.create(values).state, "open")
        with self.assertRaisesRegex(UserError, "new commitment is open"):
            commitments.create({**values, "state": "kept"})

    def test_nobody_else_decides_what_was_kept(self):
        self.accept()
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        commitment = self.get_commitments("us")[0]
        for step in ("action_keep", "action_miss"):
            with self.assertRaisesRegex(UserError, "responsible for it"):
                getattr(commitment.with_user(colleague), step)()
        with self.assertRaises(AccessError):
            commitment.with_user(colleague).create(
                {
                    "exit_id": self.case.id,
                    "name": "Never promised",
                    "side": "customer",
                    "date_due": self.today(),
                    "user_id": colleague.id,
                }
            )
        commitment.user_id = colleague
        commitment.with_user(colleague).action_keep()
        self.assertEqual(commitment.state, "kept")

    def test_every_change_of_a_commitment_is_kept_on_the_exit(self):
        self.accept()
        commitment = self.get_commitments("us")[0].with_user(self.salesperson)
        before = self.case.sudo().message_ids
        commitment.date_due = self.today(20)
        commitment.action_keep()
        commitment.action_miss()
        added = self.case.sudo().message_ids - before
        texts = [html2plaintext(body) for body in added.sorted("id").mapped("body")]
        self.assertEqual(len(texts), 3)
        self.assertIn(format_date(self.env, self.today(20)), texts[0])
        self.assertIn("kept", texts[1])
        self.assertIn("not kept", texts[2])
        self.assertEqual(added.author_id, self.salesperson.partner_id)
        self.assertTrue(all(added.mapped("is_internal")))
        self.assertFalse(added.notified_partner_ids)

    def test_a_change_that_changes_nothing_is_not_noted(self):
        self.accept()
        commitment = self.get_commitments("us")[0].with_user(self.salesperson)
        before = self.case.sudo().message_ids
        commitment.date_due = commitment.date_due
        commitment.user_id = self.manager
        self.assertEqual(self.case.sudo().message_ids, before)

    def test_what_we_added_ourselves_reopens_nothing(self):
        self.accept()
        added = (
            self.env["customer.exit.commitment"]
            .with_user(self.salesperson)
            .create(
                {
                    "exit_id": self.case.id,
                    "name": "Sends the figures",
                    "side": "customer",
                    "date_due": self.today(3),
                }
            )
        )
        added.action_miss()
        self.assertEqual(added.state, "missed")
        self.assertEqual(self.case.state, "retained")
        self.assertEqual(self.case.missed_count, 1)
        agreed = self.get_commitments("customer").filtered("option_id")
        agreed[0].with_user(self.salesperson).action_miss()
        self.assertEqual(self.case.state, "options")
        # Made good where it was agreed, it is retained once more.
        agreed.with_user(self.salesperson).action_keep()
        self.case.with_user(self.salesperson).action_retain()
        self.assertEqual(self.case.state, "retained")
