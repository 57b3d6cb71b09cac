from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .test_final_invoice import FinalInvoiceCommon


class ReopeningCommon(FinalInvoiceCommon):
    def make_rebated_order(self, product):
        """10 h × 100, less 10 % on the whole order."""
        order = self.make_order((product, 10), confirm=False)
        self.discount(order, discount_type="so_discount", discount_percentage=0.1)
        order.action_confirm()
        return order

    def deliver(self, order, hours):
        order.order_line[0].qty_delivered = hours

    def settle(self, order, hours):
        self.deliver(order, hours)
        exit_case = self.make_exit()
        self.issue(exit_case)
        return exit_case.with_user(self.manager)

    def cancel(self, moves):
        moves.button_draft()
        moves.button_cancel()

    def reopen(self, exit_case):
        exit_case.with_user(self.manager).action_reopen_settlement("A mistake")
        self.env.invalidate_all()
        self.assertEqual(exit_case.state, "wrap_up")

    def take_back(self, exit_case):
        self.cancel(exit_case.sudo().invoice_ids)
        self.reopen(exit_case)

    def get_terms(self, order):
        names = ("product_uom_qty", "price_unit", "discount", "qty_delivered")
        return [[line[name] for name in names] for line in order.order_line]

    def get_noted(self, order):
        """What the register says that the order comes to."""
        items = order.scope_change_ids.item_ids
        return order.baseline_amount + sum(items.mapped("amount"))


