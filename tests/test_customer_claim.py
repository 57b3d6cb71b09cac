from datetime import date, timedelta

from freezegun import freeze_time
from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user
from odoo.tools.safe_eval import safe_eval

from .common import USER_GROUP, ToxicityCommon

TODAY = date(2026, 3, 10)


def expected_severity(claimed, found, tolerance):
    """The issue's words over again: by the size of the gap, None when it holds."""
    if found <= 0 or claimed >= 2 * found:
        return None if claimed <= found * (1 + tolerance / 100) else "3"
    excess = claimed - found
    if round(excess * 100, 6) <= round(tolerance * found, 6):
        return None
    return "2" if round(excess * 100, 6) > round(2 * tolerance * found, 6) else "1"


class TestCustomerClaim(ToxicityCommon):
    def test_a_claim_is_unverified_until_something_was_found(self):
        claim = self.make_claim()
        self.assertRecordValues(
            claim,
            [
                {
                    "verdict": "unverified",
                    "gap": 0,
                    "date_verified": False,
                    "user_id": self.salesperson.id,
                    "currency_id": self.company.currency_id.id,
                }
            ],
        )
        self.assertFalse(claim.signal_ids)
        self.assertEqual(self.customer.toxicity_band, "unknown")

    def test_revenue_claimed_five_times_what_was_found_is_severe(self):
        claim = self.make_claim(4_000_000)
        claim.with_user(self.manager).write(
            {"verified_value": 800_000, "verification_method": "document"}
        )
        self.assertRecordValues(
            claim,
            [
                {
                    "gap": 400,
                    "verdict": "overstated",
                    "date_verified": fields.Date.today(),
                    "verified_by_id": self.manager.id,
                }
            ],
        )
        self.assertRecordValues(
            claim.signal_ids,
            [
                {
                    "indicator_id": self.indicator("claim_unverified").id,
                    "severity": "3",
                    "state": "counted",
                    "kind": "fact",
                    "user_id": self.manager.id,
                    "date": fields.Date.today(),
                    "partner_id": self.customer.id,
                    "res_model": "customer.claim",
                    "res_id": claim.id,
                }
            ],
        )
        self.assertIn("4,000,000", claim.signal_ids.description)
        self.assertEqual(self.get_score().line_ids.load, 1.0)

    def test_the_gap_alone_verifies_when_all_comes_at_once(self):
        claim = self.make_claim(5_000_000, verified_value=1_000_000)
        self.assertRecordValues(
            claim, [{"gap": 400, "verdict": "overstated", "signal_severity": "3"}]
        )

    def test_the_severity_follows_the_size_of_the_gap(self):
        cases = [
            (tolerance, claimed, found)
            for tolerance in (0, 10, 20, 50, 100)
            for claimed in (50, 100, 100.5, 110, 120, 121, 140, 141, 199, 200, 201, 500)
            for found in (100,)
        ]
        for tolerance, claimed, found in cases:
            self.company.claim_tolerance = tolerance
            claim = self.make_claim(claimed, verified_value=found)
            severity = expected_severity(claimed, found, tolerance)
            with self.subTest(tolerance=tolerance, claimed=claimed):
                self.assertEqual(claim.signal_severity or None, severity)
                self.assertEqual(
                    claim.verdict, "overstated" if severity else "confirmed"
                )

    def test_an_understated_claim_holds(self):
        claim = self.make_claim(100, verified_value=1000)
        self.assertRecordValues(claim, [{"gap": -90, "verdict": "confirmed"}])
        self.assertFalse(claim.signal_ids)

    def test_nothing_found_or_less_leaves_nothing_of_the_claim(self):
        for found, gap in ((0, 10_000), (-50, 300), (-1_000_000, 100.01)):
            claim = self.make_claim(
                100, verified_value=found, verification_method="document"
            )
            with self.subTest(found=found):
                self.assertRecordValues(claim, [{"gap": gap, "verdict": "false"}])
                self.assertEqual(claim.signal_severity, "3")

    def test_a_tiny_find_does_not_blow_up_the_gap(self):
        claim = self.make_claim(5_000_000, verified_value=0.01)
        self.assertEqual(claim.gap, 10_000)

    def test_words_are_judged_by_a_person(self):
        severities = {"confirmed": False, "overstated": "2", "false": "3"}
        for verdict, severity in severities.items():
            claim = self.make_claim("A warehouse with forty people", topic="premises")
            self.assertEqual(claim.value_type, "words")
            claim.write(
                {
                    "verified_text": "One rented room",
                    "verification_method": "visit",
                    "verdict": verdict,
                }
            )
            with self.subTest(verdict=verdict):
                self.assertEqual(claim.signal_severity, severity)
                if severity:
                    self.assertEqual(claim.signal_ids.kind, "judgement")

    def test_words_that_nobody_judged_are_not_verified(self):
        claim = self.make_claim("Forty people", topic="premises")
        with self.assertRaisesRegex(ValidationError, "words do not compare"):
            claim.verified_text = "Two desks"

    def test_a_judgement_without_what_was_found_is_refused(self):
        claim = self.make_claim("Forty people", topic="premises")
        with self.assertRaisesRegex(ValidationError, "write down what was found"):
            claim.verdict = "false"
        with self.assertRaisesRegex(ValidationError, "write down what was found"):
            claim.write({"verdict": "false", "verification_method": "visit"})

    def test_the_verdict_on_numbers_cannot_be_chosen(self):
        claim = self.make_claim(100, verified_value=100)
        with self.assertRaisesRegex(ValidationError, "follows from the numbers"):
            claim.verdict = "false"

    def test_numbers_and_words_do_not_mix(self):
        cases = [
            ({"claimed_text": "And many more"}, "leave the words empty"),
            ({"verified_text": "Less"}, "leave the words empty"),
        ]
        for values, sentence in cases:
            with self.assertRaisesRegex(ValidationError, sentence):
                self.make_claim(100, value_type="number", **values)
        with self.assertRaisesRegex(ValidationError, "leave the numbers empty"):
            self.make_claim("Forty people", value_type="words", verified_value=3)

    def test_a_claim_of_nothing_is_refused(self):
        for claimed in (0, -5):
            with (
                self.subTest(claimed=claimed),
                self.assertRaisesRegex(ValidationError, "which number was claimed"),
                self.cr.savepoint(),
            ):
                self.make_claim(claimed)
        with self.assertRaisesRegex(ValidationError, "write down what was claimed"):
            self.make_claim("  ", topic="premises")

    def test_what_is_no_number_is_refused(self):
        # By Odoo itself, in rounding.
        cases = {"nan": ValueError, "inf": OverflowError, "-inf": OverflowError}
        claim = self.make_claim(100)
        for number, error in cases.items():
            for field in ("claimed_value", "verified_value"):
                with self.subTest(field=field), self.assertRaises(error):
                    claim.write({field: float(number)})

    def test_a_claim_is_not_checked_before_it_was_made(self):
        with self.assertRaisesRegex(ValidationError, "cannot have been checked before"):
            self.make_claim(
                verified_value=1,
                date=self.days_ago(3),
                date_verified=self.days_ago(4),
            )
        claim = self.make_claim(
            verified_value=1, date=self.days_ago(3), date_verified=self.days_ago(3)
        )
        self.assertEqual(claim.signal_ids.date, self.days_ago(3))

    def test_days_to_come_are_refused(self):
        tomorrow = fields.Date.add(fields.Date.today(), days=1)
        for values in ({"date": tomorrow}, {"date_verified": tomorrow}):
            with self.assertRaisesRegex(ValidationError, "lies ahead"):
                self.make_claim(verified_value=1, **values)

    def test_a_day_of_checking_without_a_find_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "say how it was checked"):
            self.make_claim(date_verified=fields.Date.today())

    def test_our_own_company_claims_nothing(self):
        with self.assertRaisesRegex(ValidationError, "your own company"):
            self.make_claim(partner_id=self.company.partner_id.id)

    def test_a_contact_of_another_customer_is_refused(self):
        stranger = self.make_customer(name="Stranger")
        with self.assertRaisesRegex(ValidationError, "does not belong"):
            self.make_claim(contact_id=stranger.id)

    def make_sources(self, user):
        """Where a claim may be heard: a lead, a quotation, an order and a project."""
        contact = self.make_customer(
            name="Buyer", is_company=False, parent_id=self.customer.id
        )
        said_by = {"partner_id": contact.id, "user_id": user.id}
        quotation = self.make_order(
            (self.service_ordered, 1), confirm=False, name="Quoted", **said_by
        )
        order = self.make_order((self.service_ordered, 1), **said_by)
        lead = self.env["crm.lead"].create({"name": "Big plans", **said_by})
        project = self.env["project.project"].create({"name": "Shop", **said_by})
        return contact, (lead, quotation, order, project)

    def get_buttons(self, record, user):
        """The buttons to note a claim that the user is shown on the record's form."""
        view = record._name == "project.project" and "project.edit_project"
        arch = record.with_user(user).get_view(
            view_id=view and self.env.ref(view).id, view_type="form"
        )["arch"]
        action = self.env.ref("toxic_customer_exit.customer_claim_action_note")
        return etree.fromstring(arch).xpath(f"//button[@name='{action.id}']")

    def note_claim(self, record, user):
        """A claim noted with the button, as the user fills in what is asked."""
        (button,) = self.get_buttons(record, user)
        context = safe_eval(button.get("context"), {"id": record.id})
        form = Form(
            self.env["customer.claim"].with_user(user).with_context(**context),
            view="toxic_customer_exit.customer_claim_view_form_note",
        )
        form.topic = "revenue"
        form.claimed_value = 5_000_000
        return form.save()

    def test_a_claim_is_noted_where_it_is_heard(self):
        contact, sources = self.make_sources(self.salesperson)
        for source in sources:
            with self.subTest(source=source.display_name):
                claim = self.note_claim(source, self.salesperson)
                self.assertRecordValues(
                    claim,
                    [
                        {
                            "partner_id": self.customer.id,
                            "contact_id": contact.id,
                            "company_id": self.company.id,
                            "user_id": self.salesperson.id,
                            "verdict": "unverified",
                        }
                    ],
                )
                opened = claim.action_open_source()
                self.assertEqual(opened["res_model"], source._name)
                self.assertEqual(opened["res_id"], source.id)

    def test_whoever_is_not_of_the_group_is_shown_no_button(self):
        bookkeeper = self.make_user("bookkeeper", "account.group_account_invoice")
        _contact, (_lead, *sources) = self.make_sources(self.salesperson)
        for source in sources:
            with self.subTest(source=source.display_name):
                self.assertFalse(self.get_buttons(source, bookkeeper))

    def test_nobody_notes_a_claim_on_what_one_may_not_read(self):
        newcomer = self.make_user("newcomer", f"base.group_user,{USER_GROUP}")
        _contact, sources = self.make_sources(self.salesperson)
        for source in sources[:3]:
            # The button as whoever may read it has it
            (button,) = self.get_buttons(source, self.salesperson)
            context = safe_eval(button.get("context"), {"id": source.id})
            claims = self.env["customer.claim"].with_context(**context)
            with (
                self.subTest(source=source.display_name),
                self.assertRaises(AccessError),
            ):
                claims.with_user(newcomer).default_get(["partner_id"])

    def test_a_project_for_nobody_offers_no_claim(self):
        project = self.env["project.project"].create({"name": "Our own"})
        (button,) = self.get_buttons(project, self.salesperson)
        hidden = safe_eval(
            button.get("invisible"), {"id": project.id, "partner_id": False}
        )
        self.assertTrue(hidden)

    def test_a_colleague_without_the_group_neither_notes_nor_reads(self):
        with self.assertRaises(AccessError):
            self.make_claim(user=self.outsider)
        with self.assertRaises(AccessError):
            self.make_claim().with_user(self.outsider).read(["topic"])

    def test_nobody_verifies_in_the_name_of_another(self):
        claim = self.make_claim()
        values = {"verified_value": 1, "verified_by_id": self.manager.id}
        with self.assertRaisesRegex(AccessError, "who made it"):
            claim.write(values)
        claim.with_user(self.manager).write(
            {**values, "verified_by_id": self.salesperson.id}
        )
        self.assertEqual(claim.verified_by_id, self.salesperson)

    def test_claims_of_another_company_stay_there(self):
        other = self.setup_other_company()["company"]
        both = self.make_user("both", "sales_team.group_sale_salesman_all_leads")
        both.company_ids = [Command.link(other.id)]
        claim = self.make_claim(user=both, company_id=other.id, verified_value=1)
        self.assertTrue(self.get_score(company=other))
        self.assertFalse(self.get_score())
        with self.assertRaises(AccessError):
            claim.with_user(self.salesperson).read(["topic"])

    def test_a_customer_shows_its_claims(self):
        contact = self.make_customer(
            name="Buyer", is_company=False, parent_id=self.customer.id
        )
        claims = self.make_claim(100) + self.make_claim(200, partner_id=contact.id)
        customer = self.customer.with_user(self.salesperson)
        self.assertEqual(customer.customer_claim_ids, claims.sorted())
        self.assertEqual(contact.customer_claim_ids, claims.sorted())
        with self.assertRaises(AccessError):
            self.customer.with_user(self.outsider).read(["customer_claim_ids"])

    def test_the_catalogues_sentence_holds_with_a_real_claim(self):
        with freeze_time(TODAY):
            self.make_claim(
                5_000_000, verified_value=1_000_000, verification_method="document"
            )
            for code in (
                "premises_not_as_described",
                "staff_unable",
                "asked_to_misrepresent",
                "objectives_changed",
            ):
                self.make_signal(code, severity="3")
            self.assertEqual(self.customer.toxicity_band, "toxic")
        with freeze_time(TODAY + timedelta(365)):
            self.assertEqual(self.rescore().band, "strained")


