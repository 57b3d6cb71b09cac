import random
from datetime import date, timedelta
from itertools import count

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from .common import ToxicityCommon

TODAY = date(2026, 3, 10)
DECLINED = {"answer": "declined", "answer_reason": "It would not be true."}
OFFERED = {
    "answer": "alternative",
    "alternative": "We describe the team as it is.",
}
SOLVED = {**OFFERED, "alternative_outcome": "accepted"}
RECORD_FORM = "toxic_customer_exit.toxicity_signal_view_form_record"


def expected_severities(history):
    """What each counts in the order of days, over (severity, answer, outcome)."""
    counted, refused = [], False
    for index, (severity, answer, outcome) in enumerate(history):
        if refused:
            counted.append(3)
        elif index == 0 and answer == "alternative" and outcome == "accepted":
            counted.append(severity / 2)
        else:
            counted.append(severity)
        refused = refused or answer in ("declined", "alternative")
    return counted


class TestEthicalRequest(ToxicityCommon):
    def make_request(self, days=0, code="asked_to_misrepresent", **values):
        return self.make_signal(code, date=self.days_ago(days), **values)

    def test_two_indicators_of_the_catalogue_are_requests(self):
        requests = self.env["toxicity.indicator"].search([("is_ethical", "=", True)])
        self.assertEqual(
            set(requests.mapped("code")),
            {"asked_to_misrepresent", "asked_to_cut_corners"},
        )

    def test_a_request_proposes_its_principle_and_waits_for_an_answer(self):
        self.assertRecordValues(
            self.make_request() + self.make_request(code="asked_to_cut_corners"),
            [
                {"principle": "honesty", "answer": "open"},
                {"principle": "quality", "answer": "open"},
            ],
        )

    def test_any_other_signal_has_neither(self):
        signal = self.make_signal("abusive")
        self.assertRecordValues(signal, [{"principle": False, "answer": False}])
        with self.assertRaisesRegex(ValidationError, "against our principles"):
            signal.answer = "open"

    def test_a_request_without_principle_or_answer_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "principle that is at stake"):
            self.make_request(principle=False)
        with self.assertRaisesRegex(ValidationError, "what we answered"):
            self.make_request(answer=False)
        with self.assertRaisesRegex(ValidationError, "name the principle"):
            self.make_request(principle="other")
        self.assertTrue(self.make_request(principle="other", principle_text="Peace"))

    def test_declining_takes_the_reason_and_an_alternative_its_text(self):
        for values, sentence in (
            ({"answer": "declined"}, "the reason we gave"),
            ({"answer": "declined", "answer_reason": " "}, "the reason we gave"),
            ({"answer": "alternative"}, "what we offered instead"),
        ):
            with self.assertRaisesRegex(ValidationError, sentence):
                self.make_request(**values)
        self.assertTrue(self.make_request(**DECLINED))
        self.assertEqual(self.make_request(**OFFERED).alternative_outcome, "open")

    def test_the_dialog_asks_only_for_what_fits(self):
        signals = self.env["toxicity.signal"].with_user(self.salesperson)
        form = Form(
            signals.with_context(
                default_res_model="res.partner", default_res_id=self.customer.id
            ),
            view=RECORD_FORM,
        )
        form.indicator_id = self.indicator("abusive")
        form.description = "Asked by phone to show forty employees."
        self.assertFalse(form.answer)
        form.indicator_id = self.indicator("asked_to_misrepresent")
        self.assertEqual(form.principle, "honesty")
        form.answer = "declined"
        with self.assertRaisesRegex(AssertionError, "answer_reason is a required"):
            form.save()
        form.answer_reason = "It would not be true."
        self.assertRecordValues(form.save(), [{"answer": "declined"}])

    def test_a_managers_own_indicator_can_be_a_request(self):
        indicator = (
            self.env["toxicity.indicator"]
            .with_user(self.manager)
            .create(
                {
                    "name": "Asked to hide a defect",
                    "code": "hide_defect",
                    "dimension": "integrity",
                    "is_ethical": True,
                    "principle": "law",
                }
            )
        )
        signal = self.make_signal("abusive", indicator_id=indicator.id, **SOLVED)
        self.assertRecordValues(
            signal, [{"principle": "law", "counted_severity": 1, "severity": "2"}]
        )

    # -- what counts ---------------------------------------------------------------

    def assertCounted(self, signals, *expected):
        self.assertEqual(signals.mapped("counted_severity"), list(expected))

    def test_a_first_request_whose_alternative_was_accepted_counts_half(self):
        signal = self.make_request(severity="3", **SOLVED)
        self.assertCounted(signal, 1.5)
        indicator = self.indicator("asked_to_misrepresent")
        self.assertAlmostEqual(self.get_score().load, indicator.weight / 2, 5)

    def test_a_request_after_a_refusal_counts_as_severe_whatever_was_chosen(self):
        for refusal in (DECLINED, OFFERED, SOLVED):
            customer = self.make_customer(name=refusal["answer"])
            values = {"partner_id": customer.id, "severity": "1"}
            first = self.make_request(10, **values, **refusal)
            for answer in (SOLVED, DECLINED, {"answer": "accepted"}):
                again = self.make_request(**values, **answer)
                with self.subTest(refusal=refusal, answer=answer):
                    self.assertCounted(again, 3)
            self.assertCounted(first, 0.5 if refusal == SOLVED else 1)

    def test_without_a_refusal_before_it_counts_as_chosen(self):
        self.make_request(10, severity="1", answer="accepted")
        self.assertCounted(self.make_request(severity="1"), 1)
        # The second is no first one, so nothing is halved.
        self.assertCounted(self.make_request(severity="1", **SOLVED), 1)

    def test_only_the_same_customer_company_and_kind_repeat(self):
        other = self.setup_other_company()["company"]
        self.salesperson.company_ids = [Command.link(other.id)]
        stranger = self.make_customer(name="Stranger")
        self.make_request(10, **DECLINED)
        apart = self.make_request(severity="1", partner_id=stranger.id)
        apart += self.make_request(severity="1", company_id=other.id)
        apart += self.make_request(severity="1", code="asked_to_cut_corners")
        self.assertCounted(apart, 1, 1, 1)
        contact = self.make_customer(
            name="Buyer", is_company=False, parent_id=self.customer.id
        )
        self.assertCounted(self.make_request(severity="1", partner_id=contact.id), 3)

    def test_a_request_of_the_same_day_repeats_the_one_noted_before(self):
        signals = self.make_request(severity="1", **DECLINED)
        signals += self.make_request(severity="1")
        self.assertCounted(signals, 1, 3)

    def test_those_that_came_later_follow_when_an_earlier_one_changes(self):
        first = self.make_request(10, severity="1")
        later = self.make_request(5, severity="1", **SOLVED)
        self.assertCounted(later, 1)
        first.write(DECLINED)
        self.assertCounted(later, 3)
        first._contest("It was somebody else.")
        self.assertCounted(later, 0.5)
        first.with_user(self.manager).action_count()
        self.assertCounted(later, 3)
        first.date = self.days_ago(1)
        self.assertCounted(first + later, 3, 0.5)
        first.date = self.days_ago(10)
        first.indicator_id = self.indicator("asked_to_cut_corners")
        self.assertCounted(later, 0.5)
        first.indicator_id = self.indicator("asked_to_misrepresent")
        first.with_user(self.manager).unlink()
        self.assertCounted(later, 0.5)

    def test_the_score_follows_at_once(self):
        first = self.make_request(0, severity="1")
        self.make_request(0, severity="1", **SOLVED)
        indicator = self.indicator("asked_to_misrepresent")
        for values, severities in (({}, (1, 1)), (DECLINED, (1, 3))):
            first.write(values)
            x = min(indicator.cap, sum(severities) / 3)
            self.assertAlmostEqual(self.get_score().load, indicator.weight * x, 5)

    def test_a_colleagues_later_request_is_recounted_too(self):
        first = self.make_request(10, severity="1")
        later = self.make_request(5, user=self.manager, severity="1")
        first.with_user(self.salesperson).write(DECLINED)
        self.assertCounted(later, 3)

    @freeze_time(TODAY)
    def test_random_histories_count_as_computed_by_hand(self):
        pick = random.Random(20260310)
        indicator = self.indicator("asked_to_cut_corners")
        for number in range(15):
            customer = self.make_customer(name=f"History {number}")
            days = sorted(pick.sample(range(400), pick.randint(1, 5)), reverse=True)
            history = [
                (
                    pick.randint(1, 3),
                    *pick.choice(
                        [
                            ("open", False),
                            ("declined", False),
                            ("alternative", "open"),
                            ("alternative", "accepted"),
                            ("alternative", "refused"),
                            ("accepted", False),
                        ]
                    ),
                )
                for _day in days
            ]
            order = list(zip(count(), days, history, strict=False))
            pick.shuffle(order)
            made = {}
            for index, age, (severity, answer, outcome) in order:
                made[index] = self.make_signal(
                    "asked_to_cut_corners",
                    partner_id=customer.id,
                    date=TODAY - timedelta(age),
                    severity=str(severity),
                    answer=answer,
                    answer_reason="Why",
                    alternative="What else",
                    alternative_outcome=outcome,
                )
            expected = expected_severities(history)
            with self.subTest(history=history):
                self.assertEqual(
                    [made[index].counted_severity for index in sorted(made)], expected
                )
                x = sum(
                    severity / 3 * 2 ** (-age / indicator.half_life)
                    for severity, age in zip(expected, days, strict=True)
                )
                self.assertAlmostEqual(
                    self.get_score(customer).load,
                    indicator.weight * min(indicator.cap, x),
                    5,
                )


