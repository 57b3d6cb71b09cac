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
