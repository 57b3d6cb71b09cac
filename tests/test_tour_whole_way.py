from odoo.tests import HttpCase, tagged

from .gate_common import GateCommon


@tagged("post_install", "-at_install")
class TestTourWholeWay(GateCommon, HttpCase):
    """From the first proposal to the look back, as each of the three sees it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {
                "name": "Tour Customer Ltd",
                "email": "t@example.com",
                "invoice_sending_method": "email",
            }
        )
        cls.salesperson.email = "seller@example.com"
        cls.manager.email = "manager@example.com"
        cls.portal = cls.make_user(
            "customer",
            "base.group_portal",
            partner_id=cls.customer.id,
            password="customer",
            name=cls.customer.name,
        )
        cls.order = cls.make_order((cls.service_ordered, 10))
        cls.order.order_line.qty_delivered = 4
        cls.quotation = cls.make_order((cls.service_ordered, 1), confirm=False)
        cls.lead = cls.make_lead()
        project = cls.make_project(name="Site")
        cls.proofs = cls.make_task(project, name="Proof reading")
        cls.hosting = cls.make_task(project, name="Hosting")
        cls.case = cls.make_exit(state="draft", notice_days=0)
        cls.form = f"/odoo/customer-exits/{cls.case.id}"

    def setUp(self):
        super().setUp()
        # Whether the server makes PDFs is not what this is about.
        self.patch(self.registry["customer.exit"], "_can_make_pdf", lambda case: True)

    def go(self, user, *tours, url=None):
        for tour in tours:
            self.start_tour(
                url or self.form, f"toxic_customer_exit.{tour}", login=user.login
            )

    def get_option(self, kind):
        return self.case.option_ids.filtered(lambda option: option.kind == kind)

    def test_requester_customer_and_manager_go_the_whole_way(self):
        self.go(self.salesperson, "offer_options")
        page = self.case.offer_ids._get_url()
        self.go(self.portal, "ask_and_decline", "sign_option", url=page)
        self.assertEqual(self.case.state, "retained")
        self.assertRecordValues(
            self.get_option("pause") | self.get_option("prepay"),
            [
                {"state": "accepted", "signed_by": "Terry Tour"},
                {"state": "declined", "signed_by": False},
            ],
        )
        self.go(self.salesperson, "miss_promise")
        self.go(self.manager, "decide", "pass_the_gate", "bill", "send_and_show")
        self.assertSettled()
        statement = self.case.with_user(self.manager).statement_url
        statement = "/my" + statement.partition("/my")[2]
        self.go(self.portal, "read_statement", url=statement)
        self.go(self.manager, "walk_away_and_close")
        self.assertEnded(page)
        self.go(self.salesperson, "look_back")
        self.assertEqual(
            self.case.sudo().review_ids.mapped("state"), ["done", "planned", "planned"]
        )

    def assertSettled(self):
        self.assertRecordValues(
            self.case.invoice_ids,
            [{"state": "posted", "amount_untaxed": 4 * 100.0, "is_move_sent": True}],
        )
        self.assertEqual(self.quotation.state, "cancel")
        self.assertEqual(self.proofs.state, "1_done")
        self.assertEqual(self.hosting.user_ids, self.salesperson)
        self.assertRecordValues(
            self.case.waiver_ids.filtered(lambda waiver: waiver.code == "leads"),
            [{"decision": "waived", "user_id": self.manager.id}],
        )

    def assertEnded(self, page):
        self.assertRecordValues(
            self.case, [{"state": "closed", "approver_id": self.manager.id}]
        )
        self.assertTrue(self.case.date_closing_letter)
        self.assertFalse(self.portal.active)
        self.assertFalse(self.case.offer_ids._is_live())
        self.assertEqual(self.url_open(page).status_code, 410)
        # What was waived is left alone.
        self.assertTrue(self.lead.active)
