from datetime import timedelta

from psycopg2 import errors

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.toxic_customer_exit.models import scope_change_scan

from .scan_common import ScanCommon


@tagged("post_install", "-at_install")
class TestScopeScanDecide(ScanCommon):
    """Who may scan and decide, what stands in the way, and what it costs."""

    # -- who may ---------------------------------------------------------------------

    def test_only_the_group_scans_and_decides(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order)
        seller = self.make_user("accountant", "account.group_account_user")
        portal = new_test_user(self.env, login="portal", groups="base.group_portal")
        for user in (seller, portal, self.outsider):
            for record, method in (
                (order, "action_scan_history"),
                (proposal, "action_accept"),
                (proposal, "action_ignore"),
                (proposal, "action_reset"),
                (proposal, "action_open_evidence"),
                (proposal.line_ids, "action_open_message"),
            ):
                with (
                    self.subTest(user=user.login, method=method),
                    self.assertRaises(AccessError),
                ):
                    getattr(record.with_user(user), method)()
        self.assertEqual(proposal.state, "proposed")

    def test_nobody_writes_proposals_by_hand(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order).with_user(self.manager)
        for forge in (
            lambda: proposal.write({"state": "accepted"}),
            lambda: proposal.unlink(),
            lambda: proposal.line_ids.write({"new_number": 1}),
            lambda: proposal.copy(),
        ):
            with self.assertRaises(AccessError):
                forge()

    def test_all_orders_are_scanned_by_managers_only(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        proposals = self.env["scope.change.proposal"]
        with self.assertRaisesRegex(UserError, "for managers"):
            proposals.with_user(self.salesperson).action_scan_all()
        with self.assertRaises(AccessError):
            proposals.with_user(self.outsider).action_scan_all()
        result = proposals.with_user(self.manager).action_scan_all()
        self.assertEqual(self.get_proposals(order).amount, 400.0)
        self.assertIn("look through it", result["params"]["message"])
        again = proposals.with_user(self.manager).action_scan_all()
        self.assertIn("Nothing was found", again["params"]["message"])

    def test_the_scan_leads_to_what_waits_and_else_nowhere(self):
        order = self.sell()
        scan = order.with_user(self.salesperson).action_scan_history
        self.assertNotIn("next", scan()["params"])
        self.edit(order, 5, product_uom_qty=14)
        for _index in range(2):
            action = self.env.ref(scan()["params"]["next"])
            self.assertEqual(action.res_model, "scope.change.proposal")

    def test_nothing_is_written_on_the_order(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        messages, activities = order.message_ids, order.activity_ids
        before = order.sudo().write_date
        self.scan(order)
        self.get_proposals(order).action_accept()
        self.save()
        order.invalidate_recordset()
        self.assertEqual(order.message_ids, messages)
        self.assertEqual(order.activity_ids, activities)
        self.assertEqual(order.sudo().write_date, before)

    def test_proposals_of_another_company_are_not_seen(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order)
        other = self.setup_other_company()["company"]
        stranger = self.make_user(
            "stranger", "toxic_customer_exit.group_toxicity_manager"
        )
        stranger.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        self.assertFalse(proposal.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            proposal.with_user(stranger).action_accept()
        proposal.with_user(stranger).action_scan_all()
        self.assertEqual(proposal.amount, 400.0)

    # -- bad input -------------------------------------------------------------------

    def test_a_cancelled_order_is_neither_scanned_nor_accepted(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        order._action_cancel()
        proposal = self.get_proposals(order)
        with self.assertRaisesRegex(UserError, f"{order.name} is cancelled"):
            proposal.action_accept()
        self.assertIn("is cancelled", proposal.obstacles)
        self.assertFalse(proposal.change_id)
        with self.assertRaisesRegex(UserError, f"{order.name} is cancelled"):
            self.scan(order)
        proposal.action_ignore()
        self.assertEqual(proposal.state, "ignored")

    def test_a_deleted_order_leaves_its_proposal_to_be_ignored(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        name, proposal = order.name, self.get_proposals(order)
        order._action_cancel()
        order.unlink()
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, f"{name}.* was deleted since"):
            proposal.action_accept()
        with self.assertRaisesRegex(UserError, f"nor {name} is there"):
            proposal.action_open_evidence()
        proposal.action_ignore()

    def test_of_a_deleted_project_the_drift_stays_with_the_order(self):
        order, project = self.sell_project()
        first = self.start + timedelta(days=30)
        self.write_silently(project, 1, date=first, date_start=self.start)
        self.write_silently(project, 4, date=first + timedelta(days=10))
        self.scan(order)
        proposal = self.get_proposals(order)
        project.sudo().unlink()
        self.env.invalidate_all()
        proposal.action_accept()
        self.assertRecordValues(
            proposal.change_id, [{"days": 10.0, "order_id": order.id}]
        )

    def test_a_locked_order_is_scanned_and_accepted_as_it_is(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        order.action_lock()
        self.scan(order)
        self.get_proposals(order).action_accept()
        self.assertTrue(order.locked)
        self.assert_the_law(order)

    def test_accepting_twice_is_refused(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order)
        proposal.action_accept()
        with self.assertRaisesRegex(UserError, "already decided"):
            proposal.action_accept()
        with self.assertRaisesRegex(UserError, "is a scope change by now"):
            proposal.action_reset()
        self.assertEqual(len(order.scope_change_ids), 1)

    def test_accepting_many_is_all_or_nothing(self):
        good, bad = self.sell(), self.sell()
        for order in (good, bad):
            self.edit(order, 5, product_uom_qty=14)
        self.scan(good + bad)
        bad._action_cancel()
        proposals = self.get_proposals(good + bad)
        with self.assertRaisesRegex(UserError, f"{bad.name}.*\n.*leave out"):
            proposals.action_accept()
        self.assertEqual({*proposals.mapped("state")}, {"proposed"})
        self.assertFalse(good.scope_change_ids)
        self.get_proposals(good).action_accept()
        self.assertTrue(good.scope_change_ids)

    def test_an_ignored_one_can_be_proposed_again(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order)
        proposal.action_ignore()
        with self.assertRaisesRegex(UserError, "already decided"):
            proposal.action_ignore()
        proposal.action_reset()
        self.assertRecordValues(
            proposal, [{"state": "proposed", "decided_by_id": False}]
        )

    def test_an_order_in_another_currency_since_is_refused(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        other = self.setup_other_currency("EUR")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET currency_id = %s WHERE id = %s",
            [other.id, order.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "another currency since"):
            self.get_proposals(order).action_accept()

    def test_what_a_deleted_message_said_is_kept(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order)
        self.assertEqual(
            proposal.action_open_evidence()["url"],
            f"/mail/message/{proposal.line_ids.message_id}",
        )
        self.env["mail.message"].sudo().browse(proposal.line_ids.message_id).unlink()
        self.assertEqual(proposal.action_open_evidence()["res_id"], order.id)
        self.assertEqual(proposal.line_ids.new_number, 1400.0)
        self.scan(order)
        self.assertEqual(self.get_proposals(order), proposal)
        proposal.action_accept()
        self.scan(order)
        self.assertEqual(self.get_proposals(order), proposal)
        self.assert_the_law(order)

    def test_one_order_has_one_open_proposal_a_day_in_the_database(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order).sudo()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            proposal.copy()
            self.env.flush_all()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            proposal.line_ids.copy()
            self.env.flush_all()

    # -- in the background, and its cost ---------------------------------------------

    def test_many_orders_are_scanned_in_the_background_and_the_user_is_told(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        scans = self.env["scope.change.scan"]
        self.patch_limits()
        proposals = self.env["scope.change.proposal"].with_user(self.manager)
        result = proposals.action_scan_all()
        self.assertIn("is being scanned", result["params"]["message"])
        self.assertFalse(self.get_proposals(order))
        told = []
        self.patch(
            self.registry["res.users"],
            "_bus_send",
            lambda users, kind, message, **kwargs: told.append((users, kind, message)),
        )
        with self.enter_registry_test_mode():
            self.env.ref(
                "toxic_customer_exit.ir_cron_scan_history"
            ).sudo().method_direct_trigger()
        self.assertEqual(self.get_proposals(order).amount, 400.0)
        users, _kind, message = told[-1]
        self.assertEqual(users, self.manager)
        self.assertIn("look through it", message["message"])
        scan = scans.sudo().search([("company_id", "=", self.company.id)])
        self.assertTrue(scan.finished_at)

    def test_who_asks_while_a_scan_is_under_way_is_told_whose_it_is(self):
        self.patch_limits()
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        proposals = self.env["scope.change.proposal"]
        proposals.with_user(self.manager).action_scan_all()
        other = self.make_user("other", "toxic_customer_exit.group_toxicity_manager")
        result = proposals.with_user(other).action_scan_all()
        self.assertIn(f"for {self.manager.name}", result["params"]["message"])
        scans = self.env["scope.change.scan"].sudo()
        self.assertEqual(scans.search_count([("finished_at", "=", False)]), 1)

    def patch_limits(self):
        self.patch(scope_change_scan, "DIRECT_LIMIT", 0)
        self.patch(scope_change_scan, "BATCH_SIZE", 2)

    def test_the_queries_of_a_scan_do_not_grow_with_its_orders(self):
        def count(number):
            orders = self.env["sale.order"].union(
                *(self.sell() for _index in range(number))
            )
            for order in orders:
                self.edit(order, 5, product_uom_qty=14)
            self.forget_baselines(orders)
            start = self.env.cr.sql_log_count
            self.scan(orders)
            self.env.flush_all()
            queries = self.env.cr.sql_log_count - start
            self.assertEqual(len(self.get_proposals(orders)), number)
            return queries

        count(1)
        one, thirty = count(1), count(30)
        self.assertLessEqual(thirty, one + 2)
