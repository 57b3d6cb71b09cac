import re

from odoo import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import html2plaintext

from odoo.addons.mail.tests.common import MailCase

from .leak_options import SIGNATURE
from .neutral_common import WORDS, NeutralCommon
from .option_common import OptionCommon

PARTS = ("subject", "body_html", "headers", "message_id", "references", "email_from")


@tagged("post_install", "-at_install")
class TestExitPortal(NeutralCommon, OptionCommon, MailCase, HttpCase):
    """The customer's page and mail, as they go over the wire."""

    @classmethod
    def default_env_context(cls):
        # Mails are part of this: tracking and logging stay on.
        return {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case.reasons = "<p>They shouted at us</p>"
        cls.offer = cls.make_offer()
        cls.url = cls.offer._get_url()

    def get_url(self, **query):
        return self.offer._get_url(**query)

    def sign(self, kind="rescope", url=None, **params):
        suffix = f"/accept/{self.get_option(kind).id}"
        response = self.url_open(
            url or self.offer._get_url(suffix=suffix),
            json={
                "jsonrpc": "2.0",
                "method": "call",
                "params": {"name": "Ms Buyer", "signature": SIGNATURE, **params},
            },
        )
        self.env.invalidate_all()
        return response.json()

    def post(self, suffix, **values):
        page = self.url_open(self.url)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        response = self.url_open(
            self.offer._get_url(suffix=suffix),
            data={"csrf_token": token[1] if token else "", **values},
        )
        self.env.invalidate_all()
        return response

    def assertNeutral(self, text, what):
        return super().assertNeutral(text, what, self.case.name, "shouted")

    # What is shown

    def test_the_page_shows_the_offer_and_nothing_else(self):
        response = self.url_open(self.url)
        self.assertEqual(response.status_code, 200)
        text = html2plaintext(response.text)
        self.assertIn("Our proposals for working together", text)
        for kind in ("rescope", "prepay"):
            option = self.get_option(kind)
            for words in (option.name, option.benefit, *option.our_part.split("\n")):
                self.assertIn(words, " ".join(text.split()))
        self.assertNeutral(response.text, "the page")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")

    def test_a_draft_or_withdrawn_option_is_not_on_the_page(self):
        draft = self.make_option("pause")
        self.get_option("prepay").with_user(self.salesperson).action_withdraw()
        text = self.url_open(self.url).text
        self.assertNotIn(draft.name, text)
        self.assertNotIn(self.get_option("prepay").name, text)
        self.assertIn("One of our proposals was taken back", text)

    def test_our_own_people_see_a_preview_and_cannot_answer(self):
        self.authenticate("manager", "manager")
        page = self.url_open(self.url).text
        self.assertIn("Only the customer can answer", page)
        self.assertNotIn("o_proposal_choose", page)
        self.assertIn("error", self.sign()["result"])
        self.post("/ask", question="Is this me?")
        self.assertFalse(self.offer.sudo().question_count)
        self.assertEqual(self.get_option("rescope").state, "offered")

    def test_the_preview_for_our_own_people_needs_no_key(self):
        action = self.case.with_user(self.salesperson).action_preview_offer()
        self.assertNotIn(self.offer.sudo().access_token, action["url"])
        self.authenticate("salesperson", "salesperson")
        page = self.url_open(action["url"])
        self.assertEqual(page.status_code, 200)
        self.assertIn("Only the customer can answer", page.text)
        self.assertIn(self.get_option("rescope").name, page.text)
        self.assertNotIn(self.offer.sudo().access_token, page.text)
        self.assertNotIn("o_proposal_choose", page.text)

    def test_looking_at_the_preview_leaves_no_trace(self):
        offer, case = self.offer.sudo(), self.case.sudo()
        before = (offer.read(), case.read(), case.option_ids.read())
        messages = case.message_ids
        self.authenticate("manager", "manager")
        self.url_open(f"/my/proposals/{self.offer.id}/preview")
        self.env.invalidate_all()
        self.assertEqual((offer.read(), case.read(), case.option_ids.read()), before)
        self.assertEqual(case.message_ids, messages)

    def test_the_preview_is_for_those_who_may_read_the_offer(self):
        address = f"/my/proposals/{self.offer.id}/preview"
        page = self.url_open(address, allow_redirects=False)
        self.assertEqual(page.status_code, 303)
        self.make_user("portal", "base.group_portal", partner_id=self.customer.id)
        for login in ("portal", "outsider"):
            self.authenticate(login, login)
            self.assertEqual(self.url_open(address).status_code, 404, login)
        elsewhere = self.setup_other_company()["company"]
        stranger = self.make_user("stranger", "sales_team.group_sale_manager")
        stranger.write(
            {"company_ids": [Command.set(elsewhere.ids)], "company_id": elsewhere.id}
        )
        self.authenticate("stranger", "stranger")
        self.assertEqual(self.url_open(address).status_code, 404)
        for offer_id in (self.offer.id + 99, 2**70):
            address = f"/my/proposals/{offer_id}/preview"
            self.assertEqual(self.url_open(address).status_code, 404)

    def test_wrong_tokens_look_like_nothing_at_all(self):
        token = self.offer.sudo().access_token
        pages = set()
        for address in (
            f"/my/proposals/{self.offer.id}",
            f"/my/proposals/{self.offer.id}?access_token=",
            f"/my/proposals/{self.offer.id}?access_token={token[:-1]}",
            f"/my/proposals/{self.offer.id}?access_token=%C3%A9",
            f"/my/proposals/{self.offer.id + 99}?access_token={token}",
            f"/my/proposals/{2**70}?access_token={token}",
        ):
            response = self.url_open(address)
            self.assertEqual(response.status_code, 404, address)
            self.assertNeutral(response.text, address)
            pages.add(html2plaintext(response.text.partition("<main")[2]))
        self.assertEqual(len(pages), 1)

    def test_an_offer_that_is_over_says_so_in_neutral_words(self):
        def expire():
            self.case.option_ids.sudo().date_answer_by = self.today(-1)

        def withdraw():
            self.case.option_ids.with_user(self.salesperson).action_withdraw()

        for end, words in (
            (expire, "no longer open"),
            (withdraw, "taken these proposals back"),
            (self.case.action_cancel, "taken these proposals back"),
        ):
            with self.subTest(end=end.__name__):
                self.case.sudo().state = "options"
                self.case.option_ids.sudo().write(
                    {"state": "offered", "date_answer_by": self.today(5)}
                )
                self.assertEqual(self.url_open(self.url).status_code, 200)
                end()
                response = self.url_open(self.url)
                self.assertEqual(response.status_code, 410)
                self.assertIn(words, response.text)
                self.assertNeutral(response.text, end.__name__)
                self.assertNotIn("data-proposal", response.text)
                self.assertIn("error", self.sign()["result"])

    def test_the_mail_and_its_headers_are_neutral(self):
        self.customer.name = "Gordon & Sons"
        self.make_option("pause")
        action = self.case.with_user(self.salesperson).action_offer_options()
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self.send(action, self.salesperson)
            self.env.flush_all()
        mails = self._new_mails.sudo().filtered(
            lambda mail: self.customer in mail.recipient_ids
        )
        self.assertTrue(mails)
        offer = self.case.offer_ids.sorted("id")[-1]
        for mail in mails:
            body = str(mail.body_html)
            for part in PARTS:
                text = str(mail[part] or "")
                self.assertFalse(WORDS.findall(text), f"{part}: {text}")
            self.assertIn(offer.sudo().access_token, body)
            self.assertIn("Dear Gordon", body)
            self.assertIn("sales@us.example", mail.reply_to)
            self.assertNotIn(self.case.name, body)
        messages = mails.mail_message_id
        self.assertFalse(messages & self.case.sudo().message_ids)
        self.assertFalse(messages & self.customer.message_ids)

    def test_every_option_template_is_neutral(self):
        for template in self.env["customer.exit.option.template"].search([]):
            for text in (
                *(template.name, template.our_part, template.their_part),
                template.benefit,
            ):
                self.assertFalse(WORDS.findall(text), text)

    def test_the_mail_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        template = self.env.ref("toxic_customer_exit.mail_template_offer")
        template.with_context(lang="fr_FR").subject = "Nos propositions"
        self.make_option("pause")
        action = self.case.with_user(self.salesperson).action_offer_options()
        self.assertEqual(action["context"]["default_subject"], "Nos propositions")

    # What is answered

    def test_the_signature_form_accepts_once(self):
        page = self.url_open(self.get_url(choice=self.get_option("rescope").id))
        self.assertIn("portal.signature_form", page.text)
        self.assertNeutral(page.text, "the page to sign")
        result = self.sign()["result"]
        self.assertTrue(result["force_refresh"])
        self.assertEqual(self.get_option("rescope").state, "accepted")
        self.assertEqual(self.case.state, "retained")
        again = self.url_open(result["redirect_url"])
        self.assertIn("Thank you", again.text)
        self.assertIn("Ms Buyer", again.text)
        self.assertNotIn(self.get_option("prepay").name, again.text)
        self.assertNeutral(again.text, "the page after signing")
        self.assertEqual(self.sign()["result"], result)
        self.assertIn("error", self.sign("prepay")["result"])
        self.assertEqual(len(self.case.commitment_ids), 4)

    def test_the_signature_call_refuses_what_is_wrong_without_a_trace(self):
        option = self.get_option("rescope")
        bare = f"/my/proposals/{self.offer.id}/accept/{option.id}"
        for url, params in (
            (bare, {}),
            (bare, {"access_token": "wrong"}),
            (bare, {"access_token": ["list"]}),
            (bare, {"access_token": {"a": 1}}),
            (f"{bare}?access_token=%00", {}),
            (None, {"signature": "x"}),
            (None, {"signature": None}),
            (None, {"signature": [1]}),
            (None, {"name": ""}),
            (None, {"name": None}),
            (f"/my/proposals/{2**70}/accept/{option.id}", {"access_token": "a"}),
            (self.offer._get_url(suffix=f"/accept/{2**70}"), {}),
        ):
            with self.subTest(url=url, params=str(params)):
                answer = self.sign(url=url, **params)
                self.assertIn("error", answer.get("result", {}), answer)
                self.assertNotIn("debug", str(answer))
        self.assertEqual(option.state, "offered")

    def test_a_comment_declines_and_a_question_is_passed_on(self):
        option = self.get_option("prepay")
        response = self.post(f"/decline/{option.id}", comment="<b>Too</b> early")
        self.assertIn("Thank you for telling us", response.text)
        self.assertRecordValues(
            option, [{"state": "declined", "answer_comment": "<b>Too</b> early"}]
        )
        response = self.post("/ask", question="<script>alert(1)</script>")
        self.assertIn("has been passed on", response.text)
        bodies = " ".join(str(m.body) for m in self.case.sudo().message_ids)
        self.assertIn("&lt;script&gt;", bodies)
        self.assertNotIn("<script>", bodies)

    def test_markup_of_a_signer_stays_text_on_the_page(self):
        self.sign(name="<img src=x onerror=alert(1)>")
        page = self.url_open(self.url).text
        self.assertNotIn("<img src=x", page)
        self.assertIn("&lt;img src=x", page)

    def test_without_csrf_token_nothing_is_posted(self):
        option = self.get_option("prepay")
        response = self.url_open(
            self.offer._get_url(suffix=f"/decline/{option.id}"),
            data={"comment": "No"},
        )
        self.assertEqual(response.status_code, 400)
        self.assertEqual(option.state, "offered")

    def test_answering_with_a_wrong_token_finds_nothing(self):
        option = self.get_option("prepay")
        page = self.url_open(self.url).text
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        for suffix in (f"/decline/{option.id}", "/ask"):
            response = self.url_open(
                f"/my/proposals/{self.offer.id}{suffix}?access_token=wrong",
                data={"csrf_token": csrf, "comment": "No", "question": "Why"},
            )
            self.assertEqual(response.status_code, 404)
        self.assertEqual(option.state, "offered")
        self.assertFalse(self.offer.sudo().question_count)

    def test_a_portal_user_of_the_customer_needs_the_token_too(self):
        self.make_user(
            "portal",
            "base.group_portal",
            partner_id=self.customer.id,
            password="portal_portal",
        )
        self.authenticate("portal", "portal_portal")
        self.assertEqual(
            self.url_open(f"/my/proposals/{self.offer.id}").status_code, 404
        )
        self.assertEqual(self.url_open(self.url).status_code, 200)
        self.assertIn("force_refresh", self.sign()["result"])
        self.assertNotIn("proposals", self.url_open("/my").text)
