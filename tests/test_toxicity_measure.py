"""Each measure against an independent computation in Python over the records."""

from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError

from .common import USER_GROUP, ToxicityCommon
from .measure_books import Books
from .measure_oracle import poor_rating

TODAY = date(2026, 3, 10)


def ago(days):
    return TODAY - timedelta(days)


@freeze_time(TODAY)
class MeasureCommon(ToxicityCommon):
    def value(self, code, customer=None):
        """The measured value, None where there is no data."""
        line = self.rescore(customer).line_ids.filtered(
            lambda line: line.indicator_id.code == code
        )
        return line.value if line else None

    def behind(self, code, customer=None, model=None):
        line = self.rescore(customer).line_ids.filtered(
            lambda line: line.indicator_id.code == code
        )
        action = line.with_user(self.salesperson).action_open_records(model)
        return (
            self.env[action["res_model"]]
            .with_user(self.salesperson)
            .with_context(**action["context"])
            .search(action["domain"])
            .sudo()
        )

    def make_dated_order(self, days, *lines, **values):
        order = self.make_order(*lines, **values)
        order.date_order = datetime.combine(ago(days), datetime.min.time())
        return order


class TestRecordsBehind(MeasureCommon):
    """Which records: test_measure_oracle.py compares them for every measure."""

    def get_line(self, code, user):
        return (
            self.get_score()
            .line_ids.filtered(lambda line: line.indicator_id.code == code)
            .with_user(user)
        )

    def test_every_measure_tells_what_is_behind_it(self):
        measures = self.env["toxicity.measure"]
        behind = measures._get_records_behind()
        self.assertEqual(behind.keys(), measures._get_codes())
        for code, models in behind.items():
            with self.subTest(code=code):
                self.assertTrue(models)

    def test_what_is_not_behind_the_number_does_not_open(self):
        invoice = self.make_invoice(1000, ago(100), ago(80))
        self.rescore()
        line = self.get_line("payment_delay", self.salesperson)
        action = line.action_open_records("account.move")
        self.assertEqual(
            self.env["account.move"].search(action["domain"]).ids, invoice.ids
        )
        for model in ("res.users", "sale.order", "no.model"):
            with self.subTest(model=model), self.assertRaisesRegex(UserError, "behind"):
                line.action_open_records(model)

    def test_a_link_is_offered_to_whoever_may_read_the_records(self):
        self.make_invoice(1000, ago(100), ago(80))
        self.rescore()
        newcomer = self.make_user("newcomer", f"base.group_user,{USER_GROUP}")
        for user, readable in ((self.manager, True), (newcomer, False)):
            with self.subTest(user=user.login):
                self.assertEqual(
                    self.get_line("payment_delay", user)._get_bar()["records"],
                    [
                        {
                            "model": "account.move",
                            "label": "Invoices",
                            "readable": readable,
                        }
                    ],
                )


class TestRatingsElsewhere(MeasureCommon):
    """Ratings of what is neither a task nor a project: tickets, products, orders."""

    def rate(self, record, rating=1):
        self.env["rating.rating"].sudo().create(
            {
                "res_model_id": self.env["ir.model"]._get_id(record._name),
                "res_id": record.id,
                "partner_id": self.customer.id,
                "rating": rating,
                "consumed": True,
            }
        )

    def get_rated(self, company):
        """The value in that company, and the same from the conventions in Python."""
        line = self.get_score(company=company).line_ids.filtered(
            lambda line: line.indicator_id.code == "poor_rating"
        )
        expected = poor_rating(Books(self.env, TODAY))
        finding = expected.get((self.customer.sudo(), company.sudo()))
        self.assertEqual(bool(line), bool(finding))
        if finding:
            self.assertAlmostEqual(line.value, float(finding.value), 5)
        return line.value if line else None

    def test_a_rating_counts_in_the_company_of_what_was_rated(self):
        other = self.setup_other_company()["company"]
        self.env.user.company_ids |= other
        # We sell to the customer: without a company the rating would count here.
        self.make_order((self.service_ordered, 1))
        self.rate(self.make_product(company_id=other.id))
        self.rescore()
        self.assertIsNone(self.get_rated(self.company))
        self.assertEqual(self.get_rated(other), 1)

    def test_a_rating_of_what_is_everybodys_counts_for_all_who_sold(self):
        other = self.setup_other_company()["company"]
        self.env.user.company_ids |= other
        self.make_order((self.service_ordered, 1))
        self.rate(self.make_product(company_id=False), rating=3)
        self.rescore()
        self.assertEqual(self.get_rated(self.company), 0.5)
        self.assertIsNone(self.get_rated(other))

    def test_a_rated_order_counts_in_its_company(self):
        self.rate(self.make_order((self.service_ordered, 1), confirm=False))
        self.rescore()
        self.assertEqual(self.get_rated(self.company), 1)

    def make_product(self, **values):
        return self.env["product.template"].create({"name": "Course", **values})


