from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import html2plaintext

from .common import DECISION
from .option_common import OptionCommon

# Those that only show something; Odoo's rights decide who may look at what.
SHOWING = {
    "action_launch_plan",
    "action_offer_options",
    "action_open_impact",
    "action_print_statement",
    "action_view_invoices",
    "action_view_wrap_up_list",
}
# A preview opens for whoever may press its button; that button is what refuses.
BEHIND = {
    "action_preview_final_invoice": "action_issue_final_invoice",
    "action_preview_walk_away": "action_walk_away",
}


@tagged("post_install", "-at_install")
class TestCustomerExitButtons(OptionCommon):
    """What the form shows beforehand is what each button refuses with."""

    def test_no_button_of_the_form_is_forgotten(self):
        exits = self.env["customer.exit"].with_user(self.manager)
        arch = etree.fromstring(exits.get_view(view_type="form")["arch"])
        names = {
            button.get("name")
            for button in arch.xpath("//button[@type='object']")
            if not list(button.iterancestors("list", "kanban"))
        }
        self.assertIn("action_approve", names)
        known = {*self.case._get_buttons()}
        self.assertFalse(names - known - SHOWING)

    def assertShownAndRefused(self, case, *expected):
        """The expected buttons, and no others, are refused as the form says."""
        case.invalidate_recordset()
        shown = f"{case.obstacles or ''}{case.other_obstacles or ''}"
        shown = self.normalize(html2plaintext(shown))
        refused = set()
        for name, button in case._get_buttons().items():
            found = button.get_obstacles() if case._is_on_form(button) else {}
            if found:
                refused.add(name)
                with self.subTest(name), self.assertRaises(UserError) as caught:
                    self.press(case, name)
                for sentence in found.values():
                    self.assertIn(sentence, str(caught.exception))
                    self.assertIn(self.normalize(sentence), shown)
                self.assertTrue(button.is_next or button.label in shown)
        self.assertEqual(refused, set(expected))

    def normalize(self, text):
        return " ".join(text.split())

    def press(self, case, name):
        if name == "action_waive":
            wizards = self.env["customer.exit.settle"].with_user(case.env.user)
            action = wizards._open_for(case, "leads")
            return wizards.browse(action["res_id"]).action_waive()
        records = {
            "action_withdraw": case.option_ids,
            "action_keep": case.commitment_ids,
        }.get(name, case)
        return getattr(records, BEHIND.get(name, name))()

    def test_a_draft(self):
        self.assertShownAndRefused(self.case, "action_approve")
        self.customer.email = False
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        self.assertShownAndRefused(
            self.case.with_user(colleague),
            *("action_approve", "action_cancel", "action_write_warning_letter"),
        )

    def test_options_and_a_retained_customer(self):
        self.make_offer()
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        theirs = self.case.with_user(colleague)
        self.assertShownAndRefused(
            theirs,
            *("action_approve", "action_cancel", "action_withdraw"),
        )
        self.accept()
        self.assertShownAndRefused(
            theirs,
            *("action_cancel", "action_keep"),
            *("action_reopen", "action_retain_for_good"),
        )
        self.assertShownAndRefused(
            self.case.with_user(self.salesperson), "action_retain_for_good"
        )
        commitment = self.case.commitment_ids.filtered(lambda c: c.side == "customer")
        commitment[0].with_user(self.salesperson).action_miss()
        self.assertShownAndRefused(
            self.case.with_user(self.salesperson), "action_approve", "action_retain"
        )

    def test_the_wrap_up(self):
        case = self.make_exit(self.make_customer(name="Other"))
        self.assertShownAndRefused(
            case,
            *("action_preview_final_invoice", "action_settle_without_invoice"),
            *("action_write_closing_letter", "action_write_warning_letter"),
        )
        self.assertShownAndRefused(
            case.with_user(self.salesperson),
            *("action_cancel", "action_preview_final_invoice"),
            *("action_preview_walk_away", "action_settle_without_invoice"),
            *("action_write_closing_letter", "action_write_warning_letter"),
            "action_waive",
        )

    def test_before_it_takes_effect(self):
        self.customer.email = "boss@example.com"
        case = self.case.with_user(self.manager)
        case.write({**DECISION, "notice_days": 20})
        case.action_approve()
        case.action_start_wrap_up()
        self.assertShownAndRefused(
            case,
            *("action_preview_final_invoice", "action_settle_without_invoice"),
            "action_preview_walk_away",
        )
        case.early_closing_reason = "They asked us to."
        self.assertNotIn("takes effect", case.other_obstacles)

    def test_after_the_final_invoice(self):
        order = self.make_order((self.service_delivered, 5))
        order.order_line.qty_delivered = 5
        case = self.case.with_user(self.manager)
        case.write({**DECISION, "notice_days": 0})
        case.action_approve()
        case.action_start_wrap_up()
        case.action_issue_final_invoice()
        expected = {"action_close", "action_reopen_settlement"}
        if "no_pdf" in case._get_sending_obstacles():
            expected.add("action_send_invoices")
        self.assertShownAndRefused(case, *expected)
        self.assertShownAndRefused(
            case.with_user(self.salesperson),
            *expected,
            *("action_preview_walk_away", "action_send_invoices"),
            *("action_share_statement", "action_waive"),
        )

    def test_a_former_customer(self):
        case = self.close_exit(self.make_exit(self.make_customer(name="Other")))
        self.assertShownAndRefused(
            case,
            *("action_readmit", "action_write_closing_letter"),
            "action_write_warning_letter",
        )
        self.assertIn("reason for taking", case.other_obstacles)
        case.readmission_reason = "Under new management"
        case.action_readmit()
        self.assertNotIn("Take back", case.other_obstacles)

    def test_the_list_is_as_long_as_what_is_refused(self):
        self.assertFalse(self.case.other_obstacles)
        self.assertFalse(self.env["customer.exit"].new({}).other_obstacles)
