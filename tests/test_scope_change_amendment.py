import random
from datetime import date, datetime

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import html2plaintext

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestScopeChangeAmendment(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls.make_user(
            "seller",
            "sales_team.group_sale_manager,project.group_project_manager",
        )
        cls.work = cls.make_service(
            "Project work", "ordered_prepaid", service_tracking="task_in_project"
        )
        cls.order = cls.make_order(
            (cls.work, 10), (cls.service_ordered, 4), user_id=cls.seller.id
        )
        cls.line, cls.advice = cls.order.order_line
        cls.project = cls.order.project_ids

    def get_changes(self, order=None):
        return (
            self.env["scope.change"]
            .with_user(self.seller)
            .search([("order_id", "=", (order or self.order).id)], order="id")
        )

    def double(self):
        """Twice the hours, on the order and on the project."""
        self.line.write({"product_uom_qty": 20, "price_unit": 100})
        self.project.allocated_hours = 20
        return self.get_changes()

    def renegotiate(self, changes):
        action = changes.action_renegotiate()
        self.assertEqual(action["res_model"], "sale.order")
        return self.env["sale.order"].browse(action["res_id"])

    def assert_refused(self, changes, code, words):
        obstacles = changes._get_renegotiation_obstacles()
        self.assertIn(code, obstacles)
        with self.assertRaisesRegex(UserError, words):
            changes.action_renegotiate()

    def assert_baseline_and_items_make_the_order(self, order):
        on_order = ("line", "quantity", "uom", "price", "discount", "order", "moved")
        items = self.get_changes(order).item_ids.filtered(lambda i: i.what in on_order)
        self.assertAlmostEqual(
            order.baseline_amount + sum(items.mapped("amount")),
            order.amount_untaxed,
            places=2,
        )
        self.assertAlmostEqual(
            order.baseline_hours + sum(items.mapped("hours")),
            sum(order.order_line.mapped("product_uom_qty")),
            places=2,
        )

    def test_the_order_goes_back_and_the_quotation_asks_for_the_rest(self):
        change = self.double()
        amendment = self.renegotiate(change)
        self.assertRecordValues(
            self.line, [{"product_uom_qty": 10, "price_unit": 100.0}]
        )
        self.assertRecordValues(
            amendment.order_line,
            [
                {
                    "product_id": self.work.id,
                    "product_uom_qty": 10.0,
                    "price_unit": 100.0,
                    "price_subtotal": 1000.0,
                }
            ],
        )
        self.assertRecordValues(
            amendment,
            [
                {
                    "partner_id": self.customer.id,
                    "amended_order_id": self.order.id,
                    "origin": self.order.name,
                    "state": "draft",
                    "project_id": self.project.id,
                    "pricelist_id": self.order.pricelist_id.id,
                    "user_id": self.seller.id,
                }
            ],
        )
        self.assertRecordValues(
            change,
            [
                {
                    "state": "negotiating",
                    "amendment_id": amendment.id,
                    "amount": 1000.0,
                    "hours": 10.0,
                }
            ],
        )
        self.assertEqual(amendment.amended_change_ids, change)
        self.assertEqual(self.order.amendment_ids, amendment)
        self.assertEqual(self.order.amendment_count, 1)
        self.assert_baseline_and_items_make_the_order(self.order)

    def test_renegotiating_twice_is_one_quotation(self):
        change = self.double()
        self.assertEqual(self.renegotiate(change), self.renegotiate(change))
        self.assertEqual(len(self.order.amendment_ids), 1)

    def test_signed_it_is_agreed_and_goes_on_with_the_project(self):
        change = self.double()
        amendment = self.renegotiate(change)
        amendment.action_confirm()
        self.assertRecordValues(change, [{"state": "agreed"}])
        self.assertIn(amendment.name, change.reason)
        self.assertEqual(amendment.project_ids, self.project)
        self.assertEqual(amendment.order_line.project_id, self.project)
        self.assertEqual(amendment.order_line.task_id.project_id, self.project)
        self.assertEqual(self.project.sale_line_id, self.line)
        # The hours were planned in advance, so they are not planned again.
        self.assertEqual(self.project.allocated_hours, 20)
        self.assertEqual(len(self.get_changes()), 1)

    def test_hours_not_yet_planned_are_planned_on_signing(self):
        self.line.write({"product_uom_qty": 15, "price_unit": 100})
        amendment = self.renegotiate(self.get_changes())
        amendment.action_confirm()
        self.assertEqual(self.project.allocated_hours, 15)
        self.assertEqual(len(self.get_changes().item_ids), 2)

    def test_baseline_and_amendment_are_what_is_invoiced(self):
        self.line.write({"product_uom_qty": 17.33, "price_unit": 99.99, "discount": 7})
        self.advice.write({"product_uom_qty": 4, "price_unit": 66.67, "discount": 3.5})
        self.order.write(
            {
                "order_line": [
                    Command.create(
                        self._prepare_order_line_vals(self.service_ordered, 3, 33.33)
                    )
                ]
            }
        )
        asked = self.order.amount_untaxed
        amendment = self.renegotiate(self.get_changes())
        self.assertEqual(self.order.amount_untaxed, self.order.baseline_amount)
        self.assert_baseline_and_items_make_the_order(self.order)
        amendment.action_confirm()
        self.assertAlmostEqual(
            self.order.amount_untaxed + amendment.amount_untaxed, asked, delta=0.02
        )
        invoices = self.make_invoices(self.order | amendment, final=True)
        self.assertAlmostEqual(
            sum(invoices.mapped("amount_untaxed_signed")),
            self.order.baseline_amount + amendment.amount_untaxed,
            places=2,
        )

    def test_what_is_not_signed_is_declined_and_not_billed(self):
        change = self.double()
        amendment = self.renegotiate(change)
        amendment._action_cancel()
        self.assertRecordValues(change, [{"state": "declined"}])
        self.assertEqual(self.order.amount_untaxed, self.order.baseline_amount)
        self.assertFalse(change._is_billed_by_order())

    def test_cancelled_after_signing_it_is_declined(self):
        change = self.double()
        amendment = self.renegotiate(change)
        amendment.action_confirm()
        amendment._action_cancel()
        self.assertRecordValues(change, [{"state": "declined"}])

    def test_signed_after_all_it_is_agreed(self):
        change = self.double()
        amendment = self.renegotiate(change)
        amendment._action_cancel()
        amendment.action_draft()
        amendment.action_confirm()
        self.assertRecordValues(change, [{"state": "agreed"}])

    def test_offered_again_it_is_the_same_offer(self):
        change = self.double()
        first = self.renegotiate(change)
        first._action_cancel()
        change.action_reset()
        second = self.renegotiate(change)
        self.assertNotEqual(first, second)
        self.assertEqual(second.amount_untaxed, first.amount_untaxed)
        self.assertEqual(self.order.amount_untaxed, self.order.baseline_amount)
        self.assertEqual(len(change.item_ids.filtered(lambda i: i.what == "moved")), 1)

    def test_expired_it_is_declined(self):
        change = self.double()
        other = self.make_order((self.service_ordered, 2))
        other.order_line.write({"product_uom_qty": 3, "price_unit": 100})
        kept = self.get_changes(other)
        for changes, validity in ((change, date(2026, 1, 1)), (kept, date(2096, 1, 1))):
            self.renegotiate(changes).validity_date = validity
        self.env["scope.change"]._cron_decline_expired()
        self.assertEqual((change.state, kept.state), ("declined", "negotiating"))
        self.assertIn("not signed in time", change.reason)

    def test_several_changes_are_one_quotation(self):
        self.line.write({"product_uom_qty": 12, "price_unit": 100})
        with freeze_time(self.days_ago(-1)):
            self.line.write({"product_uom_qty": 15, "price_unit": 100})
            self.advice.write({"product_uom_qty": 5, "price_unit": 100})
        changes = self.get_changes()
        self.assertEqual(len(changes), 2)
        amendment = self.renegotiate(changes)
        self.assertEqual(amendment.order_line.mapped("product_uom_qty"), [5.0, 1.0])
        self.assert_baseline_and_items_make_the_order(self.order)
        amendment.action_confirm()
        self.assertEqual(set(changes.mapped("state")), {"agreed"})

    def test_one_of_two_changes_of_a_line_goes_alone(self):
        self.line.write({"product_uom_qty": 12, "price_unit": 100})
        with freeze_time(self.days_ago(-1)):
            self.line.write({"product_uom_qty": 15, "price_unit": 100})
        first = self.get_changes()[0]
        amendment = self.renegotiate(first)
        self.assertEqual(amendment.order_line.product_uom_qty, 2)
        self.assertEqual(self.line.product_uom_qty, 13)
        self.assert_baseline_and_items_make_the_order(self.order)

    def test_a_lower_price_is_offered_and_not_given(self):
        self.line.write({"product_uom_qty": 10, "price_unit": 80, "discount": 0})
        amendment = self.renegotiate(self.get_changes())
        self.assertEqual(self.order.amount_untaxed, self.order.baseline_amount)
        self.assertEqual(amendment.amount_untaxed, -200)
        self.assert_baseline_and_items_make_the_order(self.order)

    def test_another_unit_is_offered_in_the_first(self):
        day = self.env.ref("uom.product_uom_day")
        self.line.write(
            {"product_uom_id": day.id, "product_uom_qty": 2, "price_unit": 800}
        )
        amendment = self.renegotiate(self.get_changes())
        self.assertRecordValues(
            self.line, [{"product_uom_id": self.hour.id, "product_uom_qty": 10.0}]
        )
        self.assertRecordValues(
            amendment.order_line, [{"product_uom_qty": 6.0, "price_unit": 100.0}]
        )

    def test_what_was_added_for_nothing_is_offered_at_its_price(self):
        self.env["sale.order.line"].create(
            {
                **self._prepare_order_line_vals(self.service_ordered, 5, 0.0),
                "order_id": self.order.id,
            }
        )
        amendment = self.renegotiate(self.get_changes())
        self.assertEqual(amendment.amount_untaxed, 500)
        self.assertEqual(self.order.order_line[-1].product_uom_qty, 0)

    def test_hours_are_offered_at_the_projects_rate(self):
        self.line.write({"product_uom_qty": 10, "price_unit": 90, "discount": 10})
        self.get_changes().action_withdraw()
        task = self.env["project.task"].create(
            {"name": "Shop", "project_id": self.project.id, "allocated_hours": 5}
        )
        task.action_flag_out_of_scope()
        amendment = self.renegotiate(self.get_changes()[-1])
        self.assertRecordValues(
            amendment.order_line,
            [
                {
                    "name": "Shop",
                    "product_uom_qty": 5.0,
                    "product_uom_id": self.hour.id,
                    "price_unit": 90.0,
                    "discount": 10.0,
                    "price_subtotal": 405.0,
                }
            ],
        )

    def test_work_planned_already_is_not_planned_again(self):
        task = self.env["project.task"].create(
            {"name": "Shop", "project_id": self.project.id, "allocated_hours": 5}
        )
        task.action_flag_out_of_scope()
        line = self.env["sale.order.line"].create(
            {
                **self._prepare_order_line_vals(self.work, 3),
                "order_id": self.order.id,
            }
        )
        amendment = self.renegotiate(self.get_changes())
        self.assertEqual(amendment.order_line.task_id, line.task_id | task)
        count = len(self.project.task_ids)
        amendment.action_confirm()
        self.assertEqual(len(self.project.task_ids), count)
        self.assertEqual(task.sale_line_id.order_id, amendment)
        self.assertEqual(line.task_id.sale_line_id.order_id, amendment)

    def test_what_was_written_down_is_offered_as_typed(self):
        for values, untaxed in (
            ({"hours": 4, "amount": 300}, 300),
            ({"hours": 4}, 400),
            ({"amount": 250}, 250),
            ({}, 0),
        ):
            change = (
                self.env["scope.change"]
                .with_user(self.seller)
                .create({"order_id": self.order.id, "description": "Call", **values})
            )
            with self.subTest(values=values):
                amendment = self.renegotiate(change)
                self.assertAlmostEqual(amendment.amount_untaxed, untaxed)
                self.assertNotIn("Call", str(amendment.order_line.mapped("name")))

    def test_without_an_order_it_is_a_quotation_for_the_customer(self):
        change = (
            self.env["scope.change"]
            .with_user(self.seller)
            .create({"partner_id": self.customer.id, "hours": 2, "amount": 300})
        )
        amendment = self.renegotiate(change)
        self.assertRecordValues(
            amendment,
            [
                {
                    "partner_id": self.customer.id,
                    "amount_untaxed": 300.0,
                    "amended_order_id": False,
                }
            ],
        )
        amendment.action_confirm()
        self.assertEqual(change.state, "agreed")

    def test_dates_alone_are_signed_without_a_price(self):
        self.order.commitment_date = datetime(2030, 1, 1)
        amendment = self.renegotiate(self.get_changes())
        self.assertEqual(amendment.commitment_date, datetime(2030, 1, 1))
        amendment.action_confirm()
        self.assertEqual(self.get_changes().state, "agreed")

    def test_an_objective_takes_a_conversation_first(self):
        order = self.make_order((self.service_ordered, 1), objectives="<p>A</p>")
        order.objectives = "<p>B</p>"
        change = self.get_changes(order)
        self.assert_refused(change, "no_conversation", "note the conversation")
        change.conversation = "Called Ms Brown"
        amendment = self.renegotiate(change)
        # Taken back in between, the signature alone does not settle it.
        change.conversation = False
        amendment.action_confirm()
        self.assertEqual(change.state, "negotiating")
        change.conversation = "Called Ms Brown"
        change.action_agree()
        self.assertEqual(change.state, "agreed")

    def test_a_cancelled_order_is_not_amended(self):
        change = self.double()
        self.order._action_cancel()
        self.assert_refused(change, "not_confirmed", self.order.name)

    def test_a_locked_order_is_not_touched(self):
        change = self.double()
        self.order.action_lock()
        self.assert_refused(change, "locked", "is locked")
        self.assertEqual(self.line.product_uom_qty, 20)
        self.order.action_unlock()
        self.renegotiate(change)

    def test_a_locked_order_is_amended_by_what_is_not_on_it(self):
        self.project.allocated_hours = 12
        self.order.action_lock()
        self.assertEqual(self.renegotiate(self.get_changes()).amount_untaxed, 200)

    def test_what_is_invoiced_stays_on_the_order(self):
        change = self.double()
        self.make_invoices(self.order)
        self.assert_refused(change, "invoiced", "already invoiced")
        change.action_agree()

    def test_what_was_edited_again_is_renegotiated_as_a_whole(self):
        self.advice.write({"product_uom_qty": 4, "price_unit": 80, "discount": 0})
        with freeze_time(self.days_ago(-1)):
            self.advice.write({"product_uom_qty": 4, "price_unit": 70, "discount": 0})
        changes = self.get_changes()
        self.assert_refused(changes[0], "edited", "choose all its changes")
        self.assertEqual(self.renegotiate(changes).amount_untaxed, -120)

    def test_changes_of_two_orders_are_two_quotations(self):
        other = self.make_order((self.service_ordered, 2))
        other.order_line.write({"product_uom_qty": 3, "price_unit": 100})
        changes = self.double() | self.get_changes(other)
        self.assert_refused(changes, "several", "of one order")

    def test_a_change_already_offered_is_not_offered_with_others(self):
        first = self.double()
        self.renegotiate(first)
        self.advice.write({"product_uom_qty": 5, "price_unit": 100})
        self.assert_refused(self.get_changes(), "has_amendment", "already asks")

    def test_a_deleted_project_stops_nothing(self):
        change = self.double()
        self.line.task_id.unlink()
        self.project.unlink()
        amendment = self.renegotiate(change)
        amendment.action_confirm()
        self.assertEqual(change.state, "agreed")
        self.assertEqual(amendment.amount_untaxed, 1000)

    def test_an_amendment_of_an_amendment_amends_the_order(self):
        first = self.renegotiate(self.double())
        first.action_confirm()
        first.order_line.write({"product_uom_qty": 12, "price_unit": 100})
        change = self.get_changes(first)
        second = self.renegotiate(change)
        self.assertEqual(second.amended_order_id, self.order)
        self.assertEqual(second.amount_untaxed, 200)
        self.assertEqual(first.order_line.product_uom_qty, 10)
        second.action_confirm()
        self.assertEqual(self.order.amendment_count, 2)
        self.assertEqual(second.project_ids, self.project)
        with self.assertRaisesRegex(ValidationError, "amend .* instead"):
            self.order.sudo().amended_order_id = first

    def test_a_signed_amendment_edited_later_is_a_new_change(self):
        change = self.double()
        amendment = self.renegotiate(change)
        amendment.action_confirm()
        amendment.order_line.write({"product_uom_qty": 14, "price_unit": 100})
        self.assertRecordValues(change, [{"state": "agreed", "amount": 1000.0}])
        self.assertRecordValues(
            self.get_changes(amendment), [{"state": "detected", "amount": 400.0}]
        )
        self.assertEqual(amendment.baseline_amount, 1000)

    def test_hours_sold_by_an_amendment_are_no_overrun(self):
        amendment = self.renegotiate(self.double())
        amendment.action_confirm()
        employee = self.env["hr.employee"].sudo().create({"name": "Employee"})
        vals = {
            "name": "Work",
            "task_id": self.line.task_id.id,
            "project_id": self.project.id,
            "employee_id": employee.id,
            "unit_amount": 15,
        }
        self.env["account.analytic.line"].create(vals)
        self.assertEqual(len(self.get_changes()), 1)
        self.env["account.analytic.line"].create(vals)
        self.assertEqual(self.get_changes()[-1].item_ids.what, "overrun")
        self.assertEqual(self.get_changes()[-1].hours, 30 - 24)

    def test_a_quotation_of_another_company_or_currency_is_refused(self):
        change = self.double()
        company = self.env["res.company"].sudo().create({"name": "Sister"})
        foreign = (
            self.env["sale.order"]
            .sudo()
            .create({"partner_id": self.customer.id, "company_id": company.id})
        )
        with self.assertRaises(UserError):
            change.sudo().amendment_id = foreign
        currency = self.setup_other_currency("EUR")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": currency.id}
        )
        foreign = self.make_order(
            (self.service_ordered, 1), confirm=False, pricelist_id=pricelist.id
        )
        with self.assertRaisesRegex(ValidationError, "in its own currency"):
            change.amendment_id = foreign
        with self.assertRaisesRegex(ValidationError, "one currency"):
            foreign.sudo().amended_order_id = self.order

    def test_an_order_in_another_currency_is_amended_in_it(self):
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": currency.id}
        )
        order = self.make_order((self.service_ordered, 5), pricelist_id=pricelist.id)
        order.order_line.write({"product_uom_qty": 8, "price_unit": 100})
        amendment = self.renegotiate(self.get_changes(order))
        self.assertRecordValues(
            amendment, [{"currency_id": currency.id, "amount_untaxed": 300.0}]
        )

    def test_only_users_of_the_group_renegotiate(self):
        portal = self.make_user(
            "portal", "base.group_portal", partner_id=self.customer.id
        )
        change = self.double()
        for user in (self.outsider, portal):
            for call in (
                change.with_user(user).action_renegotiate,
                self.order.with_user(user).action_view_amendments,
                lambda user=user: self.order.with_user(user).read(["amendment_ids"]),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    call()

    def test_customers_who_sign_learn_nothing_of_the_register(self):
        portal = self.make_user(
            "portal", "base.group_portal", partner_id=self.customer.id
        )
        change = self.double().with_user(self.seller)
        amendment = self.renegotiate(change)
        before = self.env["mail.message"].sudo().search([], order="id desc", limit=1)
        amendment.with_user(portal).sudo().with_context(
            tracking_disable=False, mail_notrack=False
        )._validate_order()
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(change.state, "agreed")
        messages = (
            self.env["mail.message"]
            .sudo()
            .search([("id", ">", before.id), ("model", "=", "scope.change")])
        )
        self.assertNotIn(portal.partner_id, messages.author_id)

    def test_colleagues_outside_confirm_as_before(self):
        clerk = self.make_clerk()
        change = self.double()
        amendment = self.renegotiate(change)
        amendment.with_user(clerk).action_confirm()
        self.assertRecordValues(change, [{"state": "agreed"}])

    def test_any_sequence_of_edits_and_offers_adds_up(self):
        dice = random.Random(4)
        settled = 0.0
        for step in range(25):
            with freeze_time(self.days_ago(-step)):
                line = dice.choice(self.order.order_line)
                line.write(
                    {
                        "product_uom_qty": dice.choice([0, 2, 5, 12.5, 30]),
                        "price_unit": dice.choice([50, 99.99, 100]),
                        "discount": dice.choice([0, 12.5]),
                    }
                )
                if dice.random() < 0.2:
                    self.env["sale.order.line"].create(
                        {
                            **self._prepare_order_line_vals(
                                self.service_ordered, 3, 33.335
                            ),
                            "order_id": self.order.id,
                        }
                    )
                self.assert_baseline_and_items_make_the_order(self.order)
                changes = self.get_changes().filtered(lambda c: c.state == "detected")
                if dice.random() < 0.4 and changes:
                    if changes._get_renegotiation_obstacles():
                        changes.action_withdraw()
                        continue
                    amendment = self.renegotiate(changes)
                    self.assert_baseline_and_items_make_the_order(self.order)
                    if dice.random() < 0.6:
                        amendment.action_confirm()
                        settled += amendment.amount_untaxed
                    else:
                        amendment._action_cancel()
        contract = self.order | self.order.amendment_ids.filtered(
            lambda order: order.state == "sale"
        )
        self.assertGreater(len(contract), 2)
        # Orders on one invoice would be rounded together.
        invoices = contract._create_invoices(grouped=True, final=True)
        invoices.action_post()
        self.assertAlmostEqual(
            sum(invoices.mapped("amount_untaxed_signed")),
            self.order.amount_untaxed + settled,
            places=2,
        )

    def test_several_are_decided_at_once_for_one_reason(self):
        changes = self.env["scope.change"].with_user(self.seller)
        for amount in (100, 200):
            changes |= changes.create(
                {"partner_id": self.customer.id, "amount": amount}
            )
        form = Form(
            self.env["scope.change.decide"]
            .with_user(self.seller)
            .with_context(active_model="scope.change", active_ids=changes.ids)
        )
        self.assertIn("given away", form.obstacles)
        wizard = form.save()
        self.assertEqual(wizard.change_ids, changes)
        with self.assertRaisesRegex(UserError, "given away"):
            wizard.action_decide()
        form.reason = "First year"
        self.assertFalse(form.obstacles)
        form.save().action_decide()
        self.assertRecordValues(
            changes, [{"state": "absorbed", "reason": "First year"}] * 2
        )

    def test_the_change_order_says_what_changes_in_neutral_words(self):
        self.order.commitment_date = datetime(2030, 5, 17, 12)
        amendment = self.renegotiate(self.double())
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("toxic_customer_exit.change_order", amendment.ids)[0]
            .decode()
        )
        html = html[html.index("<main") :]
        for text in (
            "Change Order",
            self.order.name,
            amendment.name,
            "10.00 Hours",
            "20.00 Hours",
            "1,400.00",
            "2,400.00",
            "05/17/2030",
            "For the customer",
        ):
            self.assertIn(text, html)
        for word in (
            "toxic",
            "creep",
            "absorb",
            "scope",
            "score",
            "strain",
            "gift",
            "unpaid",
            "beyond",
            "detected",
        ):
            self.assertNotIn(word, html2plaintext(html).lower())

    def test_the_change_order_counts_earlier_ones(self):
        self.renegotiate(self.double()).action_confirm()
        self.advice.write({"product_uom_qty": 6, "price_unit": 100})
        second = self.renegotiate(self.get_changes()[-1])
        values = second._get_change_order()
        self.assertEqual(values["total"], 1400 + 1000 + 200)
        self.assertEqual(values["hours"], 14 + 10 + 2)
        second.action_confirm()
        self.assertEqual(second._get_change_order()["total"], 2600)

    def test_customers_do_not_print_the_register(self):
        portal = self.make_user(
            "portal", "base.group_portal", partner_id=self.customer.id
        )
        amendment = self.renegotiate(self.double())
        amendment.message_subscribe(portal.partner_id.ids)
        self.assertTrue(amendment.with_user(portal).has_access("read"))
        with self.assertRaises(AccessError):
            amendment.with_user(portal)._get_change_order()
