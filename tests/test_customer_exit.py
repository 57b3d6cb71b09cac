from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import DECISION, ToxicityCommon


@tagged("post_install", "-at_install")
class TestCustomerExit(ToxicityCommon):
    def test_an_exit_goes_from_draft_to_closed(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        exit_case = self.make_exit(state="draft")
        self.assertEqual(exit_case.user_id, self.salesperson)
        self.assertIn(str(exit_case.date_opened.year), exit_case.name)
        self.assertEqual(exit_case.still_to_bill, 500)
        managed = exit_case.with_user(self.manager)
        managed.write({**DECISION, "notice_days": 0})
        managed.action_approve()
        self.assertEqual(exit_case.approver_id, self.manager)
        managed.action_start_wrap_up()
        managed.action_issue_final_invoice()
        self.assertEqual(exit_case.open_receivable, 500)
        self.assertEqual(exit_case.still_to_bill, 0)
        managed.sudo().date_closing_letter = managed.date_opened
        self.pay(managed.invoice_ids)
        managed.invalidate_recordset()
        managed.action_close()
        self.assertRecordValues(managed, [{"state": "closed", "open_receivable": 0}])

    def pay(self, invoice):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()

    # One open exit

    def test_a_second_open_exit_is_refused_and_the_first_named(self):
        first = self.make_exit(state="draft")
        contact = self.make_customer(
            name="Boss", is_company=False, parent_id=self.customer.id
        )
        with self.assertRaisesRegex(ValidationError, first.name):
            self.make_exit(contact, state="draft")

    def test_who_may_open_none_is_not_told_that_there_is_one(self):
        sister = self.env["res.company"].create({"name": "Sister"})
        values = {"partner_id": self.customer.id}
        of_sister = {**values, "company_id": sister.id}
        exits = self.env["customer.exit"]
        exits.create([values, of_sister])
        for user, vals in ((self.outsider, values), (self.manager, of_sister)):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                exits.with_user(user).create(vals)

    def test_the_database_refuses_what_the_check_cannot_see(self):
        first = self.make_exit(state="draft")
        other = self.make_exit(self.make_customer(name="Other"), state="draft")
        self.env.flush_all()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env.cr.execute(
                "UPDATE customer_exit SET commercial_partner_id = %s WHERE id = %s",
                (first.commercial_partner_id.id, other.id),
            )

    def test_after_a_cancelled_exit_another_one_may_be_opened(self):
        self.make_exit(state="draft").action_cancel()
        self.assertEqual(self.make_exit(state="draft").state, "draft")

    def test_the_own_company_is_no_customer(self):
        with self.assertRaisesRegex(ValidationError, "own companies"):
            self.make_exit(self.company.partner_id, state="draft")

    def test_a_customer_with_an_exit_is_kept_and_nobody_told_why(self):
        self.make_exit(state="draft")
        manager = self.outsider
        manager.group_ids += self.env.ref("base.group_partner_manager")
        with self.assertRaises(UserError) as refusal:
            self.customer.with_user(manager).unlink()
        sentence = str(refusal.exception)
        self.assertIn("archive it", sentence)
        self.assertNotRegex(sentence, "(?i)exit|toxic")
        other = self.make_customer(name="Nobody's")
        other.with_user(manager).unlink()
        self.assertFalse(other.exists())

    # Approval

    def test_the_requester_does_not_approve(self):
        managed = self.make_exit(state="draft").with_user(self.manager)
        managed.user_id = self.manager
        managed.write(DECISION)
        self.assert_refused(managed, "requester")

    def test_a_company_of_one_person_may_allow_it(self):
        self.company.exit_self_approval = True
        exit_case = self.env["customer.exit"].with_user(self.manager)
        exit_case = exit_case.create({"partner_id": self.customer.id})
        exit_case.write(DECISION)
        exit_case.action_approve()
        self.assertEqual(exit_case.state, "approved")

    def test_approval_needs_reason_and_ethics_check(self):
        managed = self.make_exit(state="draft").with_user(self.manager)
        self.assert_refused(managed, "no_reason", "no_ethics_check", "few_options")

    def test_a_user_does_not_approve(self):
        exit_case = self.make_exit(state="draft")
        self.assert_refused(exit_case, "not_manager")

    def assert_refused(self, exit_case, *codes):
        """The form shows the obstacles, the button refuses with the same ones."""
        obstacles = exit_case._get_approval_obstacles()
        with self.assertRaises(UserError) as caught:
            exit_case.action_approve()
        for code in codes:
            self.assertIn(obstacles[code], str(caught.exception))
            self.assertIn(obstacles[code], exit_case.obstacles)
        self.assertEqual(exit_case.state, "draft")

    # Wrapping up

    def test_a_user_does_not_start_the_wrap_up(self):
        exit_case = self.make_exit(state="approved").with_user(self.salesperson)
        self.assertIn("not_manager", exit_case._get_wrap_up_obstacles())
        with self.assertRaises(UserError):
            exit_case.action_start_wrap_up()
        self.assertEqual(exit_case.state, "approved")

    def test_only_what_is_approved_is_wrapped_up(self):
        exit_case = self.make_exit(state="draft").with_user(self.manager)
        with self.assertRaisesRegex(UserError, "an approved exit is wrapped up"):
            exit_case.action_start_wrap_up()

    # Closing

    def test_an_unpaid_invoice_keeps_the_exit_open_until_decided(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        exit_case = self.make_exit()
        exit_case.action_issue_final_invoice()
        with self.assertRaisesRegex(UserError, exit_case.invoice_ids.name):
            exit_case.action_close()
        exit_case.open_amount_decision = "left_open"
        with self.assertRaisesRegex(UserError, "reason"):
            exit_case.action_close()
        exit_case.open_amount_reason = "In court"
        exit_case.action_close()
        self.assertEqual(exit_case.state, "closed")

    def test_nothing_to_bill_is_settled_by_an_explicit_reason(self):
        order = self.make_order((self.service_ordered, 5))
        exit_case = self.make_exit()
        with self.assertRaisesRegex(UserError, "reason"):
            exit_case.action_settle_without_invoice()
        exit_case.settlement_reason = "Never began"
        exit_case.action_settle_without_invoice()
        self.assertEqual(exit_case.state, "invoiced")
        self.assertEqual(order.order_line.qty_to_invoice, 0)
        exit_case.action_close()
        self.assertEqual(exit_case.state, "closed")

    def test_something_to_bill_is_not_settled_without_invoice(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        exit_case = self.make_exit()
        exit_case.settlement_reason = "Too lazy"
        with self.assertRaisesRegex(UserError, "issue the final invoice"):
            exit_case.action_settle_without_invoice()
        self.assertEqual(exit_case.state, "wrap_up")

    # Rights

    def test_nobody_writes_the_state_directly(self):
        exit_case = self.make_exit(state="draft")
        for user in (self.salesperson, self.manager):
            for values in (
                {"state": "approved"},
                {"approver_id": user.id},
                {"commercial_partner_id": self.company.partner_id.id},
            ):
                with self.assertRaises(UserError):
                    exit_case.with_user(user).write(values)
        self.assertEqual(exit_case.state, "draft")

    def test_nobody_creates_an_approved_exit(self):
        exits = self.env["customer.exit"].with_user(self.manager)
        with self.assertRaises(UserError):
            exits.create({"partner_id": self.customer.id, "state": "approved"})
        sneaked = exits.with_context(default_state="approved").create(
            {"partner_id": self.customer.id}
        )
        self.assertEqual(sneaked.state, "draft")

    def test_a_user_does_not_write_the_decision(self):
        exit_case = self.make_exit(state="draft")
        with self.assertRaises(UserError):
            exit_case.write({"ethics_checked": True})
        exit_case.write({"reasons": "<p>Late on 3 May</p>"})
        self.assertIn("Late", exit_case.reasons)

    def test_a_decision_that_was_acted_on_is_neither_cleared_nor_changed(self):
        exit_case = self.make_exit(state="approved")
        for vals in (
            {"approval_reason": False},
            {"approval_reason": "Another one"},
            {"ethics_checked": False},
            {"few_options_reason": ""},
        ):
            with self.assertRaisesRegex(UserError, "stays on record"):
                exit_case.write(vals)
        exit_case.write({"approval_reason": "Enough", "ethics_checked": True})
        closed = self.close_exit(self.make_exit(self.make_customer(name="Other")))
        for name in ("open_amount_decision", "open_amount_reason", "settlement_reason"):
            with self.assertRaisesRegex(UserError, "stays on record"):
                closed[name] = False
        closed.readmission_reason = "New people"
        closed.action_readmit()
        with self.assertRaisesRegex(UserError, "stays on record"):
            closed.readmission_reason = False

    def test_a_user_does_not_clear_a_decision(self):
        exit_case = self.make_exit(state="draft")
        exit_case.with_user(self.manager).few_options_reason = "They move away"
        with self.assertRaisesRegex(UserError, "written by a manager"):
            exit_case.few_options_reason = False
        exit_case.write({"few_options_reason": "They move away"})
        self.assertEqual(exit_case.few_options_reason, "They move away")

    def test_when_a_customer_was_retained_is_noted_by_the_step(self):
        exit_case = self.make_exit(state="draft")
        with self.assertRaisesRegex(UserError, "use the buttons"):
            exit_case.date_retained = exit_case.date_opened
        exits = self.env["customer.exit"].with_user(self.manager)
        with self.assertRaisesRegex(UserError, "use the buttons"):
            exits.create(
                {
                    "partner_id": self.make_customer(name="Other").id,
                    "date_retained": exit_case.date_opened,
                }
            )

    def test_the_numbering_tells_colleagues_outside_nothing(self):
        exit_case = self.make_exit(state="draft")
        sequences = self.env["ir.sequence"]
        ours = [("code", "=", "customer.exit")]
        admin = self.make_user("admin_outside", "base.group_system")
        admin.group_ids -= self.env.ref("toxic_customer_exit.group_toxicity_manager")
        for user in (self.outsider, admin):
            self.assertFalse(sequences.with_user(user).search(ours))
            with self.assertRaises(AccessError):
                number = self.env.ref("toxic_customer_exit.customer_exit_sequence")
                number.with_user(user).read(["number_next_actual"])
            self.assertTrue(sequences.with_user(user).search([], limit=1))
        self.assertTrue(sequences.with_user(self.salesperson).search(ours))
        self.assertTrue(exit_case.name)

    def test_a_user_writes_own_drafts_only(self):
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        exit_case = self.make_exit(state="draft")
        self.assertTrue(exit_case.with_user(colleague).name)
        with self.assertRaises(AccessError):
            exit_case.with_user(colleague).write({"desired_outcome": "None"})
        exit_case.with_user(self.manager).write(DECISION)
        exit_case.with_user(self.manager).action_approve()
        with self.assertRaises(AccessError):
            exit_case.with_user(self.salesperson).write({"desired_outcome": "None"})

    def test_someone_who_only_delivers_can_open_the_form(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        consultant = self.make_user("consultant", "project.group_project_user")
        exit_case = self.make_exit().with_user(consultant)
        with Form(exit_case) as form:
            self.assertEqual(form.still_to_bill, 500)
            self.assertIn(self.manager.name, form.obstacles)
        exit_case.sudo().with_user(self.manager).action_issue_final_invoice()
        self.env.invalidate_all()
        with Form(exit_case) as form:
            self.assertEqual(form.open_receivable, 500)

    def test_outsiders_see_nothing(self):
        exit_case = self.make_exit(state="draft")
        with self.assertRaises(AccessError):
            exit_case.with_user(self.outsider).read(["name"])

    def test_another_company_sees_nothing(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        exit_case = self.make_exit(state="draft")
        stranger = self.make_user("stranger", "sales_team.group_sale_manager")
        stranger.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        with self.assertRaises(AccessError):
            exit_case.with_user(stranger).read(["name"])

    def test_a_decided_exit_keeps_its_customer(self):
        exit_case = self.make_exit()
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            exit_case.partner_id = self.make_customer(name="Other")

    def test_a_decided_exit_is_not_deleted(self):
        with self.assertRaisesRegex(UserError, "stays on record"):
            self.make_exit().unlink()

    # Chatter

    def test_the_customer_is_never_told(self):
        self.customer.email = "boss@difficult.example"
        exit_case = self.make_exit(state="draft")
        exit_case.message_subscribe(self.customer.ids)
        self.assertNotIn(self.customer, exit_case.message_partner_ids)
        with self.assertRaisesRegex(UserError, "users of Customer Exit only"):
            exit_case.message_post(
                body="They shouted",
                partner_ids=self.customer.ids,
                subtype_xmlid="mail.mt_comment",
            )