@tagged("post_install", "-at_install")
class TestWhatWasAgreed(ReopeningCommon):
    """Back in the wrap-up, the orders say again what was agreed."""

    def assert_discount_follows(self, product):
        order = self.make_rebated_order(product)
        exit_case = self.settle(order, 5)
        self.assertEqual(self.billed(order), 450)
        self.take_back(exit_case)
        self.deliver(order, 7)
        again = self.issue(exit_case)
        self.assertEqual(again.amount_untaxed, 630)
        self.assertEqual(self.billed(order), 630)

    def test_a_discount_follows_what_is_found_after_reopening(self):
        self.assert_discount_follows(self.service_ordered)

    def test_so_it_does_where_delivered_work_is_billed(self):
        self.assert_discount_follows(self.service_delivered)

    def test_a_cancelled_bill_does_not_round_the_discount(self):
        order = self.make_order((self.service_delivered, 3), confirm=False)
        self.discount(order, discount_type="so_discount", discount_percentage=0.1)
        order.action_confirm()
        exit_case = self.settle(order, 1)
        self.assertEqual(self.billed(order), self.owed((1, 100), (1, -10)))
        self.take_back(exit_case)
        self.issue(exit_case)
        self.assertEqual(self.billed(order), self.owed((1, 100), (1, -10)))

    def test_a_discount_of_which_nothing_was_due_is_due_with_later_work(self):
        order = self.make_rebated_order(self.service_delivered)
        exit_case = self.make_exit().with_user(self.manager)
        exit_case.settlement_reason = "Nothing came"
        exit_case.action_settle_without_invoice()
        self.assertEqual(order.order_line[1].product_uom_qty, 0)
        self.reopen(exit_case)
        self.deliver(order, 7)
        self.issue(exit_case)
        self.assertEqual(self.billed(order), 630)

    def test_quantity_price_and_discount_are_as_before(self):
        order = self.make_rebated_order(self.service_ordered)
        order.order_line[0].write({"discount": 12.5, "price_unit": 87.35})
        order.action_lock()
        self.deliver(order, 3.25)
        before = self.get_terms(order)
        exit_case = self.settle(order, 3.25)
        self.assertNotEqual(self.get_terms(order), before)
        self.take_back(exit_case)
        self.assertEqual(self.get_terms(order), before)
        self.assertTrue(order.locked)

    def test_baseline_and_register_make_the_order_at_every_step(self):
        order = self.make_rebated_order(self.service_ordered)
        exit_case = self.settle(order, 5)
        self.assertEqual(order.amount_untaxed, 450)
        self.assertEqual(self.get_noted(order), 450)
        self.take_back(exit_case)
        self.assertEqual(order.amount_untaxed, 900)
        self.assertEqual(self.get_noted(order), 900)
        # On the same day nothing is left of it.
        self.assertFalse(order.scope_change_ids)
        self.deliver(order, 7)
        self.issue(exit_case)
        self.assertEqual(order.amount_untaxed, 630)
        self.assertEqual(self.get_noted(order), 630)

    def test_taken_back_on_another_day_it_is_another_scope_change(self):
        order = self.make_rebated_order(self.service_ordered)
        exit_case = self.settle(order, 5)
        self.cancel(exit_case.sudo().invoice_ids)
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.reopen(exit_case)
            changes = order.scope_change_ids
            self.assertEqual(sorted(changes.mapped("amount")), [-450, 450])
            self.assertEqual(set(changes.mapped("state")), {"agreed"})
            self.assertEqual(self.get_noted(order), order.amount_untaxed)

    def test_what_people_changed_since_stays(self):
        order = self.make_order((self.service_ordered, 10))
        exit_case = self.settle(order, 5)
        self.cancel(exit_case.sudo().invoice_ids)
        order.order_line.write(
            {"product_uom_qty": 8, "price_unit": 90, "qty_delivered": 5}
        )
        self.reopen(exit_case)
        self.assertEqual(self.get_terms(order), [[8, 90, 0, 5]])

    def test_hours_logged_before_reopening_are_kept(self):
        order = self.make_order((self.service_ordered, 10))
        exit_case = self.settle(order, 5)
        self.cancel(exit_case.sudo().invoice_ids)
        self.deliver(order, 6)
        self.reopen(exit_case)
        self.assertEqual(self.get_terms(order), [[10, 100, 0, 6]])

    def test_while_the_settlement_stands_nothing_is_put_back(self):
        order = self.make_rebated_order(self.service_ordered)
        exit_case = self.settle(order, 5)
        before = self.get_terms(order)
        with self.assertRaisesRegex(UserError, "still stands"):
            exit_case.action_reopen_settlement("A mistake")
        self.cancel(exit_case.sudo().invoice_ids)
        with self.assertRaisesRegex(UserError, "manager of customer exits reopens"):
            exit_case.with_user(self.salesperson).action_reopen_settlement("A mistake")
        self.env.invalidate_all()
        self.assertEqual(self.get_terms(order), before)

    def test_it_is_put_back_once(self):
        order = self.make_order((self.service_ordered, 10))
        exit_case = self.settle(order, 5)
        self.take_back(exit_case)
        order.order_line.product_uom_qty = 5
        with self.assertRaisesRegex(UserError, "goes back to its wrap-up"):
            exit_case.action_reopen_settlement("A mistake")
        exit_case._put_terms_back()
        self.assertEqual(order.order_line.product_uom_qty, 5)

    def test_nobody_reads_or_writes_what_is_kept(self):
        exit_case = self.settle(self.make_order((self.service_ordered, 10)), 5)
        self.assertTrue(exit_case.sudo().settled_terms)
        with self.assertRaises(AccessError):
            exit_case.read(["settled_terms"])
        with self.assertRaises(AccessError):
            exit_case.write({"settled_terms": {}})


