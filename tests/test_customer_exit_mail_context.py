from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .option_common import OptionCommon


@tagged("post_install", "-at_install")
class TestCustomerExitMailContext(OptionCommon):
    """A client writes its context itself: it opens no door that a button shuts."""

    def send_other_mail(self, user, partner=None, **context):
        """Any mail of a user, with a context made up by the client."""
        composer = (
            self.env["mail.compose.message"]
            .with_user(user)
            .with_context(**context)
            .create(
                {
                    "model": "res.partner",
                    "res_ids": self.outsider.partner_id.ids,
                    "partner_ids": (partner or self.outsider.partner_id).ids,
                    "body": "Hello",
                    "subject": "Hello",
                }
            )
        )
        composer.action_send_mail()

    def test_another_mail_offers_nothing(self):
        for kind in ("rescope", "prepay"):
            self.make_option(kind)
        action = self.case.with_user(self.salesperson).action_offer_options()
        key = "customer_exit_offer_id"
        offer = action["context"][key]
        for partner in (self.outsider.partner_id, self.customer):
            with self.assertRaisesRegex(UserError, "not the mail"):
                self.send_other_mail(self.salesperson, partner, **{key: offer})
        self.assertEqual(set(self.case.option_ids.mapped("state")), {"draft"})
        self.send(action, self.salesperson)
        self.assertEqual(set(self.case.option_ids.mapped("state")), {"offered"})
        with self.assertRaisesRegex(UserError, "offered already|No option is ready"):
            self.send(action, self.salesperson)

    def test_who_may_not_offer_cannot_by_the_context(self):
        for kind in ("rescope", "prepay"):
            self.make_option(kind)
        action = self.case.with_user(self.salesperson).action_offer_options()
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        with self.assertRaisesRegex(UserError, "owner of the exit"):
            self.send(action, colleague)
        with self.assertRaises(AccessError):
            self.send(action, self.outsider)
        self.assertFalse(self.case.offer_ids.date_sent)

    def test_another_mail_is_no_letter(self):
        context = {"customer_exit_letter_of": self.case.id}
        context["customer_exit_letter"] = "warning"
        with self.assertRaisesRegex(UserError, "not the mail"):
            self.send_other_mail(self.salesperson, self.customer, **context)
        self.assertFalse(self.case.date_warning_letter)
        action = self.case.with_user(self.salesperson).action_write_warning_letter()
        self.send(action, self.salesperson)
        self.assertTrue(self.case.date_warning_letter)

    def test_the_context_writes_no_letter_too_early(self):
        action = self.case.with_user(self.salesperson).action_write_warning_letter()
        action["context"]["customer_exit_letter"] = "closing"
        with self.assertRaisesRegex(UserError, "from the wrap-up on"):
            self.send(action, self.salesperson)
        self.assertFalse(self.case.date_closing_letter)
        with self.assertRaises(AccessError):
            self.send(action, self.outsider)

    def test_a_context_of_nonsense_is_refused_in_words(self):
        of_case = {"customer_exit_letter_of": self.case.id}
        for context in (
            {"customer_exit_offer_id": "1; DROP"},
            {"customer_exit_offer_id": 2**31},
            {"customer_exit_offer_id": [self.case.id]},
            {"customer_exit_letter_of": "all"},
            {**of_case, "customer_exit_letter": ["closing"]},
            {**of_case, "customer_exit_letter": "farewell"},
            of_case,
            {"toxicity_answered_id": True},
        ):
            with self.subTest(context), self.assertRaises(UserError):
                self.send_other_mail(self.salesperson, **context)

    def test_a_mail_about_nothing_of_ours_is_sent(self):
        self.send_other_mail(self.salesperson)
