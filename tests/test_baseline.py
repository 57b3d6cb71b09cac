from datetime import datetime

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestBaseline(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.make_order(
            (cls.service_ordered, 10),
            commitment_date=datetime(2030, 3, 1, 12),
            objectives="<p>Sell more</p>",
        )

    def forget(self, order):
        """As if the order had been confirmed before the module was there."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE sale_order
                   SET baseline_amount = NULL, baseline_hours = NULL,
                       baseline_commitment_date = NULL, baseline_objectives = NULL,
                       date_baseline = NULL
                 WHERE id IN %s
                """,
                tuple(order.ids),
            )
        )
        self.env.invalidate_all()

    def make_tracked_order(self, *quantities):
        """An order confirmed and edited as in Odoo alone, its history kept."""
        order = self.make_order((self.service_ordered, 5), confirm=False)
        order = order.with_context(
            tracking_disable=False, mail_notrack=False, install_mode=True
        )
        # Odoo tracks nothing in the transaction that creates a record.
        self.env.cr.precommit.run()
        for quantity in (None, *quantities):
            if quantity is None:
                order.action_confirm()
            else:
                order.order_line.write({"product_uom_qty": quantity, "price_unit": 100})
            order.env.flush_all()
            self.env.cr.precommit.run()
        self.forget(order)
        return order

    def test_what_was_agreed_is_kept_beside_what_is(self):
        self.order.order_line.write({"product_uom_qty": 13, "price_unit": 100})
        self.order.write(
            {
                "commitment_date": datetime(2030, 3, 8, 9),
                "objectives": "<p>Spend less</p>",
            }
        )
        self.assertRecordValues(
            self.order.with_user(self.salesperson),
            [
                {
                    "baseline_amount": 1000.0,
                    "baseline_amount_drift": 300.0,
                    "baseline_hours": 10.0,
                    "ordered_hours": 13.0,
                    "baseline_hours_drift": 3.0,
                    "baseline_commitment_date": datetime(2030, 3, 1, 12),
                    "baseline_days_drift": 7,
                    "baseline_objectives": "<p>Sell more</p>",
                    "has_other_objectives": True,
                    "is_baseline_reconstructed": False,
                }
            ],
        )

    def test_nothing_of_it_is_rewritten(self):
        for name, value in (
            ("baseline_hours", 1),
            ("baseline_commitment_date", False),
            ("baseline_objectives", "<p>Other</p>"),
            ("date_baseline", False),
        ):
            with self.subTest(name=name), self.assertRaises(ValidationError):
                self.order[name] = value

    def test_quotations_and_copies_have_none(self):
        copy = self.order.copy()
        self.assertRecordValues(
            copy,
            [
                {
                    "date_baseline": False,
                    "baseline_amount_drift": 0.0,
                    "baseline_hours_drift": 0.0,
                    "has_other_objectives": False,
                    "objectives": "<p>Sell more</p>",
                }
            ],
        )

    def test_the_form_shows_it(self):
        with Form(self.order.with_user(self.salesperson)) as form:
            self.assertEqual(form.baseline_amount, 1000)
            form.objectives = "<p>Spend less</p>"
        self.assertTrue(self.order.has_other_objectives)

    def test_confirmed_before_it_is_read_from_the_history(self):
        order = self.make_tracked_order(8, 12)
        self.assertEqual(order.amount_untaxed, 1200)
        order.with_user(self.salesperson).action_reconstruct_baseline()
        self.assertRecordValues(
            order,
            [
                {
                    "baseline_amount": 500.0,
                    "baseline_hours": 12.0,
                    "is_baseline_reconstructed": True,
                }
            ],
        )
        self.assertTrue(order.date_baseline)

    def test_without_history_it_is_what_it_is(self):
        order = self.make_order((self.service_ordered, 5))
        self.forget(order)
        order.action_reconstruct_baseline()
        self.assertRecordValues(
            order,
            [
                {
                    "baseline_amount": 500.0,
                    "baseline_hours": 5.0,
                    "date_baseline": order.date_order,
                    "is_baseline_reconstructed": True,
                }
            ],
        )

    def test_installing_reads_all_orders_at_once(self):
        orders = self.make_order((self.service_ordered, 5)) | self.make_order(
            (self.service_delivered, 3)
        )
        quotation = self.make_order((self.service_ordered, 1), confirm=False)
        self.forget(orders)
        self.env["sale.order"]._reconstruct_baselines()
        self.assertEqual(orders.mapped("baseline_hours"), [5, 3])
        self.assertFalse(quotation.date_baseline)
        self.assertFalse(self.order.is_baseline_reconstructed)

    def test_what_was_kept_is_not_read_again(self):
        with self.assertRaisesRegex(UserError, self.order.name):
            self.order.action_reconstruct_baseline()

    def test_outsiders_and_customers_have_nothing_of_it(self):
        portal = self.make_user(
            "portal", "base.group_portal", partner_id=self.customer.id
        )
        for user in (portal, self.outsider):
            order = self.order.with_user(user)
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    order.action_reconstruct_baseline()
                with self.assertRaises(AccessError):
                    order.read(["objectives"])
