import random
from decimal import ROUND_HALF_UP, Decimal

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, tagged

from odoo.addons.toxic_customer_exit.models.scope_context import ChangeVals

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestScopeChangeDetection(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.make_order(
            (cls.service_ordered, 10), (cls.service_delivered, 4, 150.0, 10.0)
        )
        cls.advice, cls.support = cls.order.order_line
        # Odoo reprices a line on a new quantity: an edit of all terms is not moved.
        cls.day = cls.env.ref("uom.product_uom_day")

    def get_changes(self, order=None):
        return self.env["scope.change"].search(
            [("order_id", "=", (order or self.order).id)], order="id"
        )

    def get_exact(self, line):
        """What a line comes to, computed here from its terms."""
        quantity, price, discount = (
            Decimal(str(line[name]))
            for name in ("product_uom_qty", "price_unit", "discount")
        )
        return quantity * price * (100 - discount) / 100

    def get_untaxed(self, lines):
        """What lines come to, to the cent, as the company rounds."""
        cent = Decimal("0.01")
        exact = [self.get_exact(line) for line in lines]
        if self.company.tax_calculation_rounding_method == "round_per_line":
            exact = [amount.quantize(cent, ROUND_HALF_UP) for amount in exact]
        return float(sum(exact).quantize(cent, ROUND_HALF_UP))

    def assert_baseline_and_items_make_the_order(self, order):
        items = self.get_changes(order).item_ids
        now = self.get_untaxed(order.order_line)
        self.assertAlmostEqual(now, order.amount_untaxed)
        self.assertAlmostEqual(
            order.baseline_amount + sum(items.mapped("amount")), now, places=2
        )
        self.assertAlmostEqual(
            order.baseline_hours + sum(items.mapped("hours")),
            sum(
                line.product_uom_qty * (8 if line.product_uom_id == self.day else 1)
                for line in order.order_line
            ),
            places=2,
        )

    def test_a_raised_quantity_is_a_change_with_its_hours_and_amount(self):
        self.advice.product_uom_qty = 14
        change = self.get_changes()
        self.assertRecordValues(
            change,
            [
                {
                    "partner_id": self.customer.id,
                    "commercial_partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "currency_id": self.order.currency_id.id,
                    "kind": "scope",
                    "state": "detected",
                    "requested_by": "customer",
                    "hours": 4.0,
                    "amount": 400.0,
                    "gift_amount": 0.0,
                }
            ],
        )
        self.assertRecordValues(
            change.item_ids,
            [
                {
                    "what": "quantity",
                    "order_line_id": self.advice.id,
                    "name": "Ordered advice",
                    "old_value": "10.00 Hours",
                    "new_value": "14.00 Hours",
                    "old_number": 10.0,
                    "new_number": 14.0,
                }
            ],
        )

    def test_a_lowered_quantity_counts_negative(self):
        self.support.write({"product_uom_qty": 1, "price_unit": 150, "discount": 10})
        self.assertRecordValues(self.get_changes(), [{"hours": -3.0, "amount": -405.0}])

    def test_a_cut_price_gives_away_the_difference(self):
        self.advice.price_unit = 80
        self.assertRecordValues(
            self.get_changes(),
            [{"hours": 0.0, "amount": -200.0, "gift_amount": 200.0}],
        )
        self.assertEqual(self.get_changes().item_ids.what, "price")

    def test_a_new_discount_gives_away_the_difference(self):
        self.support.discount = 25
        self.assertRecordValues(
            self.get_changes(),
            [{"hours": 0.0, "amount": -90.0, "gift_amount": 90.0}],
        )

    def test_a_new_line_is_a_change(self):
        line = self.env["sale.order.line"].create(
            {
                **self._prepare_order_line_vals(self.service_ordered, 5, 0.0),
                "order_id": self.order.id,
            }
        )
        change = self.get_changes()
        self.assertRecordValues(
            change, [{"hours": 5.0, "amount": 0.0, "gift_amount": 500.0}]
        )
        self.assertRecordValues(
            change.item_ids,
            [{"what": "line", "order_line_id": line.id, "old_value": False}],
        )

    def test_days_count_as_hours(self):
        self.advice.write(
            {"product_uom_id": self.day.id, "price_unit": 800, "product_uom_qty": 2}
        )
        change = self.get_changes()
        self.assertRecordValues(
            change, [{"hours": 6.0, "amount": 600.0, "gift_amount": 0.0}]
        )
        self.assert_baseline_and_items_make_the_order(self.order)

    def test_another_unit_is_a_change(self):
        self.advice.write({"product_uom_id": self.day.id, "price_unit": 100})
        change = self.get_changes()
        self.assertRecordValues(
            change, [{"hours": 70.0, "amount": 0.0, "gift_amount": 7000.0}]
        )
        self.assertRecordValues(
            change.item_ids,
            [{"what": "uom", "old_value": "Hours", "new_value": "Days"}],
        )
        self.assertIn("unpaid", change._get_agreement_obstacles())
        self.advice.write({"product_uom_id": self.hour.id, "price_unit": 100})
        self.assertFalse(self.get_changes())

    def test_another_unit_with_its_price_is_paid_for(self):
        self.advice.write({"product_uom_id": self.day.id, "price_unit": 800})
        self.assertRecordValues(
            self.get_changes(), [{"hours": 70.0, "amount": 7000.0, "gift_amount": 0}]
        )
        self.assertFalse(self.get_changes()._get_agreement_obstacles())

    def test_a_list_price_with_tax_is_no_bigger_gift(self):
        tax = self.env["account.tax"].create(
            {
                "name": "In the price",
                "amount": 25,
                "price_include_override": "tax_included",
            }
        )
        self.service_ordered.write({"taxes_id": tax.ids, "list_price": 125})
        order = self.make_order((self.service_ordered, 10, 125.0))
        order.order_line.write({"product_uom_qty": 14, "price_unit": 125})
        self.assertRecordValues(
            self.get_changes(order), [{"amount": 400.0, "gift_amount": 0.0}]
        )
        order.order_line.write({"product_uom_qty": 14, "price_unit": 62.5})
        self.assertRecordValues(
            self.get_changes(order), [{"amount": -300.0, "gift_amount": 700.0}]
        )

    def test_a_line_set_to_zero_is_a_change(self):
        self.support.write({"product_uom_qty": 0, "price_unit": 150, "discount": 10})
        change = self.get_changes()
        self.assertRecordValues(
            change, [{"hours": -4.0, "amount": -540.0, "gift_amount": 0.0}]
        )
        self.assertRecordValues(
            change.item_ids,
            [{"what": "quantity", "old_number": 4.0, "new_number": 0.0}],
        )

    def test_quantity_price_and_discount_in_one_write_add_up(self):
        before = self.get_untaxed(self.support)
        self.support.write(
            {"product_uom_qty": 7, "price_unit": 133.33, "discount": 12.5}
        )
        change = self.get_changes()
        self.assertEqual(
            change.item_ids.mapped("what"), ["quantity", "price", "discount"]
        )
        self.assertAlmostEqual(change.amount, self.get_untaxed(self.support) - before)
        self.assert_baseline_and_items_make_the_order(self.order)

    def test_a_save_of_the_order_is_one_change(self):
        self.order.write(
            {
                "order_line": [
                    Command.update(self.advice.id, {"product_uom_qty": 12}),
                    Command.update(self.support.id, {"discount": 0}),
                    Command.create(
                        self._prepare_order_line_vals(self.service_delivered, 2, 90.0)
                    ),
                ]
            }
        )
        change = self.get_changes()
        self.assertEqual(len(change), 1)
        self.assertEqual(len(change.item_ids), 3)
        self.assertAlmostEqual(change.amount, 200 + 60 + 180)
        self.assert_baseline_and_items_make_the_order(self.order)

    def test_the_edits_of_a_day_merge_per_line_and_field(self):
        self.advice.product_uom_qty = 12
        self.advice.product_uom_qty = 15
        self.support.discount = 20
        change = self.get_changes()
        self.assertEqual(len(change), 1)
        self.assertRecordValues(
            change.item_ids.sorted("what"),
            [
                {"what": "discount", "old_number": 10.0, "new_number": 20.0},
                {"what": "quantity", "old_number": 10.0, "new_number": 15.0},
            ],
        )
        self.assertAlmostEqual(change.amount, 500 - 60)

    def test_merged_terms_of_a_line_add_up_whatever_the_order(self):
        for terms in (
            {"product_uom_qty": 9, "price_unit": 150, "discount": 10},
            {"price_unit": 99.99},
            {"discount": 33.3},
            {"product_uom_qty": 4, "price_unit": 99.99, "discount": 33.3},
        ):
            self.support.write(terms)
            self.assert_baseline_and_items_make_the_order(self.order)
        # The quantity is what it was again: price and discount are left.
        self.assertEqual(
            self.get_changes().item_ids.mapped("what"), ["price", "discount"]
        )

    def test_any_sequence_of_edits_adds_up_rounded_by_line(self):
        self.company.tax_calculation_rounding_method = "round_per_line"
        self.test_any_sequence_of_edits_adds_up()

    def test_any_sequence_of_edits_adds_up(self):
        dice = random.Random(19)
        settled = {"requested_by": "us", "state": "agreed", "reason": "Settled"}
        contexts = [{}, {}, {"scope_change_vals": ChangeVals(settled)}]
        for step in range(60):
            line = dice.choice(self.order.order_line)
            terms = {
                "product_uom_qty": dice.choice([0, 1, 4, 10, 12.25]),
                "price_unit": dice.choice([0, 33.333, 100, 150]),
                "discount": dice.choice([0, 10, 12.5, 100]),
                "product_uom_id": dice.choice([self.hour.id] * 3 + [self.day.id]),
            }
            with freeze_time(self.days_ago(-(step // 20))):
                line.with_context(**dice.choice(contexts)).write(
                    {**terms}
                    if dice.random() < 0.5
                    else {"discount": terms["discount"]}
                )
            if dice.random() < 0.1:
                self.env["sale.order.line"].create(
                    {
                        **self._prepare_order_line_vals(
                            self.service_ordered, 3, 33.335
                        ),
                        "order_id": self.order.id,
                    }
                )
            self.assert_baseline_and_items_make_the_order(self.order)
        changes = self.get_changes()
        self.assertTrue(all(change.item_ids for change in changes))
        self.assertLessEqual(len(changes), 2 * 3)

    def test_back_to_the_old_values_nothing_is_left(self):
        terms = {"product_uom_qty": 10, "price_unit": 100, "discount": 0}
        self.advice.write({**terms, "product_uom_qty": 20})
        self.support.discount = 20
        self.advice.write(terms)
        self.assertEqual(self.get_changes().item_ids.order_line_id, self.support)
        self.support.discount = 10
        self.assertFalse(self.get_changes())

    def test_a_line_added_and_edited_the_same_day_stays_a_new_line(self):
        line = self.env["sale.order.line"].create(
            {
                **self._prepare_order_line_vals(self.service_ordered, 5, 100.0),
                "order_id": self.order.id,
            }
        )
        line.write({"product_uom_qty": 8, "price_unit": 90})
        self.assertRecordValues(
            self.get_changes().item_ids,
            [{"what": "line", "old_number": 0.0, "new_number": 8.0, "amount": 720.0}],
        )
        line.product_uom_qty = 0
        self.assertFalse(self.get_changes())

    def test_another_day_is_another_change(self):
        self.advice.product_uom_qty = 12
        with freeze_time(self.days_ago(-1)):
            self.advice.product_uom_qty = 13
        first, second = self.get_changes()
        self.assertEqual((first.hours, second.hours), (2.0, 1.0))

    def test_a_decided_change_is_not_extended(self):
        self.advice.product_uom_qty = 12
        self.get_changes().action_withdraw()
        self.advice.product_uom_qty = 13
        first, second = self.get_changes()
        self.assertEqual((first.hours, second.hours), (2.0, 1.0))
        self.assertEqual(second.state, "detected")

    def test_code_settles_in_a_change_of_its_own(self):
        self.support.discount = 20
        settled = {"requested_by": "us", "state": "agreed", "reason": "Final invoice"}
        self.order.order_line.with_context(scope_change_vals=ChangeVals(settled)).write(
            {"product_uom_qty": 3, "price_unit": 120, "discount": 5}
        )
        detected, agreed = self.get_changes()
        self.assertEqual(detected.state, "detected")
        self.assertRecordValues(
            agreed, [{**settled, "decided_by_id": self.env.uid, "hours": -8.0}]
        )
        self.assertFalse(agreed.amendment_id)
        self.support.product_uom_qty = 5
        self.assertEqual(len(self.get_changes()), 2)
        self.assert_baseline_and_items_make_the_order(self.order)

    def test_settling_line_by_line_is_one_change(self):
        settled = {"requested_by": "us", "state": "agreed", "reason": "Final invoice"}
        for line in self.order.order_line.with_context(
            scope_change_vals=ChangeVals(settled)
        ):
            line.write({"product_uom_qty": 1, "price_unit": 10, "discount": 0})
        self.assertEqual(self.get_changes().mapped("state"), ["agreed"])

    def test_what_a_client_says_in_the_context_settles_and_silences_nothing(self):
        told = {"requested_by": "us", "state": "agreed", "reason": "Never mind"}
        line = self.advice.with_context(scope_change_vals=told, scope_change_skip=True)
        line.product_uom_qty = 11
        change = self.get_changes()
        self.assertEqual(change.state, "detected")
        self.assertFalse(change.reason)

    def test_context_cannot_set_what_is_not_its_business(self):
        lines = self.advice.with_context(scope_change_vals=ChangeVals(partner_id=1))
        with self.assertRaisesRegex(ValueError, "partner_id"):
            lines.product_uom_qty = 11

    def test_quotations_and_confirmations_make_none(self):
        order = self.make_order((self.service_ordered, 3), confirm=False)
        order.order_line.product_uom_qty = 5
        order.action_update_prices()
        order.action_confirm()
        self.assertFalse(self.get_changes(order))
        self.assertEqual(order.baseline_amount, 500.0)
        self.assertEqual(order.baseline_hours, 5.0)

    def test_an_order_created_as_confirmed_makes_none(self):
        order = self.make_order((self.service_ordered, 3), confirm=False, state="sale")
        self.assertFalse(self.get_changes(order))
        self.assertEqual(order.baseline_amount, 300.0)

    def test_the_same_values_again_make_none(self):
        self.advice.write(
            {"product_uom_qty": 10.001, "price_unit": 100.0, "discount": 0.001}
        )
        self.assertFalse(self.get_changes())

    def test_sections_and_expenses_make_none(self):
        self.env["sale.order.line"].create(
            [
                {
                    "order_id": self.order.id,
                    "display_type": "line_section",
                    "name": "Extras",
                },
                {
                    **self._prepare_order_line_vals(self.service_ordered, 1),
                    "order_id": self.order.id,
                    "is_expense": True,
                },
            ]
        )
        self.assertFalse(self.get_changes())

    def test_delivery_down_payment_and_invoicing_make_none(self):
        self.support.qty_delivered = 2
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(self.order.ids)],
                "advance_payment_method": "percentage",
                "amount": 30,
            }
        )
        wizard.create_invoices()
        self.order.invoice_ids.action_post()
        self.order._create_invoices(final=True).action_post()
        self.assertFalse(self.get_changes())

    def test_imports_and_data_files_make_none(self):
        for key in ("import_file", "install_mode"):
            self.advice.with_context(**{key: True}).product_uom_qty += 1
        self.assertFalse(self.get_changes())

    def test_the_project_of_the_line_is_filled_in(self):
        service = self.make_service(
            "Project work", "ordered_prepaid", service_tracking="task_in_project"
        )
        order = self.make_order((service, 5))
        order.order_line.product_uom_qty = 6
        self.assertTrue(order.project_ids)
        self.assertEqual(self.get_changes(order).project_id, order.project_ids)

    def test_a_project_of_somebody_else_is_left_out(self):
        project = self.env["project.project"].create(
            {
                "name": "Shared",
                "allow_billable": True,
                "partner_id": self.make_customer(name="Else").id,
            }
        )
        self.order.project_id = project
        self.advice.product_uom_qty = 11
        self.assertEqual(len(self.get_changes()), 1)
        self.assertFalse(self.get_changes().project_id)

    def test_a_user_outside_the_group_edits_and_sees_nothing(self):
        editor = self.make_clerk()
        self.assertFalse(editor.has_group("toxic_customer_exit.group_toxicity_user"))
        order = self.order.with_user(editor)
        order.write(
            {
                "order_line": [
                    Command.update(self.advice.id, {"product_uom_qty": 11}),
                    Command.create(
                        self._prepare_order_line_vals(self.service_ordered, 1)
                    ),
                ]
            }
        )
        self.support.with_user(editor).discount = 50
        change = self.get_changes()
        self.assertEqual(len(change.item_ids), 3)
        with self.assertRaises(AccessError):
            change.with_user(editor).read(["amount"])
        with self.assertRaises(AccessError):
            order.read(["baseline_amount"])
        with self.assertRaises(AccessError):
            order.action_view_scope_changes()
        self.assertNotIn(editor.partner_id, change.message_partner_ids)

    def test_the_cost_of_a_save_does_not_grow_with_its_lines(self):
        def count(lines):
            order = self.make_order(*[(self.service_ordered, 2)] * lines)
            self.env.flush_all()
            self.env.invalidate_all()
            commands = [
                Command.update(
                    line.id, {"product_uom_qty": 3, "price_unit": 90, "discount": 5}
                )
                for line in order.order_line
            ]
            silent = order.with_context(install_mode=True)
            queries = []
            for saved, values in ((silent, commands), (order, self.bump(commands))):
                self.env.flush_all()
                self.env.invalidate_all()
                start = self.env.cr.sql_log_count
                saved.write({"order_line": values})
                self.env.flush_all()
                queries.append(self.env.cr.sql_log_count - start)
            return queries[1] - queries[0]

        count(1)
        one, fifty = count(1), count(50)
        self.assertLessEqual(fifty, one + 2)

    def bump(self, commands):
        return [
            Command.update(line, {**values, "product_uom_qty": 4})
            for _code, line, values in commands
        ]

    def test_the_baseline_is_never_rewritten(self):
        self.advice.product_uom_qty = 20
        self.assertRecordValues(
            self.order, [{"baseline_amount": 1540.0, "baseline_hours": 14.0}]
        )
        with self.assertRaisesRegex(ValidationError, "stays as it is"):
            self.order.baseline_amount = 1
        self.assertEqual(self.order.copy().baseline_amount, 0.0)

    def test_confirming_again_keeps_the_baseline_and_notes_the_difference(self):
        self.advice.product_uom_qty = 11
        self.order._action_cancel()
        self.order.action_draft()
        self.support.write({"product_uom_qty": 6, "price_unit": 150, "discount": 10})
        self.order.action_confirm()
        self.assertEqual(self.order.baseline_amount, 1540.0)
        again = self.get_changes().filtered(lambda change: change.state == "agreed")
        self.assertRecordValues(again, [{"hours": 2.0, "amount": 270.0}])
        self.assert_baseline_and_items_make_the_order(self.order)

    def test_confirming_again_unchanged_notes_nothing(self):
        self.order._action_cancel()
        self.order.action_draft()
        self.order.action_confirm()
        self.assertFalse(self.get_changes())
