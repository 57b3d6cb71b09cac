import re

from odoo.http import _generate_routing_rules
from odoo.tests import HttpCase, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.mail.tests.common import MailCase

from .confidentiality import MODULE
from .leak_common import MARKER, LeakCommon
from .neutral_common import WORDS, NeutralCommon
from .option_common import OptionCommon

# Every template of ours stands in one of these: a new one is decided on here.
READ_BY_CUSTOMERS = {
    "change_order",
    "change_order_document",
    "customer_letter_closing",
    "customer_letter_document",
    "customer_letter_warning",
    "goodwill_statement",
    "goodwill_statement_document",
    "portal_proposal_sign",
    "portal_proposal_texts",
    "portal_proposals",
    "portal_proposals_frame",
    "portal_proposals_over",
    "portal_proposals_unknown",
    "portal_statement",
    "portal_statement_unknown",
    "settlement_statement",
    "settlement_statement_document",
    "settlement_statement_tables",
}
READ_BY_US = {
    "customer_exit_obstacles",
    "customer_exit_other_obstacles",
    "customer_exit_review_hours",
    "final_invoice_totals",
    "meeting_brief",
    "meeting_brief_document",
    "own_part",
    "portfolio_review_history",
    "toxicity_tuning_summary",
}
REPORTS_OF_OURS = {"meeting_brief"}
MAIL_TEMPLATES = {
    "mail_template_decline",
    "mail_template_letter_closing",
    "mail_template_letter_warning",
    "mail_template_offer",
}
PAGES = {
    "/my/proposals/<int:offer_id>",
    "/my/proposals/<int:offer_id>/preview",
    "/my/proposals/<int:offer_id>/accept/<int:option_id>",
    "/my/proposals/<int:offer_id>/decline/<int:option_id>",
    "/my/proposals/<int:offer_id>/ask",
    "/my/statement/<string:token>",
}


@tagged("post_install", "-at_install")
class TestCustomerWords(NeutralCommon, LeakCommon, MailCase):
    """No mail, page or print for a customer says what we think of them: all there are.

    What Odoo itself sends and shows about such a customer: test_confidentiality_mail.
    """

    @classmethod
    def default_env_context(cls):
        # Mails are part of this: tracking and logging stay on.
        return {}

    def get_ours(self, model):
        """{name: record} of our records of the model."""
        data = self.env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", model)]
        )
        return {row.name: self.env[model].browse(row.res_id) for row in data}

    # Templates

    def test_no_template_is_forgotten(self):
        views = self.get_ours("ir.ui.view")
        found = {name for name, view in views.items() if view.type == "qweb"}
        self.assertEqual(found, READ_BY_CUSTOMERS | READ_BY_US)
        self.assertEqual(self.get_ours("mail.template").keys(), MAIL_TEMPLATES)
        for name, template in self.get_templates_of_options().items():
            for text in template:
                self.assertFalse(WORDS.findall(text), f"{name}: {text}")

    def get_templates_of_options(self):
        return {
            template.name: (
                *(template.name, template.our_part),
                *(template.their_part, template.benefit),
            )
            for template in self.env["customer.exit.option.template"].search([])
        }

    def test_templates_that_customers_read_have_no_word_of_ours(self):
        """Neither their text nor what they read of our records."""
        views = self.get_ours("ir.ui.view")
        for name in READ_BY_CUSTOMERS:
            arch = views[name].arch.replace(f"{MODULE}.", "")
            self.assertFalse(WORDS.findall(arch), name)
        for name, template in self.get_ours("mail.template").items():
            parts = ("subject", "body_html", "email_from", "reply_to", "lang")
            for text in filter(None, (template[part] for part in parts)):
                self.assertFalse(WORDS.findall(str(text)), name)

    # Mails

    def test_mails_have_no_word_of_ours(self):
        records = {
            "customer.exit": self.exit_case,
            "customer.exit.offer": self.exit_case.sudo().offer_ids,
            "toxicity.signal": self.signals[0],
        }
        for name, template in self.get_ours("mail.template").items():
            with self.subTest(name):
                record = records[template.model].with_user(self.manager).sudo()
                mail = template._generate_template(
                    record.ids, ["subject", "body_html", "email_from", "reply_to"]
                )[record.id]
                self.assertIn("Dear", mail["body_html"])
                for part, text in mail.items():
                    if text and isinstance(text, str):
                        what = f"{name}: {part}"
                        self.assertNeutral(
                            f"<div>{text}</div>", what, MARKER, self.exit_case.name
                        )

    def test_invitations_to_a_contained_customer_have_no_word_of_ours(self):
        self.customer.email = "office@example.com"
        with self.mock_mail_gateway(mail_unlink_sent=False):
            meeting = self.make_meeting().sudo()
            self.flush_tracking()
            meeting.with_user(self.manager).sudo().start = meeting.stop
            self.flush_tracking()
        mails = self._new_mails.sudo()
        self.assertIn(self.customer, mails.recipient_ids)
        self.assertTrue(meeting.quarantine_id)
        for mail in mails.filtered(lambda mail: self.customer in mail.recipient_ids):
            text = f"<div><p>{mail.subject}</p>{mail.body_html}</div>"
            self.assertNeutral(text, mail.subject, MARKER)

    # Prints

    def test_prints_have_no_word_of_ours(self):
        reports = self.get_ours("ir.actions.report")
        names = {report.report_name.split(".")[1] for report in reports.values()}
        self.assertEqual(names & READ_BY_US, REPORTS_OF_OURS)
        self.assertFalse(names - READ_BY_US - READ_BY_CUSTOMERS)
        for name in names - REPORTS_OF_OURS:
            with self.subTest(name):
                self.assertPrintNeutral(f"{MODULE}.{name}")

    def assertPrintNeutral(self, name):
        report = self.env["ir.actions.report"]._get_report_from_name(name)
        record = self.get_printed(report.model)
        printed, _kind = report.with_user(self.manager)._render_qweb_html(
            name, record.ids
        )
        # What is on paper; the frame around it names the model that is printed.
        main = printed.decode().partition("<main>")[2].partition("</main>")[0]
        main = re.sub(r' data-oe-model="[^"]*"', "", main)
        self.assertNeutral(f"<div>{main}</div>", name, self.exit_case.name)
        file_name = safe_eval(report.print_report_name, {"object": record})
        self.assertFalse(WORDS.findall(file_name), file_name)

    def get_printed(self, model):
        return {
            "customer.exit": self.exit_case,
            "goodwill.statement": self.env["goodwill.statement"]
            .with_user(self.manager)
            .create({"partner_id": self.customer.id}),
            "sale.order": self.orders[0],
        }[model]


