from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged

from .common import USER_GROUP
from .gate_common import GateCommon

SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9aw"
    "AAAABJRU5ErkJggg=="
)


class FormerCommon(GateCommon):
    """A customer who left and one who did not; a quotation from before the end."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A company that keeps this module from some of those who sell
        sellers = cls.env.ref("sales_team.group_sale_salesman")
        sellers.implied_ids -= cls.env.ref(USER_GROUP)
        cls.salesperson.group_ids += cls.env.ref(USER_GROUP)
        cls.seller = cls.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        cls.before = cls.make_order((cls.service_ordered, 1), confirm=False)
        cls.ended = cls.close_exit()

    @classmethod
    def close_exit(cls, customer=None):
        exit_case = cls.make_exit(customer)
        exit_case.settlement_reason = "Never began"
        cls.env["customer.exit.waiver"].with_user(cls.manager).create(
            {
                "exit_id": exit_case.id,
                "code": "quotations",
                "res_id": 0,
                "reason": "Stays",
            }
        )
        exit_case.action_settle_without_invoice()
        exit_case.action_close()
        return exit_case

    def quote(self, user=None, partner=None, **values):
        return (
            self.env["sale.order"]
            .with_user(user or self.seller)
            .create({"partner_id": (partner or self.customer).id, **values})
        )


@tagged("post_install", "-at_install")
class TestFormerCustomer(FormerCommon):
    def test_off_says_nothing(self):
        self.company.exit_new_business = "off"
        order = self.quote()
        self.assertFalse(order.new_business_note)
        order.action_confirm()

    def test_warned_colleagues_are_told_whom_to_ask_and_not_why(self):
        self.company.exit_new_business = "warn"
        order = self.quote()
        self.assertEqual(
            order.new_business_note,
            f"New business with Difficult Ltd: ask {self.manager.name} before going "
            "on.",
        )
        with self.assertRaises(AccessError):
            order.read(["former_exit_id"])
        arch = order.get_view(view_type="form")["arch"]
        self.assertIn("new_business_note", arch)
        self.assertNotIn("former_exit_id", arch)
        order.action_confirm()
        self.assertFalse(order.new_business_note)

    def test_users_of_the_group_see_the_exit(self):
        self.assertEqual(self.quote(self.salesperson).former_exit_id, self.ended)

    def test_blocked_business_names_whom_to_ask(self):
        self.company.exit_new_business = "block"
        with self.assertRaisesRegex(ValidationError, "needs the approval") as caught:
            self.quote()
        self.assertIn(self.manager.name, str(caught.exception))
        for word in ("toxic", "exit", "score", "strain", "left"):
            self.assertNotIn(word, str(caught.exception).lower())

    def test_contacts_of_the_customer_are_blocked_too(self):
        self.company.exit_new_business = "block"
        with self.assertRaises(ValidationError):
            self.quote(partner=self.contact)

    def test_copies_lists_and_moved_orders_are_blocked(self):
        self.company.exit_new_business = "block"
        other = self.quote(partner=self.other)
        orders = self.env["sale.order"].with_user(self.seller)
        with self.assertRaises(ValidationError):
            self.before.with_user(self.seller).copy()
        with self.assertRaises(ValidationError):
            orders.create(
                [{"partner_id": self.other.id}, {"partner_id": self.customer.id}]
            )
        with self.assertRaises(ValidationError):
            other.partner_id = self.customer
        with self.assertRaises(ValidationError):
            orders.sudo().create({"partner_id": self.customer.id})

    def test_what_colleagues_may_not_see_does_not_keep_them_from_copying(self):
        self.company.exit_new_business = "off"
        order = self.before
        order.objectives = "<p>Grow</p>"
        lead = self.make_lead(referred_by_id=self.other.id)
        for record in (order, lead):
            with self.subTest(record._name):
                mine = record.with_user(self.salesperson).copy()
                theirs = record.with_user(self.seller).copy().sudo()
                field = "objectives" if record == order else "referred_by_id"
                self.assertEqual(mine[field], record[field])
                self.assertFalse(theirs[field])

    def test_other_customers_and_companies_are_not_blocked(self):
        self.company.exit_new_business = "block"
        self.quote(partner=self.other).action_confirm()
        other = self.setup_other_company()["company"]
        other.sudo().exit_new_business = "block"
        self.env.user.company_ids += other
        self.assertTrue(
            self.env["sale.order"].create(
                {"partner_id": self.customer.id, "company_id": other.id}
            )
        )

    def test_a_running_exit_blocks_nothing(self):
        self.company.exit_new_business = "block"
        self.make_exit(self.other)
        self.assertTrue(self.quote(partner=self.other))

    def test_a_colleague_does_not_confirm_what_was_quoted_before(self):
        self.company.exit_new_business = "block"
        with self.assertRaisesRegex(UserError, "approval"):
            self.before.with_user(self.seller).action_confirm()

    def test_what_the_customer_accepts_is_held_with_a_note_among_us(self):
        self.company.exit_new_business = "block"
        user = self.make_portal_user(self.contact)
        messages = self.before.message_ids
        self.before.with_user(user).sudo()._validate_order()
        self.assertEqual(self.before.state, "draft")
        note = self.before.message_ids - messages
        self.assertIn("on hold", note.body)
        self.assertTrue(note.is_internal)
        self.assertFalse(note.notification_ids)
        visible = (
            self.env["mail.message"]
            .with_user(user)
            .search([("model", "=", "sale.order"), ("res_id", "=", self.before.id)])
        )
        self.assertNotIn(note, visible)
        activity = self.before.sudo().activity_ids
        self.assertEqual(activity.user_id, self.before.user_id)
        self.assertIn("needs the approval", activity.note)

    def test_a_payment_is_taken_and_the_order_held(self):
        self.company.exit_new_business = "block"
        self.before.write({"require_payment": True, "require_signature": False})
        provider = self.env["payment.provider"].sudo().search([], limit=1)
        if not provider:
            self.skipTest("no payment provider here")
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": self.env["payment.method"]
                    .sudo()
                    .with_context(active_test=False)
                    .search([], limit=1)
                    .id,
                    "reference": "paid-by-a-former-customer",
                    "amount": self.before.amount_total,
                    "currency_id": self.before.currency_id.id,
                    "partner_id": self.customer.id,
                    "sale_order_ids": [Command.set(self.before.ids)],
                    "state": "done",
                }
            )
        )
        transaction.with_user(self.env.ref("base.public_user")).sudo()
        transaction._check_amount_and_confirm_order()
        self.assertEqual(self.before.state, "draft")
        self.assertIn("on hold", self.before.message_ids[0].body)

    def test_lists_cost_as_many_queries_as_one_order(self):
        self.company.exit_new_business = "block"

        def count(orders):
            orders.partner_id.commercial_partner_id.mapped("name")
            orders.company_id.sudo().mapped("exit_new_business")
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            orders._refuse_new_business()
            return self.env.cr.sql_log_count - before

        one = self.quote(partner=self.other)
        many = one
        for number in range(5):
            many |= self.quote(partner=self.make_customer(name=f"Customer {number}"))
        count(one)
        self.assertEqual((count(one), count(many)), (1, 1))

    # Taking them back

    def test_a_manager_takes_a_customer_back_with_a_reason(self):
        self.company.exit_new_business = "block"
        with self.assertRaisesRegex(UserError, "reason"):
            self.ended.action_readmit()
        self.ended.readmission_reason = "New owner, prepays"
        self.ended.action_readmit()
        self.assertRecordValues(
            self.ended,
            [
                {
                    "state": "closed",
                    "readmitted_by_id": self.manager.id,
                    "date_readmitted": fields.Date.today(),
                }
            ],
        )
        self.quote().action_confirm()
        self.before.with_user(self.seller).action_confirm()

    def test_a_user_takes_nobody_back(self):
        ended = self.ended.with_user(self.salesperson)
        with self.assertRaises(UserError):
            ended.readmission_reason = "They asked nicely"
        with self.assertRaisesRegex(UserError, "manager"):
            ended.action_readmit()
        with self.assertRaises(UserError):
            ended.date_readmitted = fields.Date.today()

    def test_only_former_customers_are_taken_back(self):
        running = self.make_exit(self.other)
        running.readmission_reason = "Why not"
        with self.assertRaisesRegex(UserError, "no former customer"):
            running.action_readmit()

    def test_when_the_manager_has_left_another_is_asked(self):
        self.company.exit_new_business = "block"
        another = self.make_user(
            "another", "toxic_customer_exit.group_toxicity_manager"
        )
        self.manager.active = False
        asked = self.ended._get_person_to_ask()
        self.assertNotEqual(asked, self.manager)
        self.assertTrue(asked.has_group("toxic_customer_exit.group_toxicity_manager"))
        self.assertTrue(another)


@tagged("post_install", "-at_install")
class TestFormerCustomerOnPortal(FormerCommon, HttpCase):
    def test_a_signature_on_the_portal_does_not_break(self):
        self.company.exit_new_business = "block"
        self.before.write({"require_signature": True, "require_payment": False})
        self.before.state = "sent"
        answer = self.make_jsonrpc_request(
            f"/my/orders/{self.before.id}/accept",
            {
                "access_token": self.before._portal_ensure_token(),
                "name": "Their boss",
                "signature": SIGNATURE,
            },
        )
        self.assertTrue(answer["force_refresh"])
        self.assertEqual(self.before.state, "sent")
        self.assertEqual(self.before.signed_by, "Their boss")
        page = self.url_open(self.before.get_portal_url())
        self.assertNotIn("on hold", page.text)
        self.assertNotIn("approval of", page.text)

    def test_a_portal_user_reads_no_note_over_rpc(self):
        user = self.make_portal_user(self.contact)
        order = self.before.with_user(user)
        self.assertTrue(order.read(["name"]))
        with self.assertRaises(AccessError):
            order.read(["new_business_note"])
        with self.assertRaises(AccessError):
            self.ended.with_user(user).action_readmit()
