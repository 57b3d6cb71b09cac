from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestScopeChange(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.make_order((cls.service_ordered, 10))
        cls.order.user_id = cls.salesperson

    def make_change(self, **values):
        """A change written down by hand, by the salesperson."""
        if not {"partner_id", "order_id", "project_id"} & set(values):
            values["partner_id"] = self.customer.id
        return (
            self.env["scope.change"]
            .with_user(self.salesperson)
            .create(
                {
                    "description": "Two more reports",
                    "hours": 8,
                    "amount": 800,
                    **values,
                }
            )
        )

    def make_detected(self, **terms):
        self.order.order_line.with_user(self.salesperson).write(
            terms or {"product_uom_qty": 14, "price_unit": 100, "discount": 0}
        )
        return self.order.with_user(self.salesperson).scope_change_ids

    def make_amendment(self, confirm):
        amendment = self.make_order((self.service_ordered, 8), confirm=confirm)
        return amendment.with_user(self.salesperson)

    def assert_refused(self, change, action, state):
        """The button refuses with the sentences that the form shows."""
        obstacles = change._get_obstacles(state)
        self.assertTrue(obstacles)
        with self.assertRaises(UserError) as refusal:
            action()
        self.assertEqual(refusal.exception.args[0], "\n".join(obstacles.values()))
        self.assertNotEqual(change.state, state)
        return obstacles

    def test_the_banner_says_what_the_buttons_refuse(self):
        change = self.make_change(kind="objective", amount=0)
        for state, banner, action in (
            ("agreed", change.agreement_obstacles, change.action_agree),
            ("absorbed", change.absorption_obstacles, change.action_absorb),
        ):
            obstacles = self.assert_refused(change, action, state)
            self.assertEqual(banner, "\n".join(obstacles.values()))

    def test_a_detected_change_belongs_to_the_salesperson(self):
        self.assertEqual(self.make_detected().user_id, self.salesperson)

    def test_written_down_by_hand_it_takes_customer_company_and_currency(self):
        contact = self.make_customer(
            name="Contact", is_company=False, parent_id=self.customer.id
        )
        self.order.partner_id = contact
        change = self.make_change(order_id=self.order.id)
        self.assertRecordValues(
            change,
            [
                {
                    "partner_id": contact.id,
                    "commercial_partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "currency_id": self.order.currency_id.id,
                    "gift_amount": 800.0,
                    "user_id": self.salesperson.id,
                }
            ],
        )

    def test_a_project_gives_its_customer(self):
        project = self.env["project.project"].create(
            {"name": "Reports", "partner_id": self.customer.id}
        )
        change = self.make_change(project_id=project.id)
        self.assertEqual(change.partner_id, self.customer)
        self.assertEqual(project.scope_change_count, 1)

    def test_the_form_fills_in_the_customer_of_the_order(self):
        form = Form(self.env["scope.change"].with_user(self.salesperson))
        form.order_id = self.order
        form.hours = 3
        form.amount = 300
        change = form.save()
        self.assertRecordValues(
            change,
            [{"partner_id": self.customer.id, "amount": 300.0, "gift_amount": 300.0}],
        )
        self.assertIn(self.order.name, change.display_name)

    def test_a_change_of_an_order_one_cannot_read_can_be_worked_with(self):
        consultant = self.make_user("consultant", "sales_team.group_sale_salesman")
        self.assertFalse(self.order.with_user(consultant).has_access("read"))
        project = self.env["project.project"].create(
            {
                "name": "Advice",
                "partner_id": self.customer.id,
                "allow_billable": True,
                "sale_line_id": self.order.order_line.id,
            }
        )
        action = project.with_user(consultant).action_view_scope_changes()
        model = self.env["scope.change"].with_user(consultant)
        with Form(model.with_context(**action["context"])) as form:
            form.hours = 5
            form.amount = 500
        change = form.record
        self.assertRecordValues(
            change, [{"order_id": self.order.id, "project_id": project.id}]
        )
        change.invalidate_recordset()
        self.assertIn(self.order.name, change.display_name)
        self.assertIn("not signed", change.agreement_obstacles)
        change.reason = "Goodwill"
        change.action_absorb()
        detected = (self.make_detected() - change).with_user(consultant)
        detected.invalidate_recordset()
        self.assertIn("Ordered advice", detected.summary)
        detected.action_agree()

    def test_about_nobody_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "choose a customer"):
            self.make_change(partner_id=False)

    def test_an_order_of_another_customer_is_refused(self):
        other = self.make_customer(name="Other")
        with self.assertRaisesRegex(ValidationError, "Other"):
            self.make_change(partner_id=other.id, order_id=self.order.id)

    def test_an_order_of_another_company_is_refused(self):
        company = self.env["res.company"].sudo().create({"name": "Sister"})
        with self.assertRaises(UserError):
            self.env["scope.change"].sudo().create(
                {"order_id": self.order.id, "company_id": company.id}
            )

    def test_an_order_cannot_amend_itself(self):
        change = self.make_change(order_id=self.order.id)
        with self.assertRaisesRegex(ValidationError, "cannot amend itself"):
            change.amendment_id = self.order

    def test_a_customer_with_a_change_cannot_be_deleted(self):
        customer = self.make_customer(name="Evidence")
        self.make_change(partner_id=customer.id)
        with self.assertRaisesRegex(UserError, "archive it"):
            customer.unlink()

    def test_nothing_is_agreed_without_money_or_signature(self):
        change = self.make_change(order_id=self.order.id)
        obstacles = self.assert_refused(change, change.action_agree, "agreed")
        self.assertEqual(list(obstacles), ["unpaid"])

    def test_a_quotation_is_no_signature_but_its_confirmation_is(self):
        amendment = self.make_amendment(confirm=False)
        change = self.make_change(amendment_id=amendment.id)
        self.assert_refused(change, change.action_agree, "agreed")
        amendment.action_confirm()
        change.action_agree()
        self.assertRecordValues(
            change, [{"state": "agreed", "decided_by_id": self.salesperson.id}]
        )
        self.assertTrue(change.date_decided)

    def test_a_line_that_bills_the_extra_is_agreed(self):
        change = self.make_detected()
        self.assertFalse(change._get_agreement_obstacles())
        change.action_agree()
        self.assertEqual(change.state, "agreed")

    def test_a_discount_is_not_agreed_by_itself(self):
        change = self.make_detected(discount=20)
        self.assert_refused(change, change.action_agree, "agreed")

    def test_an_extra_at_price_zero_is_not_agreed_by_itself(self):
        self.order.write(
            {
                "order_line": [
                    Command.create(
                        self._prepare_order_line_vals(self.service_ordered, 5, 0.0)
                    ),
                    Command.update(
                        self.order.order_line.id,
                        {"product_uom_qty": 30, "price_unit": 100},
                    ),
                ]
            }
        )
        change = self.order.with_user(self.salesperson).scope_change_ids
        self.assert_refused(change, change.action_agree, "agreed")

    def test_a_gift_needs_a_reason_and_a_value(self):
        change = self.make_change(amount=0)
        obstacles = self.assert_refused(change, change.action_absorb, "absorbed")
        self.assertEqual(set(obstacles), {"no_reason", "no_value"})
        change.write({"reason": "  ", "gift_amount": 640})
        obstacles = self.assert_refused(change, change.action_absorb, "absorbed")
        self.assertEqual(set(obstacles), {"no_reason"})
        change.reason = "First year of a long contract"
        change.action_absorb()
        self.assertRecordValues(change, [{"state": "absorbed", "gift_amount": 640.0}])

    def test_an_objective_needs_a_conversation(self):
        change = self.make_change(kind="objective", reason="Shown on Monday")
        for state, action in (
            ("agreed", change.action_agree),
            ("absorbed", change.action_absorb),
            ("declined", change.action_decline),
        ):
            with self.subTest(state=state):
                obstacles = self.assert_refused(change, action, state)
                self.assertIn("no_conversation", obstacles)
        change.conversation = "Called Ms Brown on Monday: the goal is now churn"
        change.action_absorb()
        self.assertEqual(change.state, "absorbed")

    def test_what_is_decided_stays_until_it_is_reset(self):
        change = self.make_change()
        change.action_negotiate()
        change.action_decline()
        for action in (change.action_withdraw, change.action_negotiate):
            with self.assertRaisesRegex(UserError, "already decided"):
                action()
        change.action_reset()
        self.assertRecordValues(
            change,
            [{"state": "detected", "decided_by_id": False, "date_decided": False}],
        )
        change.action_withdraw()
        self.assertEqual(change.state, "withdrawn")

    def test_writing_the_state_is_held_to_the_same_rules(self):
        change = self.make_change()
        with self.assertRaisesRegex(UserError, "signed"):
            change.state = "agreed"
        with self.assertRaisesRegex(UserError, "signed"):
            self.make_change(state="agreed")
        with self.assertRaisesRegex(UserError, "signed"):
            change.sudo().state = "agreed"
        change.write({"state": "absorbed", "reason": "We forgot it in the offer"})
        self.assertEqual(change.state, "absorbed")

    def test_several_are_decided_together_or_not_at_all(self):
        good = self.make_change(reason="Goodwill")
        bad = self.make_change()
        with self.assertRaisesRegex(UserError, "given away"):
            (good | bad).action_absorb()
        (good | bad).action_decline()
        self.assertEqual({good.state, bad.state}, {"declined"})

    def test_the_figures_of_a_detected_change_come_from_its_items(self):
        change = self.make_detected()
        with self.assertRaisesRegex(ValidationError, "add up from its items"):
            change.amount = 1

    def test_customers_are_neither_followers_nor_suggested(self):
        change = self.make_change()
        change.message_subscribe(partner_ids=self.customer.ids)
        self.assertNotIn(self.customer, change.message_partner_ids)
        recipients = change._message_get_suggested_recipients()
        self.assertNotIn(self.customer.id, [r["partner_id"] for r in recipients])

    def test_portal_users_and_outsiders_can_call_nothing(self):
        portal = self.make_user(
            "portal", "base.group_portal", partner_id=self.customer.id
        )
        change = self.make_change(order_id=self.order.id)
        for user in (portal, self.outsider):
            for call in (
                change.with_user(user).action_withdraw,
                change.with_user(user).action_reset,
                lambda user=user: change.with_user(user).read(["state"]),
                self.order.with_user(user).action_view_scope_changes,
                lambda user=user: self.order.with_user(user).read(
                    ["scope_change_count"]
                ),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    call()

    def test_other_companies_are_out_of_sight(self):
        change = self.make_change()
        company = self.env["res.company"].sudo().create({"name": "Sister"})
        self.salesperson.sudo().write(
            {"company_ids": [Command.set(company.ids)], "company_id": company.id}
        )
        with self.assertRaises(AccessError):
            change.with_user(self.salesperson).with_company(company).read(["state"])

    def test_counts_are_grouped(self):
        orders = self.order
        for _index in range(3):
            orders |= self.make_order((self.service_ordered, 1))
        for order in orders[1:]:
            self.make_change(order_id=order.id)
        self.assertEqual(orders.mapped("scope_change_count"), [0, 1, 1, 1])
        action = orders[-1].action_view_scope_changes()
        found = self.env["scope.change"].search(action["domain"])
        self.assertEqual(found, orders[-1].scope_change_ids)
        self.assertEqual(action["context"]["default_partner_id"], self.customer.id)