class TestClaimConfidence(ToxicityCommon):
    @classmethod
    def default_env_context(cls):
        # The chatter is what this is about.
        return {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        contact = cls.make_customer(
            name="Portal", is_company=False, parent_id=cls.customer.id, email="p@x.test"
        )
        cls.portal_user = new_test_user(
            cls.env, "portal_claim", "base.group_portal", partner_id=contact.id
        )
        cls.claim = cls.make_claim(contact_id=contact.id)

    def make_attachments(self):
        """One added to the record, one posted in its chatter by its owner."""
        attachment = (
            self.env["ir.attachment"]
            .with_user(self.salesperson)
            .create(
                {
                    "name": "accounts.txt",
                    "raw": b"0.8 million",
                    "res_model": "customer.claim",
                    "res_id": self.claim.id,
                }
            )
        )
        message = self.claim.message_post(
            body="The accounts", attachments=[("letter.txt", b"5 million")]
        )
        return attachment | message.attachment_ids

    def test_attachments_are_for_those_who_read_the_claim(self):
        attachments = self.make_attachments()
        self.assertEqual(len(attachments), 2)
        for user in (self.salesperson, self.manager):
            self.env.invalidate_all()
            names = attachments.with_user(user).mapped("name")
            self.assertEqual(names, ["accounts.txt", "letter.txt"])
        for user in (self.outsider, self.portal_user):
            for attachment in attachments:
                self.env.invalidate_all()
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    attachment.with_user(user).read(["name", "raw"])

    def test_attachments_are_not_found_by_search_either(self):
        attachments = self.make_attachments()
        domain = [("id", "in", attachments.ids)]
        for user in (self.outsider, self.portal_user):
            with self.subTest(user=user.login):
                found = self.env["ir.attachment"].with_user(user).search(domain)
                self.assertFalse(found)

    def test_a_customer_can_neither_follow_nor_be_written_to(self):
        customers = self.portal_user.partner_id | self.customer
        self.claim.message_subscribe(customers.ids)
        self.assertFalse(self.claim.message_partner_ids & customers)
        with self.assertRaisesRegex(UserError, "for users of Customer Exit"):
            self.claim.message_post(body="Look at this", partner_ids=customers.ids)

    def test_nothing_is_written_on_the_customer(self):
        before = self.customer.message_ids
        self.claim.verified_value = 1
        self.env.flush_all()
        self.assertEqual(self.customer.message_ids, before)
        self.assertFalse(self.customer.activity_ids)
