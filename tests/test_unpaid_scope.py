from odoo.tests import tagged

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestUnpaidScope(ToxicityCommon):
    """The register of scope changes feeds the score, and is opened from there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.make_order((cls.service_ordered, 10))

    def make_change(self, amount, days, state="detected"):
        return self.env["scope.change"].create(
            {
                "order_id": self.order.id,
                "description": "One more thing",
                "amount": amount,
                "date": self.days_ago(days),
                "reason": "For peace",
                "state": state,
            }
        )

    def get_line(self):
        return self.rescore().line_ids.filtered(
            lambda line: line.indicator_id == self.indicator("unpaid_scope")
        )

    def test_changes_absorbed_or_long_undecided_enter_the_score(self):
        self.assertFalse(self.get_line().load)
        counted = self.make_change(150, 3, "absorbed") + self.make_change(100, 20)
        self.make_change(500, 3)
        self.make_change(500, 20, "declined")
        line = self.get_line()
        self.assertAlmostEqual(line.value, 0.25)
        self.assertTrue(line.load)
        action = line.with_user(self.salesperson).action_open_records("scope.change")
        self.assertEqual(
            self.env["scope.change"].search(action["domain"]),
            counted.sorted("date", reverse=True),
        )

    def test_an_edited_order_enters_the_score_once_it_is_absorbed(self):
        self.order.order_line.write({"discount": 20, "price_unit": 100})
        change = self.order.scope_change_ids
        self.assertFalse(self.get_line().load)
        change.reason = "Once"
        change.action_absorb()
        self.assertAlmostEqual(self.get_line().value, 0.2)
        models = [link["model"] for link in self.get_line()._get_record_links()]
        self.assertIn("scope.change", models)