@tagged("post_install", "-at_install")
class TestSettledNoMore(ReopeningCommon):
    """What happens to the orders after the final invoice is found, and billed once."""

    def assert_unsettled(self, exit_case, order):
        """Closing is refused, naming the order, and the way out is open."""
        exit_case.write(
            {"open_amount_decision": "left_open", "open_amount_reason": "In court"}
        )
        # More than was ordered makes Odoo plan an activity, and that a link.
        self.env.flush_all()
        order.access_token = False
        self.assertEqual(list(exit_case._get_closing_obstacles()), ["unsettled"])
        with self.assertRaises(UserError) as caught:
            exit_case.action_close()
        self.assertIn(order.name, str(caught.exception))
        self.assertIn("Go back to the wrap-up", str(caught.exception))
        line = exit_case.gate_line_ids
        self.assertEqual(line.code, "unsettled")
        self.assertFalse(exit_case._get_reopening_obstacles())

    def settle_rest(self, exit_case):
        """Back to the wrap-up and through it once more; the documents it adds."""
        before = exit_case.sudo().invoice_ids
        self.reopen(exit_case)
        rest = self.issue(exit_case) - before
        self.assertEqual(before, before.filtered(lambda move: move.state == "posted"))
        self.assertFalse(exit_case._get_closing_obstacles())
        return rest

    def test_who_goes_back_to_the_wrap_up_says_why(self):
        order = self.make_order((self.service_ordered, 10))
        exit_case = self.settle(order, 5)
        self.deliver(order, 8)
        action = exit_case.action_reopen_settlement()
        self.assertEqual(action["res_model"], "customer.exit.ask.reason")
        self.assertEqual(exit_case.state, "invoiced")
        exit_case.action_reopen_settlement("Three hours came late")
        self.assertEqual(exit_case.state, "wrap_up")
        self.assertEqual(exit_case.step_ids[-1].reason, "Three hours came late")
        self.assertEqual(exit_case.step_ids[1].reason, "Enough")

    def test_hours_logged_after_the_final_invoice(self):
        order = self.make_order((self.service_ordered, 10))
        exit_case = self.settle(order, 5)
        self.deliver(order, 8)
        self.assertEqual(order.order_line.qty_to_invoice, 0)
        self.assert_unsettled(exit_case, order)
        rest = self.settle_rest(exit_case)
        self.assertEqual(rest.amount_untaxed, 300)
        self.assertEqual(self.billed(order), self.owed((8, 100)))
        self.assertEqual(len(exit_case.sudo().invoice_ids), 2)
        exit_case.action_close()
        self.assertEqual(exit_case.state, "closed")

    def test_hours_taken_off_after_the_final_invoice_are_credited(self):
        order = self.make_order((self.service_ordered, 10, 33.33))
        exit_case = self.settle(order, 5)
        self.deliver(order, 4)
        self.assert_unsettled(exit_case, order)
        rest = self.settle_rest(exit_case)
        self.assertEqual(rest.move_type, "out_refund")
        self.assertEqual(self.billed(order), self.owed((5, 33.33), (-1, 33.33)))

    def assert_part_of_the_discount(self, product):
        order = self.make_rebated_order(product)
        exit_case = self.settle(order, 5)
        self.deliver(order, 7)
        self.assert_unsettled(exit_case, order)
        rest = self.settle_rest(exit_case)
        self.assertEqual(rest.amount_untaxed, 180)
        self.assertEqual(self.billed(order), 630)
        # And once more: what was agreed is not forgotten.
        self.deliver(order, 10)
        self.settle_rest(exit_case)
        self.assertEqual(self.billed(order), 900)

    def test_hours_logged_later_have_their_part_of_the_discount(self):
        self.assert_part_of_the_discount(self.service_ordered)

    def test_so_they_have_where_delivered_work_is_billed(self):
        self.assert_part_of_the_discount(self.service_delivered)

    def test_a_cancelled_final_invoice_posted_again_is_credited(self):
        order = self.make_rebated_order(self.service_ordered)
        exit_case = self.settle(order, 5)
        first = exit_case.sudo().invoice_ids
        self.take_back(exit_case)
        self.issue(exit_case)
        first.button_draft()
        first.action_post()
        self.assertEqual(self.billed(order), 900)
        self.assert_unsettled(exit_case, order)
        rest = self.settle_rest(exit_case)
        self.assertEqual((rest.move_type, rest.amount_untaxed), ("out_refund", 450))
        self.assertEqual(self.billed(order), 450)

    def test_a_cancelled_final_credit_note_posted_again_is_no_goodwill(self):
        order = self.make_order((self.service_ordered, 10))
        self.make_invoices(order)
        exit_case = self.settle(order, 4)
        first = exit_case.sudo().invoice_ids
        self.assertEqual(first.move_type, "out_refund")
        self.take_back(exit_case)
        self.issue(exit_case)
        first.button_draft()
        first.action_post()
        self.assertEqual(self.billed(order), -200)
        self.assert_unsettled(exit_case, order)
        rest = self.settle_rest(exit_case)
        self.assertEqual(rest.amount_untaxed, 600)
        self.assertEqual(self.billed(order), 400)

    def test_an_interim_invoice_cancelled_after_the_final_one(self):
        order = self.make_order((self.service_delivered, 5), (self.service_ordered, 4))
        for line in order.order_line:
            line.qty_delivered = 3
        interim = self.make_invoices(order)
        self.assertEqual(self.billed(order), self.owed((3, 100), (4, 100)))
        exit_case = self.settle(order, 5)
        self.assertEqual(self.billed(order), self.owed((5, 100), (3, 100)))
        self.cancel(interim)
        self.assert_unsettled(exit_case, order)
        self.settle_rest(exit_case)
        self.assertEqual(self.billed(order), self.owed((5, 100), (3, 100)))

    def make_time_order(self):
        service = self.make_service(
            "By time", "delivered_timesheet", service_tracking="task_in_project"
        )
        return self.make_order((service, 10))

    def log(self, order, hours):
        self.env["account.analytic.line"].create(
            {
                "name": "Work",
                "project_id": order.tasks_ids.project_id.id,
                "task_id": order.tasks_ids.id,
                "unit_amount": hours,
                "employee_id": self.get_employee(None, 40).id,
            }
        )

    def test_time_is_billed_once_whatever_is_cancelled(self):
        order = self.make_time_order()
        self.log(order, 3)
        interim = self.make_invoices(order)
        self.log(order, 2)
        exit_case = self.make_exit().with_user(self.manager)
        self.issue(exit_case)
        self.assertEqual(self.billed(order), 500)
        self.cancel(interim)
        self.log(order, 1)
        codes = exit_case._get_gate_obstacles()
        self.assertIn("unsettled", codes)
        self.assertNotIn("unbilled_time", codes)
        self.reopen(exit_case)
        self.issue(exit_case)
        self.assertEqual(self.billed(order), 600)
        self.assertFalse(exit_case._get_unsettled_lines())

    def test_a_down_payment_deducted_twice_is_given_back(self):
        order = self.make_order((self.service_delivered, 10))
        self.make_down_payment(order, amount=30)
        exit_case = self.settle(order, 10)
        first = exit_case.sudo().invoice_ids
        self.assertEqual(first.amount_untaxed, 700)
        self.take_back(exit_case)
        self.issue(exit_case)
        first.button_draft()
        first.action_post()
        self.assertEqual(self.billed(order), 1700)
        self.assert_unsettled(exit_case, order)
        rest = self.settle_rest(exit_case)
        self.assertEqual((rest.move_type, rest.amount_untaxed), ("out_refund", 700))
        self.assertEqual(self.billed(order), 1000)

    def test_goodwill_after_the_final_invoice_leaves_it_settled(self):
        order = self.make_order((self.service_delivered, 5))
        exit_case = self.settle(order, 5)
        self.make_credit_note(exit_case.sudo().invoice_ids, {self.service_delivered: 2})
        self.assertFalse(exit_case._get_unsettled_lines())
        self.assertNotIn("unsettled", exit_case._get_closing_obstacles())
        with self.assertRaisesRegex(UserError, "still stands"):
            exit_case.action_reopen_settlement("A mistake")

    def test_a_draft_is_decided_on_before_anything_is_reopened(self):
        order = self.make_order((self.service_ordered, 10))
        exit_case = self.settle(order, 5)
        self.deliver(order, 8)
        exit_case.sudo().invoice_ids.button_draft()
        with self.assertRaisesRegex(UserError, "still stands"):
            exit_case.action_reopen_settlement("A mistake")

    def test_a_manager_may_leave_it_so_with_a_reason(self):
        order = self.make_order((self.service_ordered, 10))
        exit_case = self.settle(order, 5)
        self.deliver(order, 8)
        self.assert_unsettled(exit_case, order)
        values = {
            "exit_id": exit_case.id,
            "code": "unsettled",
            "res_id": order.order_line.id,
            "reason": "A present",
        }
        waivers = self.env["customer.exit.waiver"]
        with self.assertRaises(UserError):
            waivers.with_user(self.salesperson).create(values)
        waivers.with_user(self.manager).create(values)
        self.env.invalidate_all()
        exit_case.action_close()
        self.assertEqual(self.billed(order), 500)

    def test_billed_exits_are_not_given_up_nor_deleted(self):
        order = self.make_order((self.service_ordered, 10))
        exit_case = self.settle(order, 5)
        final = exit_case.sudo().invoice_ids
        self.deliver(order, 8)
        self.reopen(exit_case)
        with self.assertRaisesRegex(UserError, "settles"):
            exit_case.action_cancel()
        self.cancel(final)
        exit_case.action_cancel()
        self.assertEqual(exit_case.state, "cancelled")
        with self.assertRaisesRegex(UserError, "stays on record"):
            exit_case.sudo().unlink()