@tagged("post_install", "-at_install")
class TestCustomerPages(NeutralCommon, OptionCommon, HttpCase):
    """All our pages, in every state that a customer meets them in."""

    def test_no_page_is_forgotten(self):
        found = {
            url
            for url, endpoint in _generate_routing_rules([MODULE], nodb_only=False)
            if endpoint.func.__module__.startswith(f"odoo.addons.{MODULE}")
        }
        self.assertEqual(found, PAGES)

    def assertPage(self, url, status, words):
        response = self.url_open(url)
        self.assertEqual(response.status_code, status, words)
        self.assertIn(words, response.text)
        self.assertNeutral(response.text, words, self.case.name, "shouted")

    def test_pages_have_no_word_of_ours(self):
        self.case.reasons = "<p>They shouted at us</p>"
        offer = self.make_offer()
        option = self.get_option("rescope")
        page = offer._get_url()
        self.assertPage(page, 200, option.name)
        self.assertPage(offer._get_url(choice=option.id), 200, "Accept and sign")
        for message, words in (
            ("declined", "Thank you for telling us"),
            ("asked", "Your question has been passed on"),
            ("not_asked", "please call or write to us"),
        ):
            self.assertPage(offer._get_url(message=message), 200, words)
        self.assertPage("/my/proposals/0", 404, "nothing to see here")
        self.accept()
        self.assertPage(offer._get_url(message="accepted"), 200, "you accepted")
        for state, days, words in (
            ("expired", -1, "no longer open"),
            ("withdrawn", 5, "taken these proposals back"),
        ):
            day = self.today(days)
            self.case.sudo().option_ids.write({"state": state, "date_answer_by": day})
            self.assertPage(page, 410, words)

    def test_the_statement_has_no_word_of_ours(self):
        self.make_order((self.service_ordered, 2)).order_line.qty_delivered = 2
        case = self.case.with_user(self.manager)
        case.sudo().state = "invoiced"
        case.action_share_statement()
        page = "/my" + case.statement_url.partition("/my")[2]
        self.assertPage(page, 200, "Statement of account")
        case.action_withdraw_statement()
        self.assertPage(page, 404, "nothing to see here")
