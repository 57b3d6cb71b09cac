import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .gate_common import GateCommon

# What no customer reads, whatever the letter
FORBIDDEN = re.compile(r"toxic|score|band\b|strain|\bexit", re.IGNORECASE)
LETTERS = ("warning", "closing")


@tagged("post_install", "-at_install")
class TestCustomerLetter(GateCommon):
    def setUp(self):
        super().setUp()
        self.customer.email = "boss@example.com"
        self.exit_case = self.make_exit(
            reasons="<p>The strain on the team is too much.</p>",
            letter_reason="Our ways of working do not fit.",
            is_told=False,
        )

    def compose(self, letter, user=None):
        """The composer as it opens, with what it would send."""
        exit_case = self.exit_case.with_user(user or self.manager)
        action = getattr(exit_case, f"action_write_{letter}_letter")()
        composer = self.env[action["res_model"]].with_user(user or self.manager)
        with Form(composer.with_context(**action["context"])) as form:
            return form.save()

    def test_letters_are_read_in_the_composer_before_they_are_sent(self):
        mails = self.env["mail.mail"].search_count([])
        composer = self.compose("closing")
        self.assertEqual(composer.partner_ids, self.customer)
        self.assertIn("We end our cooperation", composer.body)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertFalse(self.exit_case.date_closing_letter)
        composer._action_send_mail()
        self.assertTrue(self.exit_case.date_closing_letter)
        self.assertFalse(self.exit_case.date_warning_letter)

    def test_what_is_attached_is_for_those_who_may_read_the_exit(self):
        composer = self.compose("closing")
        file = composer.env["ir.attachment"].create(
            {
                "name": "Statement.txt",
                "raw": b"what was billed",
                "res_model": "mail.compose.message",
            }
        )
        composer.attachment_ids = file
        composer._action_send_mail()
        self.assertRecordValues(
            file, [{"res_model": "customer.exit", "res_id": self.exit_case.id}]
        )
        same = [("id", "=", file.id)]
        attachments = self.env["ir.attachment"]
        self.assertFalse(attachments.with_user(self.outsider).search(same))
        self.assertTrue(attachments.with_user(self.manager).search(same))

    def test_no_letter_holds_a_word_of_ours(self):
        for letter in LETTERS:
            with self.subTest(letter):
                composer = self.compose(letter)
                printed = self.print_letter(letter)
                for text in (composer.subject, str(composer.body), printed):
                    self.assertFalse(FORBIDDEN.search(text), text)

    def print_letter(self, letter):
        report = self.env["ir.actions.report"].with_user(self.manager)
        html, _type = report._render_qweb_html(
            f"toxic_customer_exit.customer_letter_{letter}", self.exit_case.ids
        )
        # What is read of it: links to our assets name the module.
        main = html.decode().split("<main>")[-1].split("</main>")[0]
        return re.sub(r"<[^>]+>", " ", main)

    def test_the_reason_is_stated_where_the_company_states_it(self):
        for is_stated in (True, False):
            self.company.exit_letter_reason = is_stated
            self.exit_case.invalidate_recordset()
            for letter in LETTERS:
                with self.subTest(f"{letter} {is_stated}"):
                    text = self.compose(letter).body + self.print_letter(letter)
                    self.assertEqual(text.count("do not fit"), 2 if is_stated else 0)
                    self.assertNotIn("the team is too much", text)

    def test_the_letter_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        template = self.exit_case._get_letter_template("closing").sudo()
        template.with_context(lang="fr_FR").subject = "Fin de notre collaboration"
        self.assertEqual(self.compose("closing").subject, "Fin de notre collaboration")

    def test_a_customer_without_e_mail_gets_it_printed(self):
        self.customer.email = False
        with self.assertRaisesRegex(UserError, "print the letter"):
            self.exit_case.action_write_warning_letter()
        self.assertIn("speak openly", self.print_letter("warning"))

    def test_nobody_is_told_of_the_end_before_the_wrap_up(self):
        self.exit_case = self.make_exit(self.other, state="draft")
        with self.assertRaisesRegex(UserError, "wrap-up"):
            self.exit_case.action_write_closing_letter()

    # At the exit gate

    def settle_letter(self, user=None, **values):
        exit_case = self.exit_case.with_user(user or self.manager)
        wizards = self.env["customer.exit.settle"].with_user(user or self.manager)
        action = wizards._open_for(exit_case, "closing_letter")
        wizard = wizards.browse(action["res_id"])
        wizard.write(values)
        return wizard

    def test_an_exit_is_not_closed_without_a_word_to_the_customer(self):
        self.exit_case.settlement_reason = "Never began"
        self.exit_case.action_settle_without_invoice()
        obstacles = self.exit_case._get_closing_obstacles()
        self.assertEqual(list(obstacles), ["closing_letter"])
        with self.assertRaisesRegex(UserError, "went by post"):
            self.exit_case.action_close()
        self.compose("closing")._action_send_mail()
        self.assertFalse(self.exit_case._get_closing_obstacles())
        self.exit_case.action_close()
        self.assertEqual(self.exit_case.state, "closed")

    def test_a_letter_that_went_by_post_is_noted_at_the_gate(self):
        with self.assertRaisesRegex(UserError, "manager"):
            self.settle_letter(self.salesperson).action_finish()
        self.assertFalse(self.exit_case.date_closing_letter)
        self.settle_letter().action_finish()
        self.assertTrue(self.exit_case.date_closing_letter)
        self.assertNotIn("closing_letter", self.get_gate(self.exit_case))
        self.assertEqual(self.exit_case.waiver_ids.decision, "finished")

    def test_a_letter_that_is_not_sent_is_waived_because(self):
        self.settle_letter(reason="They wrote to us first.").action_waive()
        self.assertNotIn("closing_letter", self.get_gate(self.exit_case))
        self.assertFalse(self.exit_case.date_closing_letter)
        self.assertEqual(self.exit_case.waiver_ids.reason, "They wrote to us first.")

    def test_no_letter_is_asked_for_before_the_wrap_up(self):
        approved = self.make_exit(self.other, state="approved")
        self.assertFalse(self.get_gate(approved))

    def test_who_is_outside_writes_no_letter(self):
        with self.assertRaises(AccessError):
            self.exit_case.with_user(self.outsider).action_write_warning_letter()