class TestDecliningByMail(ToxicityCommon):
    @classmethod
    def default_env_context(cls):
        return {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.make_customer(
            name="Gordon Hale",
            is_company=False,
            parent_id=cls.customer.id,
            email="gordon@difficult.test",
        )
        cls.salesperson.email = "sales@us.test"
        cls.request = cls.make_signal(
            "asked_to_misrepresent",
            contact_id=cls.contact.id,
            description="Wanted to look bigger.",
            answer="alternative",
            answer_reason="What we publish has to be true.",
            alternative="We model the business as it is.",
        )

    def open_composer(self):
        action = self.request.action_decline_by_mail()
        return (
            self.env[action["res_model"]]
            .with_user(self.salesperson)
            .with_context(**action["context"])
            .create({})
        )

    def send(self):
        messages = self.env["mail.message"].sudo()
        before = messages.search([], order="id desc", limit=1)
        self.open_composer().action_send_mail()
        self.env.flush_all()
        return messages.search([("id", ">", before.id)])

    def test_the_composer_is_filled_and_nothing_is_sent(self):
        before = self.env["mail.mail"].search_count([])
        composer = self.open_composer()
        self.assertEqual(composer.partner_ids, self.contact)
        for words in ("Dear", "Gordon Hale", "has to be true", "business as it is"):
            self.assertIn(words, composer.body)
        self.assertEqual(self.env["mail.mail"].search_count([]), before)
        self.assertFalse(self.request.date_answered)

    def test_the_mail_goes_to_the_contact_and_is_remembered(self):
        message = self.send()
        self.assertEqual(len(message), 1)
        self.assertEqual(message.notified_partner_ids, self.contact)
        self.assertIn("sales@us.test", message.reply_to)
        self.assertTrue(self.request.date_answered)

    def test_the_mail_tells_nothing_of_what_we_think(self):
        message = self.send()
        mails = (
            self.env["mail.mail"].sudo().search([("mail_message_id", "=", message.id)])
        )
        self.assertTrue(mails)
        for mail in mails:
            text = " ".join(
                str(mail[name] or "")
                for name in ("subject", "body_html", "headers", "message_id")
            ).lower()
            for word in (
                *("toxic", "signal", "score", "strain", "ethic", "principle"),
                *("severe", "misrepresent", "look bigger", "customer exit"),
            ):
                self.assertNotIn(word, text)

    def test_no_chatter_of_the_customer_shows_it(self):
        partners = self.customer | self.contact
        before = partners.message_ids
        message = self.send()
        partners.invalidate_recordset()
        self.assertEqual(partners.message_ids, before)
        for user in (self.outsider, self.manager):
            found = self.env["mail.message"].with_user(user)
            self.assertFalse(found.search([("id", "=", message.id)]))
        self.assertTrue(message.with_user(self.salesperson).body)

    def test_without_an_address_it_says_so(self):
        self.contact.email = False
        with self.assertRaisesRegex(UserError, "has no e-mail address"):
            self.request.action_decline_by_mail()

    def test_the_customers_language_is_used(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.contact.lang = "fr_FR"
        template = self.env.ref("toxic_customer_exit.mail_template_decline")
        template.with_context(lang="fr_FR").subject = "Votre demande"
        self.assertEqual(self.open_composer().subject, "Votre demande")
