from odoo.tests import HttpCase, tagged

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestTour(ToxicityCommon, HttpCase):
    def test_a_manager_goes_from_a_signal_to_the_posted_final_invoice(self):
        customer = self.make_customer(name="Tour Customer Ltd")
        order = self.make_order((self.service_ordered, 10), partner_id=customer.id)
        order.order_line.qty_delivered = 4
        self.rescore(customer)
        # A company of one: the manager of the tour approves the own exit
        self.company.sudo().exit_self_approval = True
        self.start_tour(
            "/odoo/customers-by-risk",
            "toxic_customer_exit.signal_to_invoice",
            login="manager",
        )
        signal = self.env["toxicity.signal"].search([("partner_id", "=", customer.id)])
        self.assertRecordValues(
            signal, [{"user_id": self.manager.id, "severity": "3", "kind": "fact"}]
        )
        case = self.env["customer.exit"].search([("partner_id", "=", customer.id)])
        self.assertRecordValues(case, [{"state": "invoiced"}])
        self.assertRecordValues(
            case.invoice_ids, [{"state": "posted", "amount_untaxed": 4 * 100.0}]
        )

    def test_a_doubled_project_is_renegotiated_signed_and_invoiced_once(self):
        customer = self.make_customer(name="Tour Customer Ltd", email="t@example.com")
        portal = self.make_user(
            "customer", "base.group_portal", partner_id=customer.id, password="customer"
        )
        service = self.make_service(
            "Online shop", "ordered_prepaid", service_tracking="task_in_project"
        )
        order = self.make_order((service, 10), partner_id=customer.id, confirm=False)
        seller = self.make_user(
            "seller",
            "sales_team.group_sale_manager,project.group_project_manager",
            email="seller@example.com",
        )
        self.start_tour(
            f"/odoo/sales/{order.id}",
            "toxic_customer_exit.sell_and_double",
            login=seller.login,
        )
        self.start_tour(
            f"/odoo/m-project.project/{order.project_ids.id}",
            "toxic_customer_exit.allocate_hours",
            login=seller.login,
        )
        change = order.scope_change_ids
        self.assertRecordValues(
            change, [{"hours": 10.0, "amount": 1000.0, "state": "detected"}]
        )
        self.start_tour(
            f"/odoo/sales/{order.id}",
            "toxic_customer_exit.renegotiate",
            login=seller.login,
        )
        amendment = change.amendment_id
        self.start_tour(
            amendment.get_portal_url(),
            "toxic_customer_exit.sign_amendment",
            login=portal.login,
        )
        self.assertRecordValues(
            amendment, [{"state": "sale", "signed_by": "Terry Tour"}]
        )
        self.assertEqual(change.state, "agreed")
        self.assertEqual(amendment.project_ids, order.project_ids)
        invoices = self.make_invoices(order | amendment)
        self.assertEqual(
            sum(invoices.mapped("amount_untaxed")),
            order.baseline_amount + amendment.amount_untaxed,
        )
        self.assertEqual(sum(invoices.mapped("amount_untaxed")), 2000)

    def test_a_manager_offers_options_and_the_customer_signs_one_and_stays(self):
        customer = self.make_customer(name="Tour Customer Ltd", email="t@example.com")
        self.manager.email = "manager@example.com"
        portal = self.make_user(
            "customer",
            "base.group_portal",
            partner_id=customer.id,
            password="customer",
            name=customer.name,
        )
        case = self.make_exit(customer, state="draft")
        self.start_tour(
            f"/odoo/customer-exits/{case.id}",
            "toxic_customer_exit.offer_options",
            login=self.manager.login,
        )
        self.assertEqual(case.option_ids.mapped("state"), ["offered"] * 2)
        self.start_tour(
            case.offer_ids._get_url(),
            "toxic_customer_exit.sign_option",
            login=portal.login,
        )
        self.assertRecordValues(
            case.option_ids.sorted("state"),
            [
                {"state": "accepted", "signed_by": "Terry Tour"},
                {"state": "withdrawn", "signed_by": False},
            ],
        )
        self.start_tour(
            f"/odoo/customer-exits/{case.id}",
            "toxic_customer_exit.see_retained",
            login=self.manager.login,
        )
        self.assertEqual(case.state, "retained")
        self.assertIn("kept", case.commitment_ids.mapped("state"))

    def test_a_manager_chooses_in_the_preview_what_becomes_of_another_price(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 3
        invoice = order._create_invoices()
        invoice.invoice_line_ids.price_unit = 80
        invoice.action_post()
        order.order_line.qty_delivered = 5
        case = self.make_exit()
        self.start_tour(
            f"/odoo/customer-exits/{case.id}",
            "toxic_customer_exit.choose_price",
            login=self.manager.login,
        )
        # Two more at the price of the order, and what was missing of the three
        self.assertEqual(case.invoice_ids.amount_untaxed, 2 * 100 + 3 * 20)
