import random

from odoo.tests import tagged

from .scan_common import ScanCommon

ROUNDS = 12
DAYS = 14


@tagged("post_install", "-at_install")
class TestScopeScanRandom(ScanCommon):
    """Whatever happened unseen: found and accepted, the register makes the order."""

    def test_after_any_history_the_register_makes_the_order(self):
        dice = random.Random(1904)
        for number in range(ROUNDS):
            with self.subTest(number=number):
                self.run_history(dice, blank=number % 2 == 0)

    def run_history(self, dice, blank):
        order = self.sell(
            *[
                (self.service_ordered, dice.randint(1, 9), dice.randint(50, 99) + 0.37)
                for _index in range(dice.randint(1, 3))
            ]
        )
        for day in sorted(dice.choices(range(1, DAYS), k=dice.randint(2, 7))):
            self.happen(dice, order, day, silent=blank or dice.random() < 0.6)
        if blank:
            order.sudo().scope_change_ids.unlink()
            self.forget_baselines(order)
        self.scan(order)
        proposals = self.get_proposals(order)
        # On some days the rest is found only after the first part is decided.
        some = proposals[: dice.randint(0, len(proposals))]
        some.action_accept()
        self.scan(order)
        self.assertEqual(self.get_proposals(order), proposals)
        self.happen(dice, order, DAYS, silent=True)
        self.scan(order)
        self.get_proposals(order, "proposed").action_accept()
        self.assert_the_law(order)
        self.assertIn("Nothing was found", self.scan(order))

    def happen(self, dice, order, day, silent):
        """One thing that people do to a confirmed order."""
        if dice.random() < 0.2:
            return self.agree_anew(dice, order, day, silent)
        line = dice.randrange(len(order.order_line))
        values = dice.choice(
            [
                {"product_uom_qty": dice.randint(0, 12)},
                {"price_unit": dice.randint(40, 120) + 0.49},
                {"discount": dice.choice([0, 5, 12.5])},
            ]
        )
        return self.edit(order, day, silent=silent, line=line, **values)

    def agree_anew(self, dice, order, day, silent):
        steps = order.with_context(install_mode=True) if silent else order
        with self.on_day(day):
            steps._action_cancel()
        with self.on_day(day):
            steps.action_draft()
        self.edit(order, day, product_uom_qty=dice.randint(1, 12))
        with self.on_day(day):
            steps.action_confirm()
