from collections import Counter
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, seed, settings

from odoo.tests import tagged

from .settlement_stage import SettlementStage, exact, rounded
from .settlement_world import KINDS, worlds
from .test_final_invoice import FinalInvoiceCommon

# Within one run Hypothesis varies what it has drawn; several runs differ more.
SEEDS = (1, 2, 3)


class RandomSettlement(SettlementStage, FinalInvoiceCommon):
    """Worlds to live through, and what their books say."""

    # Customers of a world share the steps of Odoo: each alone would take much longer.
    worlds, customers = 9, 12

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_stage()

    def hold_in_worlds(self, number):
        # Shrinking would live through thousands of histories; what disagrees is named.
        @seed(number)
        @settings(
            max_examples=self.worlds,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(worlds(self.customers))
        def hold(world):
            with closing(self.env.cr.savepoint()):
                self.live_and_settle(world)

        hold()

    def make_exits(self, lived):
        """Exits in their wrap-up; how they get there is looked at elsewhere."""
        return (
            self.env["customer.exit"]
            .sudo()
            .create(
                [
                    {"partner_id": customer.id, "state": "wrap_up"}
                    for _told, customer, _orders in lived
                ]
            )
            .with_user(self.manager)
        )

    def settle(self, exit_case, told):
        self.issue_or_settle(exit_case, told)
        # What was settled just now is not to be settled again.
        self.assertFalse(exit_case._get_unsettled_lines().mapped("display_name"))

    def issue_or_settle(self, exit_case, told):
        if told.is_rebilled:
            plan = exit_case._get_settlement_plan()
            credited = [entry.line for entry in plan if entry.credited]
            exit_case._choose_rebilled(self.env["sale.order.line"].union(*credited))
        obstacles = exit_case._get_invoice_obstacles()
        self.assertLessEqual(set(obstacles), {"nothing_to_bill"}, obstacles)
        if obstacles:
            exit_case.settlement_reason = "Nothing left"
            exit_case.action_settle_without_invoice()
        else:
            exit_case.action_issue_final_invoice()
        self.assertEqual(exit_case.state, "invoiced")

    def assert_law(self, lived):
        billed = self.get_billed()
        for told, _customer, orders in lived:
            for order in orders:
                due = self.due(order, told.is_rebilled)
                found = rounded(billed.get(order, Decimal(0)))
                self.assertEqual(found, due, f"{told}\n{self.describe(order)}")

    def get_billed(self):
        """{order: Σ posted invoices − Σ credit notes}, untaxed and in its currency."""
        billed = {}
        moves = self.orders.invoice_ids
        moves = moves.filtered(lambda move: move.state != "cancel")
        self.assertLessEqual(set(moves.mapped("state")), {"posted"})
        for move in moves:
            sign = {"out_invoice": 1, "out_refund": -1}[move.move_type]
            for item in move.invoice_line_ids:
                if item.display_type == "product":
                    order = item.sale_line_ids.order_id
                    self.assertEqual(order.currency_id, move.currency_id)
                    amount = sign * exact(item.price_subtotal)
                    billed[order] = billed.get(order, Decimal(0)) + amount
        return billed

    def describe(self, orders):
        return "\n".join(
            f"{line.display_name}: {self.pages[line]}"
            for line in orders.order_line
            if line in self.pages
        )


@tagged("post_install", "-at_install")
class TestFinalInvoiceRandom(RandomSettlement):
    """The law over five hundred histories of orders that nobody thought of.

    A history is one order, of a customer with up to three that are settled together;
    what is billed is compared with the books order by order, to the cent.

    Drawn are lines of seven kinds (ordered, delivered, hours, milestones of both
    policies, expenses, items of combos) with discounts and taxes in, on or off the
    price; sections, notes, optional sections; rebates on orders; down payments in
    percent, fixed and several; interim bills with and without deduction; goodwill
    credits, forgiven or billed again; own invoice addresses, fiscal positions, a
    foreign currency and locked orders.

    Not drawn, but looked at one by one in the other tests: bills of a period, cash
    rounding, companies and branches, rounding per document, bills in other units or
    at other prices, negative quantities, analytic plans.
    """

    def test_the_law_holds_for_every_history(self):
        self.seen, self.different = Counter(), set()
        for number in SEEDS:
            self.hold_in_worlds(number)
        self.assertGreaterEqual(len(self.different), 500)
        for kind in (*KINDS, "credited", "rebilled", "advance", "rebate", "refund"):
            with self.subTest(kind=kind):
                self.assertGreaterEqual(self.seen[kind], 20)

    def live_and_settle(self, world):
        lived = self.live(world)
        exits = self.make_exits(lived)
        for exit_case, (told, _customer, _orders) in zip(exits, lived, strict=True):
            self.settle(exit_case, told)
        self.assert_law(lived)
        for told, _customer, orders in lived:
            self.count(told, orders)
        lines = self.orders.order_line.filtered("product_id")
        left = lines.filtered(lambda line: abs(line.qty_to_invoice) > 0.001)
        self.assertFalse(left.mapped("display_name"))

    def count(self, told, orders):
        self.different.update(told.orders)
        self.seen["rebilled"] += told.is_rebilled
        for order in told.orders:
            self.seen["advance"] += bool(order.advances)
            self.seen["rebate"] += bool(order.rebate)
            self.seen.update(line.kind for line in order.lines)
        pages = [self.pages[line] for line in orders.order_line if line in self.pages]
        self.seen["credited"] += any(page.credited for page in pages)
        final = orders.invoice_ids.filtered("exit_id")
        self.seen["refund"] += "out_refund" in final.mapped("move_type")


@tagged("post_install", "-at_install")
class TestSettledAgainRandom(RandomSettlement):
    """The same law, where a settlement is taken back, or work comes after it."""

    worlds, customers = 3, 8

    def test_what_is_taken_back_is_settled_the_same_once_more(self):
        self.hold_in_worlds(4)

    def live_and_settle(self, world):
        lived = self.live(world)
        exits = self.make_exits(lived)
        agreed = self.get_terms()
        for exit_case, (told, _customer, _orders) in zip(exits, lived, strict=True):
            self.settle(exit_case, told)
        final = exits.sudo().invoice_ids
        final.button_draft()
        final.button_cancel()
        exits.action_reopen_settlement("A mistake")
        self.env.invalidate_all()
        self.assertEqual(self.get_terms(), agreed)
        for exit_case, (told, _customer, _orders) in zip(exits, lived, strict=True):
            self.settle(exit_case, told)
        self.assert_law(lived)

    def get_terms(self):
        return {line: line._get_settled_terms() for line in self.pages}

    def get_billed(self):
        cancelled = self.orders.invoice_ids.filtered(
            lambda move: move.state == "cancel"
        )
        self.assertTrue(all(cancelled.mapped("exit_id")))
        return super().get_billed()


@tagged("post_install", "-at_install")
class TestSettledLaterRandom(RandomSettlement):
    """Work of the last period comes after the final invoice, and is billed alone."""

    worlds, customers = 3, 8

    def test_late_work_is_billed_in_addition(self):
        self.reopened = 0
        self.hold_in_worlds(5)
        self.assertGreater(self.reopened, 5)

    def live_and_settle(self, world):
        # What a rebate billed once comes to then is looked at by itself.
        lived = self.live([without_rebates(told) for told in world])
        exits = self.make_exits(lived)
        for exit_case, (told, _customer, _orders) in zip(exits, lived, strict=True):
            self.settle(exit_case, told)
        self.note(exits.sudo().invoice_ids)
        self.late = True
        self.deliver(2)
        for exit_case, (told, _customer, _orders) in zip(exits, lived, strict=True):
            if exit_case._get_unsettled_lines():
                self.reopened += 1
                exit_case.action_reopen_settlement("A mistake")
                self.settle(exit_case, told)
        self.assert_law(lived)
        self.late = False

    late = False

    def deliver(self, period):
        if period < 2 or self.late:
            return super().deliver(period)
        return None


def without_rebates(told):
    orders = tuple(replace(order, rebate=Decimal(0)) for order in told.orders)
    return replace(told, orders=orders)
