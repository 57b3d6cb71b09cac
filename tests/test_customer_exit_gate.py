from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .gate_common import GateCommon


@tagged("post_install", "-at_install")
class TestCustomerExitGate(GateCommon):
    """What the gate counts: theirs and open; neither others' nor what is done."""

    def setUp(self):
        super().setUp()
        self.exit_case = self.make_exit()

    def assertOpen(self, code, inside, outside=None):
        """The check finds the one and not the other, and opens the one."""
        self.assertEqual(self.get_gate(self.exit_case).get(code), inside.ids)
        if outside:
            self.assertNotIn(outside, inside)
        line = self.exit_case.gate_line_ids.filtered(lambda line: line.code == code)
        self.assertEqual(line.count, len(inside))
        action = line.action_open()
        self.assertEqual(action["res_model"], inside._name)
        found = self.env[inside._name].with_context(active_test=False)
        self.assertEqual(found.search(action["domain"]), inside)

    def assertNotOpen(self, code):
        self.assertNotIn(code, self.get_gate(self.exit_case))

    def test_nothing_is_open_with_a_customer_who_has_nothing(self):
        self.assertFalse(self.get_gate(self.exit_case))
        self.assertFalse(self.exit_case.gate_line_ids)

    # Money

    def make_timesheet(self, task, hours=2):
        employee = self.env["hr.employee"].sudo().create({"name": "Consultant"})
        return self.env["account.analytic.line"].create(
            {
                "name": "Work",
                "project_id": task.project_id.id,
                "task_id": task.id,
                "unit_amount": hours,
                "employee_id": employee.id,
            }
        )

    def make_time_order(self, customer):
        service = self.make_service(
            "By time", "delivered_timesheet", service_tracking="task_in_project"
        )
        order = self.make_order((service, 10), partner_id=customer.id)
        return order, self.make_timesheet(order.tasks_ids)

    def test_time_is_unbilled_until_the_final_invoice(self):
        _order, sheet = self.make_time_order(self.customer)
        self.make_time_order(self.other)
        self.assertOpen("unbilled_time", sheet)
        self.assertNotOpen("delivered_uninvoiced")
        self.exit_case.action_issue_final_invoice()
        self.assertNotOpen("unbilled_time")

    def test_what_was_delivered_is_open_until_it_is_invoiced(self):
        order = self.make_order(
            (self.service_delivered, 5), (self.service_delivered, 5)
        )
        order.order_line[0].qty_delivered = 3
        self.assertOpen("delivered_uninvoiced", order.order_line[0])
        self.exit_case.action_issue_final_invoice()
        self.assertNotOpen("delivered_uninvoiced")

    def test_what_is_forgiven_is_not_delivered_and_uninvoiced(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        self.make_credit_note(self.make_invoices(order), {self.service_delivered: 2})
        self.assertOpen("delivered_uninvoiced", order.order_line)
        self.exit_case.settlement_reason = "Goodwill"
        self.exit_case.action_settle_without_invoice()
        self.assertNotOpen("delivered_uninvoiced")

    def test_draft_invoices_are_open_until_posted_or_dropped(self):
        draft = self.make_open_invoice(post=False)
        self.make_open_invoice(self.other, post=False)
        self.assertOpen("draft_invoices", draft)
        self.settle("draft_invoices").action_drop()
        self.assertEqual(draft.state, "cancel")
        self.assertNotOpen("draft_invoices")

    def test_unpaid_invoices_are_open_until_paid(self):
        unpaid = self.make_open_invoice(self.contact)
        self.make_open_invoice(self.other)
        self.assertOpen("unpaid_invoices", unpaid)
        self.pay(unpaid, 100, fields.Date.today())
        self.assertNotOpen("unpaid_invoices")

    def test_the_decision_on_what_stays_unpaid_settles_its_line(self):
        self.make_open_invoice()
        self.exit_case.write(
            {"open_amount_decision": "left_open", "open_amount_reason": "In court"}
        )
        self.assertNotOpen("unpaid_invoices")

    def test_what_we_owe_is_not_written_off(self):
        refund = self.make_open_invoice(post=False).copy({"move_type": "out_refund"})
        refund.invoice_date = fields.Date.today()
        refund.action_post()
        self.exit_case.write(
            {"open_amount_decision": "written_off", "open_amount_reason": "Too little"}
        )
        self.assertOpen("unpaid_invoices", refund)

    def test_a_down_payment_is_open_until_it_is_deducted(self):
        order = self.make_order((self.service_delivered, 5))
        self.make_down_payment(order, amount=20)
        advance = order.order_line.filtered(
            lambda line: line.is_downpayment and not line.display_type
        )
        self.assertOpen("down_payments", advance)
        order.order_line[0].qty_delivered = 5
        self.exit_case.action_issue_final_invoice()
        self.assertNotOpen("down_payments")

    # Sales

    def test_quotations_are_open_until_dropped(self):
        draft = self.make_order((self.service_ordered, 1), confirm=False)
        confirmed = self.make_order((self.service_ordered, 1))
        self.make_order(
            (self.service_ordered, 1), confirm=False, partner_id=self.other.id
        )
        self.assertOpen("quotations", draft, confirmed)
        self.settle("quotations").action_drop()
        self.assertEqual(draft.state, "cancel")
        self.assertNotOpen("quotations")

    def test_leads_are_open_until_won_or_lost(self):
        lead = self.make_lead(self.contact)
        self.make_lead(self.other)
        self.make_lead().action_set_lost()
        self.make_lead().action_set_won()
        self.assertOpen("leads", lead)
        self.settle("leads").action_drop()
        self.assertEqual(lead.won_status, "lost")
        self.assertEqual(lead.lost_reason_id.name, "Relationship ended")

    # Work

    def test_tasks_of_their_projects_and_of_themselves_are_open(self):
        own = self.make_task(self.make_project())
        own.partner_id = False
        abroad = self.make_task(self.make_project(self.other))
        abroad.partner_id = self.contact
        self.make_task(self.make_project(self.other))
        self.make_task(own.project_id, state="1_done")
        self.assertOpen("tasks", own | abroad)

    def test_milestones_are_open_until_reached(self):
        project = self.make_project()
        milestone, _reached = self.env["project.milestone"].create(
            [
                {"name": name, "project_id": project.id, "is_reached": is_reached}
                for name, is_reached in (("Pilot", False), ("Start", True))
            ]
        )
        self.assertOpen("milestones", milestone)
        self.settle("milestones").action_finish()
        self.assertTrue(milestone.is_reached)

    def make_milestones(self):
        """Two milestones of a fixed price, sold half and half, and their order."""
        service = self.make_service(
            "Fixed price",
            "delivered_milestones",
            service_tracking="task_in_project",
        )
        order = self.make_order((service, 2))
        # Odoo makes one of the whole line
        order.project_ids.milestone_ids.unlink()
        milestones = self.env["project.milestone"].create(
            [
                {
                    "name": name,
                    "project_id": order.project_ids.id,
                    "sale_line_id": order.order_line.id,
                    "quantity_percentage": 0.5,
                }
                for name in ("Pilot", "Rollout")
            ]
        )
        order.tasks_ids.state = "1_done"
        return order, milestones

    def test_milestones_that_are_finished_are_billed_and_dropped_ones_are_not(self):
        order, milestones = self.make_milestones()
        wizard = self.settle("milestones", reason="Nobody needs it any more")
        wizard.line_ids[1].is_chosen = False
        wizard.action_finish()
        self.assertEqual(milestones.mapped("is_reached"), [True, False])
        self.settle("milestones", reason="Nobody needs it any more").action_drop()
        self.assertNotOpen("milestones")
        self.assertFalse(milestones[1].is_reached)
        self.exit_case.action_issue_final_invoice()
        self.assertEqual(self.exit_case.invoice_ids.amount_untaxed, 100)
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(
            set(self.exit_case.waiver_ids.mapped("decision")), {"finished", "dropped"}
        )
        self.exit_case.action_walk_away()
        self.assertFalse(order.project_ids.filtered("active"))

    def test_a_milestone_is_dropped_with_a_reason_by_who_may_change_it(self):
        _order, milestones = self.make_milestones()
        with self.assertRaisesRegex(UserError, "say why"):
            self.settle("milestones", reason=" ").action_drop()
        with self.assertRaises(AccessError):
            self.settle("milestones", self.salesperson, reason="Not mine").action_drop()
        self.assertOpen("milestones", milestones)
        self.settle("milestones", reason="Not needed").action_drop()
        self.assertNotOpen("milestones")
        waivers = self.exit_case.waiver_ids
        self.assertTrue(all(waivers.mapped("is_exempting")))
        waivers.action_take_back()
        self.assertOpen("milestones", milestones)

    def test_milestones_are_handed_over_with_their_open_tasks(self):
        order, milestones = self.make_milestones()
        task = self.make_task(order.project_ids, milestone_id=milestones[0].id)
        with self.assertRaisesRegex(UserError, "say to whom"):
            self.settle("milestones").action_hand_over()
        self.settle("milestones", user_id=self.manager).action_hand_over()
        self.assertNotOpen("milestones")
        self.assertEqual(task.user_ids, self.manager)
        activities = order.project_ids.activity_ids
        self.assertEqual(activities.user_id, self.manager)
        self.assertEqual(
            set(activities.mapped("summary")),
            {"Milestone: Pilot", "Milestone: Rollout"},
        )

    def test_meetings_still_to_come_are_open(self):
        meeting = self.make_meeting(self.contact | self.salesperson.partner_id)
        self.make_meeting(self.contact, days=-3)
        self.make_meeting(self.salesperson.partner_id)
        self.assertOpen("meetings", meeting)

    # Access

    def test_portal_users_are_open_until_revoked(self):
        user = self.make_portal_user(self.contact)
        self.make_portal_user(self.make_contact(self.other), "others_user")
        self.assertOpen("portal_users", user)
        self.settle("portal_users").action_drop()
        self.assertFalse(user.active)
        self.assertFalse(user._is_portal())

    def test_documents_with_a_link_are_open_until_it_is_revoked(self):
        order = self.make_order((self.service_ordered, 1))
        project = self.make_project()
        task = self.make_task(project, state="1_done")
        invoice = self.make_open_invoice()
        others = self.make_order((self.service_ordered, 1), partner_id=self.other.id)
        for document in (order, project, task, invoice, others):
            document._portal_ensure_token()
        self.assertOpen("shared_orders", order)
        self.assertOpen("shared_projects", project)
        self.assertOpen("shared_tasks", task)
        self.settle("shared_orders").action_drop()
        self.assertFalse(order.access_token)
        self.assertTrue(others.access_token)

    def test_what_is_still_to_be_paid_may_be_seen_by_link(self):
        invoice = self.make_open_invoice()
        invoice._portal_ensure_token()
        self.assertNotOpen("shared_invoices")
        self.pay(invoice, 100, fields.Date.today())
        self.assertOpen("shared_invoices", invoice)

    def test_collaborators_and_subscriptions_are_open(self):
        project = self.make_project(self.other, privacy_visibility="portal")
        project._add_collaborators(self.contact)
        collaborator = project.collaborator_ids
        self.assertOpen("collaborators", collaborator)
        self.settle("collaborators").action_drop()
        self.assertFalse(collaborator.exists())
        order = self.make_order((self.service_ordered, 1))
        order.message_subscribe((self.contact | self.other).ids)
        rows = self.env["mail.followers"].search(
            [("partner_id", "=", self.contact.id), ("res_id", "=", order.id)]
        )
        self.assertIn(rows.id, self.get_gate(self.exit_case)["followers"])
        self.settle("followers").action_drop()
        self.assertNotIn(self.contact, order.message_partner_ids)
        self.assertIn(self.other, order.message_partner_ids)

    # Whose

    def test_what_is_of_another_company_is_not_counted(self):
        other = self.setup_other_company()["company"]
        task = self.make_task(self.make_project(company_id=other.id))
        order = (
            self.env["sale.order"]
            .with_company(other)
            .create({"partner_id": self.customer.id, "company_id": other.id})
        )
        order.message_subscribe(self.contact.ids)
        self.make_lead(company_id=other.id)
        self.assertEqual(task.company_id, other)
        self.assertFalse(self.get_gate(self.exit_case))

    def test_the_gate_of_a_colleague_of_another_company_is_not_read(self):
        other = self.setup_other_company()["company"]
        stranger = self.make_user("stranger", "base.group_user")
        stranger.write(
            {
                "company_ids": [Command.set(other.ids)],
                "company_id": other.id,
                "group_ids": [Command.link(self.env.ref(self.get_manager_group()).id)],
            }
        )
        self.make_lead()
        lines = self.env["customer.exit.gate.line"].with_user(stranger)
        self.assertFalse(lines.search([("exit_id", "=", self.exit_case.id)]))
        with self.assertRaises(AccessError):
            self.exit_case.with_user(stranger).action_view_wrap_up_list()

    def get_manager_group(self):
        return "toxic_customer_exit.group_toxicity_manager"

    def test_who_is_outside_sees_no_gate(self):
        lines = self.env["customer.exit.gate.line"].with_user(self.outsider)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            lines.search([])

    def test_many_exits_cost_as_many_queries_as_one(self):
        exits = self.exit_case
        self.make_lead()
        for number in range(5):
            customer = self.make_customer(name=f"Customer {number}")
            self.make_lead(customer)
            exits |= self.make_exit(customer)
        self.env.flush_all()
        costs = []
        for some in (exits, self.exit_case, exits):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            gate = some._get_gate()
            costs.append(self.env.cr.sql_log_count - before)
            self.assertTrue(all(gate.values()))
        self.assertEqual(*costs[1:])

    # Settling

    def settle(self, code, user=None, **values):
        """The settling dialog of that line, as it opens for the user."""
        exit_case = self.exit_case.with_user(user or self.manager)
        exit_case.invalidate_recordset()
        line = exit_case.gate_line_ids.filtered(lambda line: line.code == code)
        wizard = self.env["customer.exit.settle"].with_user(user or self.manager)
        wizard = wizard.browse(line.action_settle()["res_id"])
        with Form(wizard) as form:
            for name, value in values.items():
                setattr(form, name, value)
        return wizard

    def test_a_task_is_handed_over_and_no_longer_counts(self):
        task = self.make_task(self.make_project())
        self.settle("tasks", user_id=self.salesperson).action_hand_over()
        self.assertEqual(task.user_ids, self.salesperson)
        self.assertNotOpen("tasks")
        self.assertRecordValues(
            self.exit_case.waiver_ids,
            [
                {
                    "decision": "handed_over",
                    "res_id": task.id,
                    "to_user_id": self.salesperson.id,
                    "user_id": self.manager.id,
                    "name": "A task",
                }
            ],
        )

    def test_handing_over_needs_somebody(self):
        self.make_task(self.make_project())
        with self.assertRaisesRegex(UserError, "to whom"):
            self.settle("tasks").action_hand_over()

    def test_a_dropped_task_that_is_reopened_counts_again(self):
        task = self.make_task(self.make_project())
        self.settle("tasks").action_drop()
        self.assertEqual(task.state, "1_canceled")
        self.assertNotOpen("tasks")
        task.state = "01_in_progress"
        self.assertOpen("tasks", task)

    def test_only_the_chosen_ones_are_settled(self):
        project = self.make_project()
        first, second = self.make_task(project), self.make_task(project)
        wizard = self.settle("tasks")
        wizard.line_ids.filtered(lambda line: line.res_id == first.id).is_chosen = False
        wizard.action_finish()
        self.assertEqual(second.state, "1_done")
        self.assertOpen("tasks", first)

    def test_from_the_wrap_up_list_several_tasks_are_settled_at_once(self):
        project = self.make_project()
        tasks = self.make_task(project) | self.make_task(project)
        action = self.exit_case.action_view_wrap_up_list()
        listed = self.env["project.task"].with_user(self.manager)
        listed = listed.with_context(**action["context"]).search(action["domain"])
        self.assertEqual(listed, tasks)
        listed.action_wrap_up_drop()
        self.assertEqual(tasks.mapped("state"), ["1_canceled", "1_canceled"])

    def test_the_wrap_up_list_settles_no_task_of_another_customer(self):
        self.make_task(self.make_project())
        others = self.make_task(self.make_project(self.other))
        listed = others.with_user(self.manager).with_context(exit_id=self.exit_case.id)
        listed.action_wrap_up_finish()
        self.assertEqual(others.state, "01_in_progress")

    def test_without_the_exit_of_its_list_no_task_is_settled(self):
        task = self.make_task(self.make_project()).with_user(self.manager)
        for exit_id in (None, 0, self.exit_case.id + 99, "1", [1], 2**40):
            with (
                self.subTest(exit_id=exit_id),
                self.assertRaisesRegex(UserError, "from the exit of the customer"),
            ):
                task.with_context(exit_id=exit_id).action_wrap_up_finish()
        self.make_lead()
        for line in self.exit_case.gate_line_ids:
            context = line.action_open()["context"]
            self.assertEqual("exit_id" in context, line.code == "tasks", line.code)

    def test_who_is_outside_settles_no_task(self):
        task = self.make_task(self.make_project()).with_user(self.outsider)
        with self.assertRaises(AccessError):
            task.with_context(exit_id=self.exit_case.id).action_wrap_up_finish()

    def test_what_cannot_be_finished_is_refused(self):
        self.make_open_invoice()
        with self.assertRaisesRegex(UserError, "waive them"):
            self.settle("unpaid_invoices").action_finish()

    def test_a_user_without_rights_on_the_lead_does_not_drop_it(self):
        self.make_lead()
        colleague = self.make_user("colleague", "base.group_user")
        colleague.group_ids += self.env.ref("toxic_customer_exit.group_toxicity_user")
        self.assertFalse(colleague.has_group("sales_team.group_sale_salesman"))
        with self.assertRaises(AccessError):
            self.settle("leads", colleague).action_drop()

    def test_only_a_manager_ends_their_access(self):
        user = self.make_portal_user(self.contact)
        with self.assertRaisesRegex(UserError, "manager"):
            self.settle("portal_users", self.salesperson).action_drop()
        self.assertTrue(user.active)

    # Waiving

    def test_a_manager_waives_with_a_reason_until_it_is_taken_back(self):
        lead = self.make_lead()
        self.settle("leads", reason="Their sister asks for it").action_waive()
        self.assertNotOpen("leads")
        self.exit_case.waiver_ids.action_take_back()
        self.assertOpen("leads", lead)

    def test_a_waived_record_does_not_waive_the_next_one(self):
        self.make_lead()
        self.settle("leads", reason="Their sister asks for it").action_waive()
        self.assertOpen("leads", self.make_lead())

    def test_a_whole_line_is_waived_with_what_comes_later(self):
        self.make_lead()
        self.settle("leads", reason="Sold elsewhere", is_whole_line=True).action_waive()
        self.make_lead()
        self.assertNotOpen("leads")

    def test_waiving_needs_a_reason(self):
        self.make_lead()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.settle("leads", reason="  ").action_waive()

    def test_a_user_waives_nothing(self):
        self.make_lead()
        wizard = self.settle("leads", self.salesperson, reason="Please")
        with self.assertRaisesRegex(UserError, "Only a manager"):
            wizard.action_waive()
        with self.assertRaises(AccessError):
            self.env["customer.exit.waiver"].with_user(self.salesperson).create(
                {
                    "exit_id": self.exit_case.id,
                    "code": "leads",
                    "res_id": 0,
                    "reason": "Please",
                }
            )

    def test_a_waiver_is_in_the_name_of_who_waives(self):
        waiver = self.env["customer.exit.waiver"].with_user(self.manager)
        waiver = waiver.create(
            {
                "exit_id": self.exit_case.id,
                "code": "leads",
                "res_id": 0,
                "reason": "Sold elsewhere",
                "decision": "finished",
                "user_id": self.salesperson.id,
            }
        )
        self.assertRecordValues(
            waiver, [{"decision": "waived", "user_id": self.manager.id}]
        )

    def test_a_waiver_says_what_it_waives(self):
        self.make_lead()
        waivers = self.env["customer.exit.waiver"].with_user(self.manager)
        waivers = waivers.with_context(default_res_id=0)
        vals = {"exit_id": self.exit_case.id, "code": "leads", "reason": "So"}
        for nothing in ({}, {"res_id": False}, {"res_id": None}):
            with self.assertRaisesRegex(UserError, "Say what is waived"):
                waivers.create({**vals, **nothing})
        self.assertIn("leads", self.get_gate(self.exit_case))
        waivers.create({**vals, "res_id": 0})
        self.assertNotOpen("leads")

    def test_before_the_approval_nothing_is_waived(self):
        draft = self.make_exit(self.other, state="draft").with_user(self.manager)
        with self.assertRaisesRegex(UserError, "gate opens"):
            self.env["customer.exit.waiver"].with_user(self.manager).create(
                {
                    "exit_id": draft.id,
                    "code": "leads",
                    "res_id": 0,
                    "reason": "Why not",
                }
            )

    # Closing

    def test_the_exit_closes_when_the_gate_is_empty(self):
        self.make_lead()
        self.exit_case.settlement_reason = "Never began"
        self.exit_case.action_settle_without_invoice()
        obstacles = self.exit_case._get_closing_obstacles()
        self.assertEqual(list(obstacles), ["leads"])
        self.exit_case.invalidate_recordset()
        self.assertIn("Another order", self.exit_case.obstacles)
        with self.assertRaisesRegex(UserError, "Another order"):
            self.exit_case.action_close()
        self.settle("leads").action_drop()
        self.exit_case.action_close()
        self.assertEqual(self.exit_case.state, "closed")

    def test_what_is_unpaid_stands_in_the_way_once_and_can_be_waived(self):
        invoice = self.make_open_invoice()
        self.exit_case.settlement_reason = "Never began"
        self.exit_case.action_settle_without_invoice()
        obstacles = self.exit_case._get_closing_obstacles()
        self.assertEqual(list(obstacles), ["unpaid_invoices"])
        self.assertIn(invoice.name, obstacles["unpaid_invoices"])
        self.settle("unpaid_invoices", reason="Paid by their bank").action_waive()
        self.exit_case.action_close()
        self.assertEqual(self.exit_case.state, "closed")

    def test_after_closing_a_waiver_stays(self):
        self.make_lead()
        self.settle("leads", reason="Sold elsewhere").action_waive()
        self.exit_case.settlement_reason = "Never began"
        self.exit_case.action_settle_without_invoice()
        self.exit_case.action_close()
        with self.assertRaisesRegex(UserError, "stays on record"):
            self.exit_case.waiver_ids.action_take_back()

    def test_the_sentence_names_nothing_the_manager_may_not_read(self):
        meeting = self.make_meeting(self.contact | self.salesperson.partner_id)
        meeting.write({"privacy": "private", "user_id": self.salesperson.id})
        sentences = self.exit_case._get_gate_obstacles()
        self.assertNotIn("A meeting", sentences["meetings"])

    def test_another_module_adds_a_check(self):
        get_checks = type(self.exit_case)._get_work_checks

        def with_mine(exit_case):
            checks = get_checks(exit_case)
            return [*checks, checks[0]._replace(code="mine", label="Mine", ways={})]

        self.patch(self.registry["customer.exit"], "_get_work_checks", with_mine)
        self.make_task(self.make_project())
        codes = self.exit_case.gate_line_ids.mapped("code")
        self.assertEqual(codes[:2], ["tasks", "mine"])