class TestPaymentDelay(MeasureCommon):
    def test_no_invoice_is_no_data(self):
        self.assertIsNone(self.value("payment_delay"))

    def test_parts_paid_and_unpaid_weigh_by_amount(self):
        invoice = self.make_invoice(1000, ago(100), ago(80))
        self.pay(invoice, 300, ago(70))
        self.pay(invoice, 200, ago(90))
        # 300 paid 10 days late, 200 early, 500 open for 80 days
        self.assertAlmostEqual(
            self.value("payment_delay"), (300 * 10 + 200 * 0 + 500 * 80) / 1000, 4
        )
        self.assertEqual(self.behind("payment_delay"), invoice)

    def test_what_is_not_yet_due_is_left_out(self):
        self.make_invoice(1000, ago(10), TODAY + timedelta(20))
        self.make_invoice(100, ago(10), TODAY)
        self.assertIsNone(self.value("payment_delay"))

    def test_a_credit_note_is_no_payment(self):
        invoice = self.make_invoice(1000, ago(100), ago(80))
        refund = invoice._reverse_moves([{"date": ago(10), "invoice_date": ago(10)}])
        refund.invoice_line_ids.price_unit = 400
        refund.action_post()
        (invoice + refund).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(invoice.amount_residual, 600)
        self.assertAlmostEqual(self.value("payment_delay"), 80, 4)

    def test_instalments_are_late_each_by_its_own_date(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "Half now, half in 30 days",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (0, 30)
                ],
            }
        )
        self.make_invoice(1000, ago(50), False, invoice_payment_term_id=terms.id)
        self.assertAlmostEqual(
            self.value("payment_delay"), (500 * 50 + 500 * 20) / 1000
        )

    def test_the_window_ends_a_year_ago_and_today(self):
        outside = self.make_invoice(100, ago(365), ago(365))
        self.assertIsNone(self.value("payment_delay"))
        inside = self.make_invoice(100, ago(364), ago(300))
        self.assertAlmostEqual(self.value("payment_delay"), 300, 4)
        self.assertEqual(self.behind("payment_delay"), inside)
        self.assertNotIn(outside, self.behind("payment_delay"))

    def test_draft_and_foreign_company_invoices_are_left_out(self):
        invoice = self.make_invoice(100, ago(50), ago(40))
        invoice.button_draft()
        self.assertIsNone(self.value("payment_delay"))

    def test_invoices_of_a_contact_belong_to_its_customer_today(self):
        contact = self.make_customer(name="Buyer", is_company=False)
        self.make_invoice(100, ago(50), ago(40), customer=contact)
        contact.parent_id = self.customer
        self.assertAlmostEqual(self.value("payment_delay"), 40, 4)

    def test_an_archived_customer_still_has_its_number(self):
        self.make_invoice(100, ago(50), ago(40))
        self.customer.active = False
        self.assertAlmostEqual(self.value("payment_delay"), 40, 4)

    def test_foreign_currency_weighs_in_company_currency(self):
        currency = self.setup_other_currency("EUR", rates=[("1900-01-01", 2.0)])
        self.make_invoice(1000, ago(100), ago(30), currency_id=currency.id)
        self.make_invoice(1000, ago(100), ago(60))
        self.assertAlmostEqual(
            self.value("payment_delay"), (500 * 30 + 1000 * 60) / 1500, 4
        )


class TestDiscountShare(MeasureCommon):
    def test_no_order_is_no_data(self):
        self.make_order((self.service_ordered, 10, 100, 20), confirm=False)
        self.assertIsNone(self.value("discount_share"))

    def test_discount_over_list_price_of_all_lines(self):
        order = self.make_order(
            (self.service_ordered, 10, 100, 20), (self.service_delivered, 5, 80, 0)
        )
        self.make_order((self.service_ordered, 1, 300, 50))
        given = 10 * 100 * 0.2 + 300 * 0.5
        self.assertAlmostEqual(
            self.value("discount_share"), given / (1000 + 400 + 300), 5
        )
        self.assertLessEqual(order.order_line, self.behind("discount_share"))

    def test_negative_display_and_cancelled_lines_are_left_out(self):
        self.make_order((self.service_ordered, 10, 100, 10)).write(
            {
                "order_line": [
                    Command.create({"display_type": "line_note", "name": "A note"}),
                    Command.create(
                        {
                            "product_id": self.service_ordered.id,
                            "product_uom_qty": 1,
                            "price_unit": -50,
                        }
                    ),
                ]
            }
        )
        cancelled = self.make_order((self.service_ordered, 10, 100, 90))
        cancelled._action_cancel()
        self.assertAlmostEqual(self.value("discount_share"), 0.1, 5)

    def test_orders_before_the_window_are_left_out(self):
        self.make_dated_order(365, (self.service_ordered, 10, 100, 90))
        self.assertIsNone(self.value("discount_share"))
        self.make_dated_order(364, (self.service_ordered, 10, 100, 10))
        self.assertAlmostEqual(self.value("discount_share"), 0.1, 5)


class TestNeverRenewed(MeasureCommon):
    def test_no_order_is_no_data(self):
        self.assertIsNone(self.value("never_renewed"))

    def test_one_old_order_alone_counts(self):
        order = self.make_dated_order(365, (self.service_ordered, 1))
        self.assertEqual(self.value("never_renewed"), 1)
        self.assertEqual(self.behind("never_renewed"), order)

    def test_one_order_of_the_window_does_not(self):
        self.make_dated_order(364, (self.service_ordered, 1))
        self.assertEqual(self.value("never_renewed"), 0)

    def test_a_second_order_ends_it(self):
        self.make_dated_order(500, (self.service_ordered, 1))
        self.make_dated_order(400, (self.service_ordered, 1))
        self.assertEqual(self.value("never_renewed"), 0)
