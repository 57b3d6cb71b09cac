from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .gate_common import GateCommon

FIRST_UNDOING = "2020-02-02 10:00:00"


@tagged("post_install", "-at_install")
class TestCustomerExitWalkAway(GateCommon):
    """What ends on walking away, without a mail, and comes back when undone."""

    @classmethod
    def default_env_context(cls):
        # As for users: what is tracked is logged, and what is posted is sent.
        return {}

    def setUp(self):
        super().setUp()
        self.order = self.make_order((self.service_ordered, 1))
        self.order._portal_ensure_token()
        self.token = self.order.access_token
        self.quotation = self.make_order((self.service_ordered, 1), confirm=False)
        self.quotation.state = "sent"
        self.lead = self.make_lead(self.contact, probability=37.5)
        self.done = self.make_project(name="Done project", privacy_visibility="portal")
        self.task = self.make_task(self.done, state="1_done")
        self.shelved = self.make_task(self.done, state="1_done", active=False)
        self.activity = self.order.activity_schedule(
            "mail.mail_activity_data_todo", summary="Call them"
        )
        self.user = self.make_portal_user(self.contact)
        self.done._add_collaborators(self.contact)
        self.order.message_subscribe(self.contact.ids)
        self.others = self.make_order(
            (self.service_ordered, 1), partner_id=self.other.id, confirm=False
        )
        self.others.message_subscribe(self.other.ids)
        self.exit_case = self.make_exit()
        self.flush_tracking()
        self.env.invalidate_all()

    def flush_tracking(self):
        self.env.flush_all()
        self.cr.flush()

    def walk_away(self):
        self.exit_case.action_walk_away()
        self.flush_tracking()
        self.env.invalidate_all()

    def assertEnded(self):
        self.assertTrue(self.order.locked)
        self.assertFalse(self.order.access_token)
        self.assertEqual(self.quotation.state, "cancel")
        self.assertRecordValues(self.lead, [{"active": False, "won_status": "lost"}])
        self.assertEqual(self.lead.lost_reason_id.name, "Relationship ended")
        self.assertFalse(self.done.active)
        self.assertFalse(self.activity.active)
        self.assertFalse(self.user.active)
        self.assertFalse(self.user._is_portal())
        self.assertFalse(self.done.collaborator_ids)
        self.assertNotIn(self.contact, self.order.message_partner_ids)

    def test_everything_ends_and_the_gate_is_empty(self):
        self.walk_away()
        self.assertEnded()
        self.assertFalse(self.get_gate(self.exit_case))

    def test_other_customers_stay_as_they_were(self):
        self.walk_away()
        self.assertEqual(self.others.state, "draft")
        self.assertIn(self.other, self.others.message_partner_ids)

    def test_the_preview_names_what_will_happen_and_does_nothing(self):
        wizard = self.open_preview()
        for record in (self.order, self.quotation, self.lead, self.done, self.user):
            self.assertIn(record.display_name, wizard.preview)
        self.assertNotIn(self.others.name, wizard.preview)
        self.assertEqual(self.quotation.state, "sent")
        wizard.action_walk_away()
        self.env.invalidate_all()
        self.assertEnded()
        self.assertFalse(wizard.preview)

    def test_nobody_is_written_to(self):
        mails = self.env["mail.mail"].search_count([])
        messages = self.env["mail.message"].search([])
        self.walk_away()
        self.exit_case.action_undo_walk_away()
        self.flush_tracking()
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        written = self.env["mail.message"].search([]) - messages
        self.assertFalse(written.filtered(lambda message: message.notification_ids))
        self.assertFalse(written.filtered(lambda m: m.model != "customer.exit"))

    def test_undoing_puts_everything_back(self):
        self.walk_away()
        self.exit_case.action_undo_walk_away()
        self.env.invalidate_all()
        self.assertFalse(self.order.locked)
        self.assertEqual(self.order.access_token, self.token)
        self.assertEqual(self.quotation.state, "sent")
        self.assertRecordValues(
            self.lead,
            [{"active": True, "won_status": "pending", "probability": 37.5}],
        )
        self.assertFalse(self.lead.lost_reason_id)
        self.assertTrue(self.done.active)
        self.assertTrue(self.task.active)
        self.assertFalse(self.shelved.active)
        self.assertTrue(self.activity.active)
        self.assertTrue(self.user.active)
        self.assertTrue(self.user._is_portal())
        self.assertEqual(self.done.collaborator_ids.partner_id, self.contact)
        self.assertIn(self.contact, self.order.message_partner_ids)
        self.assertTrue(all(self.exit_case.deed_ids.mapped("date_undone")))

    def test_undoing_opens_the_scope_changes_of_a_quotation_again(self):
        self.order.order_line.product_uom_qty = 4
        change = self.order.scope_change_ids
        change.with_user(self.manager).action_renegotiate()
        amendment = change.amendment_id
        state = change.state
        self.walk_away()
        self.assertEqual((amendment.state, change.state), ("cancel", "declined"))
        self.exit_case.action_undo_walk_away()
        self.env.invalidate_all()
        self.assertEqual((amendment.state, change.state), ("draft", state))

    def test_giving_the_exit_up_needs_undoing_first(self):
        self.walk_away()
        with self.assertRaisesRegex(UserError, "Undo that first"):
            self.exit_case.action_cancel()
        self.exit_case.action_undo_walk_away()
        self.exit_case.action_cancel()
        self.assertEqual(self.exit_case.state, "cancelled")
        self.assertTrue(self.done.active)

    def test_undone_it_can_be_done_again(self):
        self.walk_away()
        self.exit_case.action_undo_walk_away()
        self.env.invalidate_all()
        self.walk_away()
        self.assertEnded()

    def test_undoing_again_leaves_what_was_undone_before_as_it_was(self):
        self.walk_away()
        self.exit_case.action_undo_walk_away()
        first = self.exit_case.deed_ids
        first.sudo().write(
            {"undone_by_id": self.salesperson.id, "date_undone": FIRST_UNDOING}
        )
        self.walk_away()
        self.exit_case.action_undo_walk_away()
        second = self.exit_case.deed_ids - first
        self.assertEqual(first.undone_by_id, self.salesperson)
        self.assertEqual(set(map(str, first.mapped("date_undone"))), {FIRST_UNDOING})
        self.assertEqual(second.undone_by_id, self.manager)

    def test_a_follower_whose_contact_is_gone_is_passed_over(self):
        gone = self.make_customer(
            name="Former buyer", is_company=False, parent_id=self.customer.id
        )
        self.order.message_subscribe(gone.ids)
        self.walk_away()
        gone.unlink()
        self.exit_case.action_undo_walk_away()
        self.assertFalse(self.order.locked)
        self.assertIn(self.contact, self.order.message_partner_ids)

    def test_doing_it_twice_does_nothing_more(self):
        self.walk_away()
        deeds = self.exit_case.deed_ids
        self.walk_away()
        self.assertEqual(self.exit_case.deed_ids, deeds)

    def test_what_is_gone_meanwhile_is_passed_over(self):
        self.walk_away()
        self.quotation.unlink()
        self.exit_case.action_undo_walk_away()
        self.assertFalse(self.order.locked)

    def test_a_newer_link_is_not_replaced_by_the_old_one(self):
        self.walk_away()
        newer = self.order._portal_ensure_token()
        self.exit_case.action_undo_walk_away()
        self.assertEqual(self.order.access_token, newer)

    def test_a_project_with_open_tasks_stays_until_they_are_settled(self):
        self.task.state = "01_in_progress"
        self.walk_away()
        self.assertTrue(self.done.active)
        self.task.state = "1_done"
        self.walk_away()
        self.assertFalse(self.done.active)

    def test_what_was_waived_is_left_alone(self):
        self.env["customer.exit.waiver"].with_user(self.manager).create(
            {
                "exit_id": self.exit_case.id,
                "code": "portal_users",
                "res_id": self.user.id,
                "reason": "Needs the invoices until the audit",
            }
        )
        self.walk_away()
        self.assertTrue(self.user.active)

    def test_a_project_whose_open_task_was_waived_stays(self):
        self.task.state = "01_in_progress"
        self.env["customer.exit.waiver"].with_user(self.manager).create(
            {
                "exit_id": self.exit_case.id,
                "code": "tasks",
                "res_id": self.task.id,
                "reason": "A colleague goes on with it",
            }
        )
        self.walk_away()
        self.assertTrue(self.done.active)

    def test_the_final_invoice_can_still_be_issued(self):
        self.order.order_line.qty_delivered = 1
        self.walk_away()
        self.exit_case.action_issue_final_invoice()
        self.assertEqual(self.exit_case.invoice_ids.amount_untaxed, 100)
        self.assertTrue(self.order.locked)

    # Refused

    def test_after_closing_nothing_is_undone(self):
        self.walk_away()
        self.exit_case.settlement_reason = "Never began"
        self.exit_case.action_settle_without_invoice()
        self.exit_case.action_close()
        with self.assertRaisesRegex(UserError, "stays"):
            self.exit_case.action_undo_walk_away()
        self.assertFalse(any(self.exit_case.deed_ids.sudo().mapped("before")))

    def test_a_user_neither_walks_away_nor_undoes(self):
        exit_case = self.exit_case.with_user(self.salesperson)
        with self.assertRaisesRegex(UserError, "manager"):
            exit_case.action_walk_away()
        with self.assertRaises(AccessError):
            exit_case.action_preview_walk_away()
        self.walk_away()
        with self.assertRaisesRegex(UserError, "manager"):
            exit_case.action_undo_walk_away()

    def test_before_the_wrap_up_nobody_walks_away(self):
        draft = self.make_exit(self.other, state="draft").with_user(self.manager)
        with self.assertRaisesRegex(UserError, "from the wrap-up on"):
            draft.action_walk_away()

    def test_a_vendor_is_warned_about_and_keeps_bills_and_what_is_waived(self):
        self.assertNotIn("vendor", self.open_preview().warnings or "")
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.contact.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create({"name": "Rent", "price_unit": 800})
                ],
            }
        )
        bill.action_post()
        self.env["customer.exit.waiver"].with_user(self.manager).create(
            {
                "exit_id": self.exit_case.id,
                "code": "portal_users",
                "res_id": self.user.id,
                "reason": "They look at our purchases.",
            }
        )
        self.env.invalidate_all()
        wizard = self.open_preview()
        self.assertIn("vendor too", wizard.warnings)
        self.assertIn("Waived at the gate: Portal users (1)", wizard.left)
        self.walk_away()
        self.assertTrue(self.user._is_portal())
        self.assertEqual(bill.state, "posted")
        self.assertTrue(self.order.locked)

    # Before the effective date

    def take_effect_in(self, days):
        day = fields.Date.today() + timedelta(days=days)
        # sudo: as an approval with such a notice leaves it
        self.exit_case.sudo().effective_date = day

    def test_before_it_takes_effect_nobody_walks_away(self):
        self.take_effect_in(20)
        wizard = self.open_preview()
        sentence = self.exit_case._get_walk_away_obstacles()["too_early"]
        self.assertIn("takes effect", sentence)
        self.assertIn("why it ends earlier", wizard.obstacles)
        self.assertFalse(wizard.preview)
        for press in (wizard.action_walk_away, self.exit_case.action_walk_away):
            with self.assertRaises(UserError) as caught:
                press()
            self.assertEqual(str(caught.exception), sentence)
        self.assertTrue(self.user.active)
        self.assertFalse(self.exit_case.deed_ids)

    def test_on_the_day_it_takes_effect_one_walks_away(self):
        self.take_effect_in(20)
        with freeze_time(datetime.now() + timedelta(days=20)):
            self.exit_case.invalidate_recordset()
            self.assertFalse(self.exit_case._get_walk_away_obstacles())
        self.take_effect_in(0)
        self.walk_away()
        self.assertEnded()

    def test_a_manager_walks_away_earlier_with_a_reason_that_stays(self):
        self.take_effect_in(20)
        self.exit_case.early_closing_reason = "They asked us to."
        self.walk_away()
        self.assertEnded()
        with self.assertRaisesRegex(UserError, "acted on"):
            self.exit_case.early_closing_reason = False
        self.exit_case.action_undo_walk_away()
        self.exit_case.early_closing_reason = False
        with self.assertRaisesRegex(UserError, "takes effect"):
            self.exit_case.action_walk_away()

    def test_before_it_takes_effect_the_gate_ends_no_access(self):
        self.take_effect_in(20)
        for code, ended in (
            ("portal_users", lambda: not self.user.active),
            ("shared_orders", lambda: not self.order.access_token),
            ("collaborators", lambda: not self.done.collaborator_ids),
            ("followers", lambda: self.contact not in self.order.message_partner_ids),
        ):
            with self.subTest(code):
                self.exit_case.early_closing_reason = False
                wizard = self.open_settling(code)
                self.assertIn("takes effect", wizard.obstacles)
                self.assertFalse(wizard.can_drop)
                with self.assertRaisesRegex(UserError, "takes effect"):
                    wizard.action_drop()
                self.assertFalse(ended())
                self.exit_case.early_closing_reason = "They asked us to."
                wizard = self.open_settling(code)
                self.assertFalse(wizard.obstacles)
                wizard.action_drop()
                self.env.invalidate_all()
                self.assertTrue(ended())
                self.exit_case.action_undo_walk_away()

    def test_before_it_takes_effect_the_closing_letter_gives_notice(self):
        self.take_effect_in(20)
        self.customer.email = "boss@example.com"
        self.exit_case.sudo().date_closing_letter = False
        self.assertFalse(self.exit_case._get_letter_obstacles("closing"))
        self.open_settling("closing_letter").action_finish()
        self.assertTrue(self.exit_case.date_closing_letter)

    def open_preview(self):
        action = self.exit_case.action_preview_walk_away()
        wizard = self.env["customer.exit.walk.away"].with_user(self.manager)
        return wizard.browse(action["res_id"])

    def open_settling(self, code):
        self.env.invalidate_all()
        wizards = self.env["customer.exit.settle"].with_user(self.manager)
        action = wizards._open_for(self.exit_case, code)
        return wizards.browse(action["res_id"])

    def test_nobody_reads_the_old_links(self):
        self.walk_away()
        deeds = self.exit_case.deed_ids.with_user(self.manager)
        with self.assertRaises(AccessError):
            deeds.read(["before"])
        self.assertNotIn(self.token, str(deeds.read()))

    def test_nobody_makes_a_deed_by_hand(self):
        with self.assertRaises(AccessError):
            self.env["customer.exit.deed"].with_user(self.manager).create(
                {
                    "exit_id": self.exit_case.id,
                    "kind": "lock_order",
                    "res_model": "sale.order",
                    "res_id": self.order.id,
                    "name": "Mine",
                }
            )

    def test_an_invoice_to_be_paid_keeps_its_link_until_it_is_paid(self):
        invoice = self.make_open_invoice()
        invoice._portal_ensure_token()
        token = invoice.access_token
        self.walk_away()
        self.assertEqual(invoice.access_token, token)
        self.assertNotIn("shared_invoices", self.get_gate(self.exit_case))
        self.pay(invoice, invoice.amount_total, self.days_ago(0))
        self.env.flush_all()
        gate = self.get_gate(self.exit_case)
        self.assertEqual(gate["shared_invoices"], invoice.ids)
        self.walk_away()
        self.assertFalse(invoice.access_token)
