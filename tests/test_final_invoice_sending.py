from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_final_invoice import FinalInvoiceCommon


@tagged("post_install", "-at_install")
class TestFinalInvoiceSending(FinalInvoiceCommon):
    """Final invoices are sent by Odoo's own means, when somebody presses for it."""

    def issued(self, **values):
        self.customer.write(values)
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        exit_case = self.make_exit()
        self.issue(exit_case)
        pdf = self.registry["customer.exit"]
        self.patch(pdf, "_can_make_pdf", lambda case: True)
        return exit_case.with_user(self.manager)

    def test_issuing_sends_nothing_by_itself(self):
        before = self.env["mail.mail"].search_count([])
        exit_case = self.issued(email="buyer@example.com")
        self.assertEqual(self.env["mail.mail"].search_count([]), before)
        self.assertFalse(exit_case.invoice_ids.is_move_sent)

    def test_the_button_opens_odoos_sending_of_the_invoice(self):
        exit_case = self.issued(email="buyer@example.com")
        action = exit_case.action_send_invoices()
        self.assertEqual(action["res_model"], "account.move.send.wizard")
        wizard = (
            self.env["account.move.send.wizard"]
            .with_user(self.manager)
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual(wizard.mail_partner_ids, self.customer)
        wizard.sending_methods = ["email"]
        wizard.action_send_and_print()
        self.assertTrue(exit_case.invoice_ids.is_move_sent)
        message = exit_case.invoice_ids.sudo().message_ids[:1]
        self.assertIn(self.customer, message.partner_ids)
        self.assertNotRegex(message.body.lower(), "toxic|exit|score")

    def test_a_customer_without_email_is_named_with_the_way_out(self):
        exit_case = self.issued(email=False)
        obstacles = exit_case._get_sending_obstacles()
        self.assertEqual(list(obstacles), ["no_email"])
        with self.assertRaises(UserError) as caught:
            exit_case.action_send_invoices()
        sentence = str(caught.exception)
        self.assertEqual(sentence, obstacles["no_email"])
        self.assertIn(self.customer.name, sentence)
        self.assertIn(exit_case.invoice_ids.name, sentence)
        self.assertIn("by post", sentence)

    def test_a_server_that_makes_no_pdf_is_named_with_the_way_out(self):
        exit_case = self.issued(email="buyer@example.com")
        self.patch(self.registry["customer.exit"], "_can_make_pdf", lambda case: False)
        with self.assertRaisesRegex(UserError, "wkhtmltopdf") as caught:
            exit_case.action_send_invoices()
        self.assertIn(self.customer.name, str(caught.exception))

    def test_whoever_may_not_bill_is_told_who_may(self):
        exit_case = self.issued(email="buyer@example.com")
        with self.assertRaises(UserError) as caught:
            exit_case.with_user(self.salesperson).action_send_invoices()
        self.assertIn(self.manager.name, str(caught.exception))

    def test_before_the_final_invoice_there_is_nothing_to_send(self):
        exit_case = self.make_exit().with_user(self.manager)
        with self.assertRaisesRegex(UserError, "no final invoice yet"):
            exit_case.action_send_invoices()


@tagged("post_install", "-at_install")
class TestFinalInvoiceReopening(FinalInvoiceCommon):
    """A final invoice that was taken back is issued once more, and bills the same."""

    def issued(self):
        """Ten delivered and billed, three forgiven, two more delivered."""
        order = self.make_order((self.service_delivered, 10), (self.service_ordered, 4))
        order.order_line[0].qty_delivered = 10
        order.order_line[1].qty_delivered = 1
        interim = order._create_invoices()
        interim.action_post()
        self.make_credit_note(interim, {self.service_delivered: 3})
        order.order_line[0].qty_delivered = 12
        exit_case = self.make_exit()
        final = self.issue(exit_case)
        return exit_case.with_user(self.manager), final, order

    def test_a_reset_final_invoice_stands_in_the_way_of_closing(self):
        exit_case, final, _order = self.issued()
        final.button_draft()
        sentence = exit_case._get_closing_obstacles()["not_posted"]
        self.assertIn(final.display_name, sentence)
        with self.assertRaisesRegex(UserError, "no longer posted"):
            exit_case.action_close()
        final.action_post()
        self.assertNotIn("not_posted", exit_case._get_closing_obstacles())

    def test_after_it_was_cancelled_the_same_is_billed_once_more(self):
        exit_case, final, order = self.issued()
        self.assertEqual(self.billed(order), self.owed((9, 100), (1, 100)))
        final.button_draft()
        final.button_cancel()
        exit_case.action_reopen_settlement("A mistake")
        self.assertEqual(exit_case.state, "wrap_up")
        self.assertFalse(exit_case.invoice_ids)
        # What was forgiven is still forgiven.
        again = self.issue(exit_case)
        self.assertNotEqual(again, final)
        self.assertEqual(self.billed(order), self.owed((9, 100), (1, 100)))
        self.assertEqual(again.amount_total, final.amount_total)

    def test_while_it_stands_nothing_is_reopened(self):
        exit_case, final, _order = self.issued()
        for step in (None, final.button_draft):
            if step:
                step()
            with self.assertRaisesRegex(UserError, "still stands"):
                exit_case.action_reopen_settlement("A mistake")
        self.assertEqual(exit_case.state, "invoiced")

    def test_a_salesperson_reopens_nothing(self):
        exit_case, final, _order = self.issued()
        final.button_draft()
        final.button_cancel()
        with self.assertRaisesRegex(UserError, "manager of customer exits reopens"):
            exit_case.with_user(self.salesperson).action_reopen_settlement("A mistake")

    def test_a_credit_note_over_it_forgives_and_reopens_nothing(self):
        exit_case, final, order = self.issued()
        self.make_credit_note(final, {self.service_delivered: 1})
        self.assertEqual(exit_case.state, "invoiced")
        with self.assertRaisesRegex(UserError, "still stands"):
            exit_case.action_reopen_settlement("A mistake")
