from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase

from .leak_common import MARKER, LeakCommon
from .neutral_common import WORDS, NeutralCommon


class TestConfidentialityMail(NeutralCommon, LeakCommon, MailCase, HttpCase):
    """Odoo's own mails, pages and prints about a customer we know everything about."""

    @classmethod
    def default_env_context(cls):
        # Mails are what this is about: tracking and logging stay on.
        return {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal_user.partner_id.email = "customer@example.com"
        cls.customer.email = "office@example.com"
        cls.quotation = cls.make_order((cls.service_ordered, 5), confirm=False)
        cls.orders.message_subscribe(cls.customer.ids)

    def assertNeutral(self, text, what):
        return super().assertNeutral(text, what, MARKER, self.exit_case.sudo().name)

    def get_texts(self, mails):
        mails = mails.sudo()
        for mail in mails:
            yield f"<p>{mail.subject}</p>{mail.body_html or ''}"
        for message in mails.mail_message_id:
            yield f"<p>{message.subject}</p>{message.body or ''}"

    def send(self, records, template, **values):
        """Send as a person does, by Odoo's composer; the mails to the customer."""
        template = self.env.ref(template)
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.salesperson)
            .with_context(
                default_model=records._name,
                default_res_ids=records.ids,
                default_template_id=template.id,
                default_composition_mode="comment",
            )
            .create(values)
        )
        with self.mock_mail_gateway(mail_unlink_sent=False):
            composer._action_send_mail()
        return self._new_mails

    def assertMailsNeutral(self, mails):
        recipients = mails.sudo().recipient_ids
        self.assertTrue(recipients & (self.customer | self.portal_user.partner_id))
        for text in self.get_texts(mails):
            self.assertNeutral(text, "a mail")

    def test_the_quotation_is_sent_without_a_word_of_ours(self):
        mails = self.send(self.quotation, "sale.email_template_edi_sale")
        self.assertMailsNeutral(mails)

    def test_the_confirmation_is_sent_without_a_word_of_ours(self):
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self.quotation.with_user(self.salesperson).with_context(
                send_email=True
            ).action_confirm()
            self.flush_tracking()
        self.assertMailsNeutral(self._new_mails)

    def test_the_invoice_is_sent_without_a_word_of_ours(self):
        invoice = self.invoices[0]
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self.env["account.move.send"]._generate_and_send_invoices(
                invoice, sending_methods=["email"]
            )
        self.assertMailsNeutral(self._new_mails)
        for text in invoice.message_ids.mapped("body"):
            self.assertNeutral(f"<p>{text}</p>", "the invoice's chatter")

    def test_an_edited_order_tells_its_followers_nothing_of_ours(self):
        order = self.orders[0]
        with self.mock_mail_gateway(mail_unlink_sent=False):
            order.order_line.with_user(self.salesperson).product_uom_qty += 1
            order.message_post(
                body="We added an hour.", subtype_xmlid="mail.mt_comment"
            )
            self.flush_tracking()
        self.assertMailsNeutral(self._new_mails)

    def test_what_odoo_prints_for_customers_has_no_word_of_ours(self):
        for report, records in (
            ("sale.action_report_saleorder", self.orders | self.quotation),
            ("account.account_invoices", self.invoices),
        ):
            with self.subTest(report=report):
                printed, _kind = (
                    self.env["ir.actions.report"]
                    .with_user(self.accountant)
                    .sudo()
                    ._render_qweb_html(report, records.ids)
                )
                self.assertNeutral(printed.decode(), report)

    # -- chatter ---------------------------------------------------------------------

    def test_documents_of_odoo_are_told_nothing_of_ours(self):
        documents = (
            self.customer,
            self.mild,
            *self.orders,
            *self.projects,
            *self.tasks,
            *self.invoices,
        )
        self.flush_tracking()
        for document in documents:
            messages = document.sudo().message_ids
            texts = messages.mapped("body") + [document.message_ids.mapped("subject")]
            values = messages.tracking_value_ids
            texts += values.mapped("new_value_char") + values.mapped("old_value_char")
            texts += values.field_id.mapped("name")
            activities = document.sudo().activity_ids
            texts += activities.mapped("summary") + activities.mapped("note")
            for text in filter(None, texts):
                with self.subTest(document=document.display_name):
                    self.assertNotIn(MARKER, str(text))
                    self.assertFalse(WORDS.findall(str(text)))

    def get_threads(self):
        return (
            self.changes[0].sudo(),
            self.exit_case.sudo(),
            self.score.sudo(),
        )

    def get_partners_outside(self):
        return (
            self.customer
            | self.portal_user.partner_id
            | self.accountant.partner_id
            | self.administrator.partner_id
        )

    def test_nobody_outside_can_follow_our_records(self):
        outside = self.get_partners_outside()
        for thread in self.get_threads():
            with self.subTest(thread=thread._name):
                thread.message_subscribe(outside.ids)
                self.assertFalse(thread.message_partner_ids & outside)
                self.assertFalse(thread._mail_get_partner_fields())

    def test_followers_from_outside_are_not_written_to_all_the_same(self):
        """Who has left our group, say, or got in by a merge of partners."""
        outside = self.get_partners_outside() | self.stranger.partner_id
        for thread in self.get_threads():
            self.env["mail.followers"].sudo().create(
                [
                    {
                        "res_model": thread._name,
                        "res_id": thread.id,
                        "partner_id": partner.id,
                        "subtype_ids": [
                            Command.set(self.env.ref("mail.mt_comment").ids)
                        ],
                    }
                    for partner in outside
                ]
            )
            with self.subTest(thread=thread._name), self.mock_mail_gateway():
                thread.message_post(body=MARKER, subtype_xmlid="mail.mt_comment")
                if thread._name == "scope.change":
                    thread.write({"reason": f"{MARKER} given", "amount": 100})
                    thread.write({"state": "absorbed"})
                self.flush_tracking()
                self.assertFalse(self._new_mails.sudo().recipient_ids & outside)
                notified = thread.message_ids.notification_ids.res_partner_id
                self.assertFalse(notified & outside)
            messages = self.env["mail.message"].with_user(self.portal_user)
            self.assertFalse(messages.search([("model", "=", thread._name)]))

    def test_nobody_writes_to_people_outside_from_our_records(self):
        refused = [{"partner_ids": [p.id]} for p in self.get_partners_outside()]
        refused.append({"outgoing_email_to": "office@example.com"})
        for thread in self.get_threads():
            for values in refused:
                with (
                    self.subTest(thread=thread._name, values=values),
                    self.assertRaisesRegex(UserError, "users of Customer Exit only"),
                ):
                    thread.message_post(body="Hi", **values)
            thread.message_post(body="Hi", partner_ids=self.manager.partner_id.ids)

    def test_messages_and_files_on_our_records_are_read_by_no_one_else(self):
        for thread in self.get_threads():
            message = thread.message_post(body=MARKER, subtype_xmlid="mail.mt_comment")
            attachment = (
                self.env["ir.attachment"]
                .sudo()
                .create(
                    {
                        "name": MARKER,
                        "raw": b"text",
                        "res_model": thread._name,
                        "res_id": thread.id,
                    }
                )
            )
            for user in (self.portal_user, self.accountant, self.stranger):
                with self.subTest(thread=thread._name, user=user.login):
                    self.env.invalidate_all()
                    for record in (message, attachment):
                        found = self.env[record._name].with_user(user)
                        self.assertFalse(found.search([("id", "=", record.id)]))
                        self.assertFalse(
                            record.with_user(user).sudo(False).has_access("read")
                        )

    def test_portal_pages_have_no_word_of_ours(self):
        self.portal_user.password = "portal_password"
        self.authenticate("portal", "portal_password")
        order, invoice = self.orders[0], self.invoices[0]
        project, task = self.projects[0], self.tasks[0]
        pages = {
            "/my": "/my",
            "/my/orders": order.name,
            f"/my/orders/{order.id}": order.name,
            "/my/invoices": invoice.name,
            f"/my/invoices/{invoice.id}": invoice.name,
            f"/my/invoices/{invoice.id}?report_type=html": invoice.name,
            f"/my/orders/{order.id}?report_type=html": order.name,
            "/my/projects": project.name,
            f"/my/projects/{project.id}": task.name,
            "/my/tasks": task.name,
            f"/my/tasks/{task.id}": task.name,
        }
        for url, expected in pages.items():
            with self.subTest(url=url), mute_logger("odoo.addons.http_routing"):
                response = self.url_open(url)
                self.assertEqual(response.status_code, 200)
                self.assertIn(expected, response.text)
                self.assertNeutral(response.text, url)
