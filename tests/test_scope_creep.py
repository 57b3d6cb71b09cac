import random
from contextlib import suppress
from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import MANAGER_GROUP, ToxicityCommon

ACTIVITY_TYPE = "toxic_customer_exit.mail_activity_type_creep"
FIELDS = ("scope_creep", "scope_creep_amount", "is_scope_creep_high")


@tagged("post_install", "-at_install")
class TestScopeCreep(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project_service = cls.make_service(
            "Project work", "ordered_prepaid", service_tracking="task_in_project"
        )
        cls.order = cls.make_order(
            (cls.project_service, 10), user_id=cls.salesperson.id
        )
        cls.project = cls.order.project_ids

    def make_change(self, amount, state="detected", **values):
        """A change written down by hand, of the order unless said."""
        return self.env["scope.change"].create(
            {
                "order_id": self.order.id,
                "description": "One more thing",
                "amount": amount,
                "state": state,
                "reason": "For peace",
                **values,
            }
        )

    def edit(self, quantity, **values):
        """Somebody changes the quantity that was ordered."""
        line = self.order.order_line[:1]
        line.write(
            {
                "product_uom_qty": quantity,
                "price_unit": line.price_unit,
                "discount": line.discount,
                **values,
            }
        )
        return self.order.scope_change_ids[:1]

    def assertCreep(self, records, percent, amount, is_high):
        for record in records:
            self.assertAlmostEqual(record.scope_creep, percent, 2)
            self.assertAlmostEqual(record.scope_creep_amount, amount, 2)
            self.assertEqual(record.is_scope_creep_high, is_high)

    def get_activities(self, order=None):
        return (order or self.order).scope_change_ids.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(ACTIVITY_TYPE)
        )

    # -- what counts -----------------------------------------------------------------

    def test_nothing_changed_is_no_creep(self):
        self.assertCreep([self.order, self.project, self.customer], 0, 0, False)

    def test_what_is_undecided_counts_on_order_project_and_customer(self):
        self.make_change(150)
        self.assertCreep([self.order, self.project, self.customer], 15, 150, False)

    def test_more_of_a_line_counts_in_full_until_somebody_decides(self):
        change = self.edit(12)
        self.assertEqual(change.gift_amount, 0)
        self.assertCreep([self.order, self.project], 20, 200, True)
        change.action_agree()
        self.assertCreep([self.order, self.project], 0, 0, False)

    def test_what_is_absorbed_counts_with_the_gift_at_list_price(self):
        change = self.edit(10, discount=15)
        change.reason = "Once"
        change.action_absorb()
        self.assertCreep([self.order], 15, 150, False)

    def test_less_of_one_line_offsets_nothing(self):
        order = self.make_order((self.service_ordered, 10), (self.service_ordered, 10))
        first, second = order.order_line
        first.write({"product_uom_qty": 5, "price_unit": 100})
        second.write({"product_uom_qty": 13, "price_unit": 100})
        self.assertEqual(order.scope_change_ids.amount, -200)
        self.assertCreep([order], 15, 300, False)

    def test_a_dearer_line_is_not_given_away(self):
        self.edit(10, price_unit=150)
        self.assertCreep([self.order], 0, 0, False)

    def test_another_unit_counts_by_its_size(self):
        day = self.env.ref("uom.product_uom_day")
        self.edit(10, product_uom_id=day.id, price_unit=800)
        # 70 hours more
        self.assertCreep([self.order], 700, 7000, True)

    def test_a_new_line_without_a_list_price_counts_with_what_it_costs(self):
        gratis = self.make_service("To be priced", "ordered_prepaid", list_price=0)
        vals = self._prepare_order_line_vals(gratis, 1, price=120)
        self.order.order_line = [Command.create(vals)]
        self.assertCreep([self.order], 12, 120, False)

    def test_drift_read_from_the_history_counts_with_the_amount_it_added(self):
        change = (
            self.env["scope.change"]
            .sudo()
            .create(
                {
                    "order_id": self.order.id,
                    "item_ids": [
                        Command.create(
                            {
                                "name": self.order.name,
                                "what": "untaxed",
                                "old_number": 1000,
                                "new_number": 1150,
                                "amount": 150,
                            }
                        )
                    ],
                }
            )
        )
        self.assertEqual(change.creep_amount, 150)
        self.assertCreep([self.order], 15, 150, False)

    def test_declined_and_withdrawn_changes_count_nothing(self):
        self.make_change(150, "declined")
        self.make_change(150, "withdrawn")
        self.assertCreep([self.order, self.project, self.customer], 0, 0, False)

    def test_an_order_agreed_for_nothing_has_an_amount_and_no_percentage(self):
        order = self.make_order((self.service_ordered, 5, 0.0))
        self.make_change(300, order_id=order.id)
        self.assertEqual(order.baseline_amount, 0)
        self.assertCreep([order], 0, 300, False)
        self.assertFalse(self.get_activities(order))

    def test_a_cancelled_order_has_no_creep(self):
        self.make_change(500)
        self.order.action_cancel()
        self.assertCreep([self.order, self.project, self.customer], 0, 0, False)

    def test_an_amendment_counts_with_its_order_and_raises_no_baseline(self):
        change = self.edit(15)
        change.action_renegotiate()
        amendment = change.amendment_id
        self.assertCreep([self.order], 50, 500, True)
        amendment.action_confirm()
        self.assertEqual(change.state, "agreed")
        self.assertCreep([self.order], 0, 0, False)
        self.make_change(100, order_id=amendment.id)
        self.assertCreep([self.order, amendment, self.project], 10, 100, False)
        amendment.action_cancel()
        self.assertCreep([self.order, self.project], 0, 0, False)

    def test_the_customer_shows_the_sum_of_its_orders_and_of_no_order(self):
        self.make_order((self.service_ordered, 30))
        self.make_change(150)
        self.make_change(50, order_id=False, partner_id=self.customer.id)
        self.assertCreep([self.customer], 5, 200, False)
        contact = self.make_customer(
            name="Ann", is_company=False, parent_id=self.customer.id
        )
        self.assertCreep([contact], 5, 200, False)

    def test_orders_of_another_currency_count_in_that_of_the_company(self):
        currency = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Foreign", "currency_id": currency.id}
        )
        order = self.make_order((self.project_service, 10), pricelist_id=pricelist.id)
        self.make_change(400, order_id=order.id)
        self.make_change(100)
        self.assertCreep([order], 40, 400, True)
        self.assertCreep([order.project_ids], 40, 800, True)
        # 800 + 100 of 2000 + 1000
        self.assertCreep([self.customer], 30, 900, True)

    def test_other_companies_see_their_own_orders(self):
        self.make_change(500)
        other = self.setup_other_company()["company"]
        self.env.user.company_ids |= other
        customer = self.customer.with_company(other)
        self.assertCreep([customer], 0, 0, False)
        domain = [("is_scope_creep_high", "=", True), ("id", "=", self.customer.id)]
        self.assertTrue(self.customer.search(domain))
        self.assertFalse(customer.search(domain))

    def test_a_project_without_an_order_shows_an_amount(self):
        project = self.env["project.project"].create(
            {
                "name": "On trust",
                "partner_id": self.customer.id,
                "allow_billable": True,
            }
        )
        self.make_change(120, order_id=False, project_id=project.id)
        self.assertCreep([project], 0, 120, False)

    # -- search ----------------------------------------------------------------------

    def test_it_can_be_searched_as_it_is_shown(self):
        self.make_change(150)
        for record in (self.order, self.project, self.customer):
            records = record.with_user(self.manager)
            for operator, value, found in (
                (">", 10, True),
                (">=", 15, True),
                (">", 15, False),
                ("<", 10, False),
                ("<=", 15, True),
                ("=", 15, True),
                ("=", 0, False),
                ("!=", 15, False),
                ("in", [15, 20], True),
            ):
                with self.subTest(model=record._name, operator=operator, value=value):
                    domain = [("id", "=", record.id), ("scope_creep", operator, value)]
                    self.assertEqual(bool(records.search(domain)), found)
                    self.assertEqual(bool(records.filtered_domain(domain)), found)

    def test_those_at_the_threshold_are_found(self):
        quiet = self.make_order((self.service_ordered, 10))
        self.make_change(400)
        for record in (self.order, self.project, self.customer):
            records = record.with_user(self.manager)
            domain = [("is_scope_creep_high", "=", True)]
            self.assertIn(record, records.search(domain))
            if record == self.order:
                self.assertNotIn(quiet, records.search(domain))
            domain = [("is_scope_creep_high", "=", False)]
            self.assertNotIn(record, records.search(domain))

    def test_who_is_outside_the_group_can_neither_read_nor_search_it(self):
        self.make_change(500)
        outsider = self.make_user("books", "account.group_account_user")
        for record in (self.order, self.customer):
            for name in FIELDS:
                with self.assertRaises(AccessError):
                    record.with_user(outsider).read([name])
            for domain in (
                [("scope_creep", ">", 1)],
                [("scope_creep", "=", 50)],
                [("is_scope_creep_high", "=", True)],
                [("is_scope_creep_high", "!=", True)],
            ):
                with self.assertRaises(AccessError):
                    record.with_user(outsider).search(domain)

    # -- the threshold ---------------------------------------------------------------

    def test_reaching_the_threshold_asks_the_salesperson_once(self):
        self.edit(11)
        self.assertFalse(self.get_activities())
        self.edit(12)
        self.assertRecordValues(
            self.get_activities(),
            [{"user_id": self.salesperson.id, "res_model": "scope.change"}],
        )
        self.assertTrue(self.order.scope_change_ids.crossed_threshold)
        self.edit(14)
        self.make_change(100)
        self.assertEqual(len(self.get_activities()), 1)

    def test_a_done_activity_is_not_asked_for_again_before_the_next_crossing(self):
        change = self.make_change(300)
        self.get_activities().action_feedback(feedback="Talked")
        self.make_change(50)
        self.assertFalse(self.get_activities())
        change.action_decline()
        self.assertFalse(change.crossed_threshold)
        self.make_change(400)
        self.assertEqual(len(self.get_activities()), 1)

    def test_below_the_threshold_the_activity_is_gone(self):
        change = self.make_change(300)
        self.assertTrue(self.get_activities())
        change.action_decline()
        self.assertFalse(self.get_activities())
        self.assertFalse(change.crossed_threshold)
        self.edit(15)
        self.assertTrue(self.get_activities())
        self.edit(10)
        self.assertFalse(self.get_activities())
        self.assertFalse(self.order.scope_change_ids - change)

    def test_cancelling_the_order_takes_the_activity_back(self):
        self.make_change(300)
        self.order.action_cancel()
        self.assertFalse(self.get_activities())
        self.order.action_draft()
        self.order.action_confirm()
        self.assertEqual(len(self.get_activities()), 1)

    def test_a_deleted_change_takes_its_activity_with_it(self):
        change = self.make_change(300)
        other = self.make_change(100)
        change.with_user(self.manager).unlink()
        self.assertFalse(other.activity_ids)
        self.assertCreep([self.order], 10, 100, False)

    def test_another_threshold_of_the_company_takes_effect_at_once(self):
        self.make_change(150)
        self.assertFalse(self.get_activities())
        self.company.scope_creep_threshold = 15
        self.assertCreep([self.order], 15, 150, True)
        self.assertEqual(len(self.get_activities()), 1)
        self.company.scope_creep_threshold = 30
        self.assertFalse(self.get_activities())

    def test_the_threshold_is_above_zero(self):
        for threshold in (0, -5, 1001, float("nan")):
            with self.assertRaises(Exception) as caught, self.cr.savepoint():
                self.company.scope_creep_threshold = threshold
                self.company.flush_recordset()
            self.assertIn("creep", str(caught.exception).lower())

    def test_nobody_outside_the_group_is_asked(self):
        self.order.user_id = self.outsider
        change = self.make_change(300, user_id=self.manager.id)
        self.assertEqual(change.activity_ids.user_id, self.manager)
        order = self.make_order((self.service_ordered, 10), user_id=False)
        order.team_id = False
        change = self.make_change(300, order_id=order.id, user_id=self.outsider.id)
        self.assertEqual(change.activity_ids.user_id, change.manager_id)
        self.assertTrue(change.manager_id.has_group(MANAGER_GROUP))

    def test_an_editor_outside_the_group_works_as_before_and_learns_nothing(self):
        clerk = new_test_user(
            self.env, "clerk", groups="base.group_user", company_id=self.company.id
        )
        self.env["ir.model.access"].create(
            [
                {
                    "name": f"clerk {model}",
                    "model_id": self.env["ir.model"]._get(model).id,
                    "perm_read": True,
                    "perm_write": True,
                }
                for model in ("sale.order", "sale.order.line")
            ]
        )
        messages = self.env["mail.message"].search([], order="id desc", limit=1)
        order = self.make_order((self.service_ordered, 10), user_id=self.salesperson.id)
        line = order.order_line.with_user(clerk)
        line.write({"product_uom_qty": 20, "price_unit": 100})
        activities = self.get_activities(order)
        self.assertEqual(activities.user_id, self.salesperson)
        self.assertFalse(activities.with_user(clerk).has_access("read"))
        self.assertNotEqual(activities.create_uid, clerk)
        added = self.env["mail.message"].search([("id", ">", messages.id or 0)])
        self.assertNotIn("scope.change", added.filtered("body").mapped("model"))
        self.assertNotIn("renegotiate", " ".join(added.mapped("body")).lower())
        with self.assertRaises(AccessError):
            order.with_user(clerk).action_view_scope_creep()
        with self.assertRaises(AccessError):
            order.with_user(clerk).action_renegotiate_scope_creep()
        form = order.with_user(clerk).get_view(view_type="form")["arch"]
        self.assertNotIn("creep", form)

    def test_a_task_of_the_portal_customer_reaches_the_threshold_in_silence(self):
        contact = self.make_customer(
            name="Ann", is_company=False, parent_id=self.customer.id
        )
        portal = new_test_user(
            self.env, "ann", groups="base.group_portal", partner_id=contact.id
        )
        self.project.privacy_visibility = "portal"
        self.project.message_subscribe(contact.ids)
        self.env["project.collaborator"].create(
            {"project_id": self.project.id, "partner_id": contact.id}
        )
        task = self.env["project.task"].with_user(portal)
        task = task.with_context(default_project_id=self.project.id).create(
            {"name": "And a shop in the shop"}
        )
        task.sudo().allocated_hours = 5
        task.sudo().with_user(self.manager).action_flag_out_of_scope()
        self.assertCreep([self.order], 50, 500, True)
        self.assertEqual(self.get_activities().user_id, self.salesperson)
        self.assertFalse(contact in self.order.scope_change_ids.message_partner_ids)

    def test_the_customer_who_signs_takes_the_activity_back_in_silence(self):
        contact = self.make_customer(
            name="Ann", is_company=False, parent_id=self.customer.id
        )
        portal = new_test_user(
            self.env, "ann", groups="base.group_portal", partner_id=contact.id
        )
        order = self.make_order((self.service_ordered, 10), user_id=self.salesperson.id)
        order.order_line.write({"product_uom_qty": 15, "price_unit": 100})
        change = order.scope_change_ids
        self.assertTrue(self.get_activities(order))
        change.action_renegotiate()
        change.amendment_id.with_user(portal).sudo()._validate_order()
        self.assertEqual(change.state, "agreed")
        self.assertFalse(self.get_activities(order))
        self.assertFalse(change.crossed_threshold)
        self.assertNotIn(contact, change.message_ids.author_id)

    def test_edits_cost_no_more_however_many_lines_and_changes_there_are(self):
        def count(size):
            order = self.make_order(*[(self.service_ordered, 10)] * size)
            for _index in range(size):
                self.make_change(1, order_id=order.id)
            line_vals = [
                Command.update(line.id, {"product_uom_qty": 20, "price_unit": 100})
                for line in order.order_line
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            order.write({"order_line": line_vals})
            self.env.flush_all()
            return self.cr.sql_log_count - before

        def count_added(size):
            following = count(size)
            with patch.object(self.registry["sale.order"], "_follow_creep"):
                return following - count(size)

        count(1)
        few, many = count_added(2), count_added(20)
        self.assertLessEqual(many, few + 2)
        # Where the threshold is not in sight, which is nearly always.
        self.company.scope_creep_threshold = 1000
        self.assertLessEqual(count_added(20), 3)

    def test_reading_costs_the_same_however_many_there_are(self):
        orders = self.env["sale.order"]
        for _index in range(12):
            order = self.make_order((self.project_service, 10))
            self.make_change(100, order_id=order.id)
            orders |= order

        def count(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            records.browse(records.ids).mapped("scope_creep")
            return self.cr.sql_log_count - before

        for records in (orders, orders.project_ids):
            count(records)
            self.assertLessEqual(count(records), count(records[:1]) + 1)

    # -- what one does about it ------------------------------------------------------

    def test_the_banner_opens_the_changes_that_count(self):
        counted = self.make_change(300)
        self.make_change(100, "declined")
        for record in (self.order, self.project):
            action = record.with_user(self.salesperson).action_view_scope_creep()
            found = self.env["scope.change"].search(action["domain"])
            self.assertEqual(found, counted)
        action = self.customer.with_user(self.salesperson).action_view_scope_changes()
        self.assertEqual(len(self.env["scope.change"].search(action["domain"])), 2)

    def test_the_banner_renegotiates_all_that_is_undecided(self):
        # Whoever edits tasks may edit an order that has some.
        self.order = self.make_order((self.service_ordered, 10))
        self.make_change(300, "absorbed")
        self.edit(13)
        typed = self.make_change(200, hours=2)
        order = self.order.with_user(self.salesperson)
        self.assertTrue(order.has_undecided_changes)
        action = order.action_renegotiate_scope_creep()
        amendment = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(amendment.amount_untaxed, 500)
        self.assertEqual(len(amendment.amended_change_ids), 2)
        self.assertIn(typed, amendment.amended_change_ids)
        self.assertCreep([self.order], 80, 800, True)
        amendment.action_confirm()
        self.assertCreep([self.order], 30, 300, True)
        self.assertFalse(order.has_undecided_changes)

    def test_the_project_panel_says_it_to_the_group_alone(self):
        self.make_change(300)
        colleague = self.make_user("leader", "project.group_project_user")
        data = self.project.with_user(colleague).get_panel_data()
        self.assertEqual(data["scope_creep"]["percent"], "30")
        self.assertTrue(data["scope_creep"]["is_high"])
        self.env.ref("project.group_project_user").implied_ids -= self.env.ref(
            "toxic_customer_exit.group_toxicity_user"
        )
        outsider = self.make_user("outside", "project.group_project_user")
        self.assertNotIn(
            "scope_creep", self.project.with_user(outsider).get_panel_data()
        )
        kanban = self.project.with_user(outsider).get_view(view_type="kanban")["arch"]
        self.assertNotIn("creep", kanban)

    def test_the_order_form_shows_it_to_the_salesperson(self):
        self.make_change(300)
        with Form(self.order.with_user(self.salesperson)) as form:
            self.assertEqual(form.scope_creep, 30)
            self.assertTrue(form.is_scope_creep_high)

    # -- against an independent computation ------------------------------------------

    def test_random_changes_give_what_adding_up_the_records_gives(self):
        dice = random.Random(4)
        orders = self.order
        for _index in range(5):
            orders |= self.make_order(
                *[
                    (self.service_ordered, dice.randint(1, 20))
                    for _line in range(dice.randint(1, 3))
                ]
            )
        for _index in range(60):
            self.do_something(dice, dice.choice(orders))
        self.assertTrue(any(order.scope_creep for order in orders))
        total = baselines = 0
        for order in orders:
            amount = self.add_up(order)
            percent = round(100 * amount / order.baseline_amount, 2)
            self.assertCreep([order], percent, amount, round(percent, 2) >= 20)
            self.assertEqual(
                len(order.scope_change_ids.filtered("crossed_threshold")),
                round(percent, 2) >= 20,
            )
            total, baselines = total + amount, baselines + order.baseline_amount
        percent = 100 * total / baselines
        self.assertCreep([self.customer], percent, total, round(percent, 2) >= 20)

    def do_something(self, dice, order):
        undecided = order.scope_change_ids.filtered(
            lambda change: change.state in ("detected", "negotiating")
        )
        deed = dice.choice(("edit", "edit", "type", "decide", "decide", "age"))
        if deed == "edit":
            dice.choice(order.order_line).write(
                {
                    "product_uom_qty": dice.randint(0, 20),
                    "price_unit": dice.choice((80, 100, 120)),
                    "discount": dice.choice((0, 0, 10)),
                }
            )
        elif deed == "type":
            self.make_change(dice.randint(1, 200), order_id=order.id)
        elif undecided and deed == "age":
            undecided[:1].date = date(2020, 1, dice.randint(1, 28))
        elif undecided:
            # What the rules refuse changes nothing.
            with suppress(UserError), self.env.cr.savepoint():
                undecided[:1].reason = "Once"
                undecided[:1].state = dice.choice(
                    ("agreed", "absorbed", "declined", "withdrawn", "negotiating")
                )

    def add_up(self, order):
        """From the items of each change, without the fields that are tested."""
        amount = 0
        for change in order.scope_change_ids:
            if change.state == "absorbed":
                amount += change.gift_amount
            elif change.state in ("detected", "negotiating"):
                amount += max(change.gift_amount, self.add_up_lines(change))
        return amount

    def add_up_lines(self, change):
        if not change.item_ids:
            return change.amount
        added = 0
        for line in change.item_ids.order_line_id:
            items = change.item_ids.filtered(
                lambda i, line=line: i.order_line_id == line
            )
            worth = sum(items.mapped("amount")) + sum(items.mapped("gift_amount"))
            grew = any(
                item.what in ("quantity", "line") and item.new_number > item.old_number
                for item in items
            )
            given = sum(items.mapped("gift_amount"))
            added += max(0, given, (worth or sum(items.mapped("amount"))) * grew)
        return added
