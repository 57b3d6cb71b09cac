from datetime import date, timedelta

from odoo.tests import HttpCase, tagged

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestExitSimulationTour(ToxicityCommon, HttpCase):
    def test_a_manager_simulates_an_exit_and_finds_the_month(self):
        customer = self.make_customer(name="Tour Customer Ltd")
        other = self.make_customer(name="Kind Ltd")
        today = self.days_ago(0)
        self.make_invoice(4000, today, today, customer)
        self.make_invoice(6000, today, today, other)
        self.make_work(24, customer, cost=50)
        self.make_work(40, other, cost=50)
        # 6 000 of margin from the fourth month on, of which the two hours that are
        # freed a month earn 200 as computed, and 1 000 at 500 an hour.
        closing = (today.replace(day=1) + timedelta(days=31 * 3)).replace(day=15)
        self.env["crm.lead"].create(
            {
                "name": "More advice",
                "type": "opportunity",
                "partner_id": other.id,
                "expected_revenue": 18_000,
                "probability": 50,
                "date_deadline": max(closing, date.today()),
            }
        )
        self.rescore(customer)
        self.start_tour(
            "/odoo/customers-by-risk",
            "toxic_customer_exit.simulate_exit",
            login="manager",
        )
