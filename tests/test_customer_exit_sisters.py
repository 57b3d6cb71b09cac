"""Walking away from customers whom a sister company goes on serving."""

from odoo import Command
from odoo.tests import tagged

from .gate_common import GateCommon


@tagged("post_install", "-at_install")
class TestCustomerExitSisters(GateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sister = cls.setup_other_company(name="Sister")["company"]
        cls.user = cls.make_portal_user(cls.contact)
        cls.order = cls.make_order((cls.service_ordered, 1))
        cls.theirs = cls.make_order((cls.service_ordered, 1), company_id=cls.sister.id)
        for order in cls.order | cls.theirs:
            order._portal_ensure_token()
            order.message_subscribe(cls.contact.ids)
        cls.common = cls.make_project(company_id=False, privacy_visibility="portal")
        cls.common.message_subscribe(cls.contact.ids)
        cls.exit_case = cls.make_exit()

    def walk_away(self):
        self.exit_case.action_walk_away()
        self.env.flush_all()
        self.env.invalidate_all()

    def assert_followed(self, document, is_followed=True):
        self.assertEqual(self.contact in document.message_partner_ids, is_followed)

    def test_access_is_ended_to_what_is_of_this_company_alone(self):
        token = self.theirs.access_token
        self.walk_away()
        self.assertTrue(self.user.active)
        self.assertTrue(self.user._is_portal())
        self.assertFalse(self.order.access_token)
        self.assertEqual(self.theirs.access_token, token)
        self.assert_followed(self.order, False)
        self.assert_followed(self.theirs)
        self.assertFalse(self.theirs.locked)

    def test_what_was_left_and_why_is_a_deed(self):
        self.walk_away()
        deeds = self.exit_case.deed_ids.filtered(
            lambda deed: deed.kind == "leave_shared"
        )
        self.assertIn(("res.users", self.user.id), self.get_keys(deeds))
        for deed in deeds:
            self.assertIn("Sister", deed.shown_name)
        count = len(self.exit_case.deed_ids)
        self.walk_away()
        self.assertEqual(len(self.exit_case.deed_ids), count)

    def get_keys(self, deeds):
        return [(deed.res_model, deed.res_id) for deed in deeds]

    def test_what_is_left_is_not_open_at_the_gate(self):
        self.walk_away()
        gate = self.get_gate(self.exit_case)
        self.assertLessEqual({"portal_users", "followers"} & gate.keys(), set())

    def test_the_preview_names_what_is_left(self):
        action = self.exit_case.action_preview_walk_away()
        wizard = self.env["customer.exit.walk.away"].with_user(self.manager)
        wizard = wizard.browse(action["res_id"])
        self.assertIn("Left alone", wizard.left)
        self.assertIn("Sister", wizard.left)
        self.assertNotIn("Left alone", wizard.preview)

    def test_undone_everything_is_as_before(self):
        self.walk_away()
        self.exit_case.action_undo_walk_away()
        self.env.invalidate_all()
        self.assertTrue(self.user.active)
        self.assert_followed(self.order)
        self.assertFalse(self.exit_case.can_undo)

    def test_where_the_sister_walked_away_too_all_access_ends(self):
        other = self.env["customer.exit"].create(
            {"partner_id": self.customer.id, "company_id": self.sister.id}
        )
        other.sudo().state = "closed"
        self.walk_away()
        self.assertFalse(self.user.active)
        self.assert_followed(self.common, False)

    def test_old_business_of_the_sister_keeps_nobody(self):
        self.theirs._action_cancel()
        self.walk_away()
        self.assertFalse(self.user.active)

    def test_a_quotation_of_the_sister_is_business(self):
        self.theirs._action_cancel()
        quotation = self.make_order(
            (self.service_ordered, 1), company_id=self.sister.id, confirm=False
        )
        self.walk_away()
        self.assertTrue(self.user.active)
        self.assertEqual(quotation.state, "draft")

    def test_other_customers_of_the_sister_keep_nobody_here(self):
        self.theirs._action_cancel()
        self.make_order(
            (self.service_ordered, 1),
            company_id=self.sister.id,
            partner_id=self.other.id,
        )
        self.walk_away()
        self.assertFalse(self.user.active)

    def test_what_a_sister_plans_with_the_contact_stays(self):
        colleague = self.make_user("colleague", "sales_team.group_sale_manager")
        colleague.write(
            {
                "company_ids": [Command.set(self.sister.ids)],
                "company_id": self.sister.id,
            }
        )
        theirs, ours = (
            self.contact.activity_schedule(
                "mail.mail_activity_data_todo", summary="Call", user_id=user.id
            )
            for user in (colleague, self.salesperson)
        )
        self.walk_away()
        self.assertEqual((theirs.active, ours.active), (True, False))
