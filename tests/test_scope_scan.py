from datetime import timedelta

from psycopg2 import errors

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.toxic_customer_exit.models import scope_change_scan

from .scan_common import ScanCommon


@tagged("post_install", "-at_install")
class TestScopeScan(ScanCommon):
    def test_drift_before_the_installation_is_proposed_with_its_evidence(self):
        order = self.sell()
        self.edit(order, 5, user=self.manager, product_uom_qty=14)
        self.forget_baselines(order)
        self.assertEqual(self.scan(order), "1 change found: look through it.")
        proposal = self.get_proposals(order)
        self.assertRecordValues(
            proposal,
            [
                {
                    "date": self.start + timedelta(days=5),
                    "partner_id": self.customer.id,
                    "amount": 400.0,
                    "requested_by": "us",
                    "state": "proposed",
                    "authors": self.manager.name,
                }
            ],
        )
        line = proposal.line_ids
        self.assertRecordValues(
            line, [{"what": "untaxed", "old_number": 1000.0, "new_number": 1400.0}]
        )
        message = self.env["mail.message"].sudo().browse(line.message_id)
        self.assertEqual((message.model, message.res_id), (order._name, order.id))
        self.assertIn(line.tracking_id, message.tracking_value_ids.ids)
        self.assertIn("Ordered advice", proposal.notes)
        self.assertIn("1,000.00", proposal.summary)
        self.assertEqual(order.baseline_amount, 1000.0)
        self.assertTrue(order.is_baseline_reconstructed)

    def test_accepted_it_is_a_scope_change_of_that_day(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order)
        proposal.action_accept()
        self.assertRecordValues(
            proposal, [{"state": "accepted", "decided_by_id": self.salesperson.id}]
        )
        change = proposal.change_id
        self.assertRecordValues(
            change,
            [
                {
                    "order_id": order.id,
                    "date": self.start + timedelta(days=5),
                    "state": "detected",
                    "requested_by": "us",
                    "amount": 400.0,
                    "partner_id": self.customer.id,
                }
            ],
        )
        self.assertRecordValues(
            change.item_ids, [{"what": "untaxed", "old_number": 1000, "amount": 400}]
        )
        self.assertEqual(change.proposal_ids, proposal)
        self.assert_the_law(order)
        change.with_user(self.salesperson).action_agree()

    def test_twice_gives_nothing_twice(self):
        order = self.sell()
        for day, quantity in ((3, 12), (5, 14), (8, 15)):
            self.edit(order, day, product_uom_qty=quantity)
        self.scan(order)
        first = self.get_proposals(order)
        self.assertEqual(first.mapped("amount"), [200.0, 200.0, 100.0])
        nothing = "Nothing was found that is not noted or proposed already."
        self.assertEqual(self.scan(order), nothing)
        first[0].action_accept()
        first[1].action_ignore()
        self.assertEqual(self.scan(order), nothing)
        self.assertEqual(self.get_proposals(order), first)

    def test_new_drift_is_proposed_beside_what_is_decided(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        for decide, quantity in (("action_accept", 15), ("action_ignore", 18)):
            getattr(self.get_proposals(order, "proposed"), decide)()
            self.edit(order, 5, product_uom_qty=quantity)
            self.scan(order)
        proposals = self.get_proposals(order)
        self.assertEqual(proposals.mapped("amount"), [400.0, 100.0, 300.0])
        proposals[2].action_accept()
        self.scan(order)
        self.assertEqual(self.get_proposals(order), proposals)

    def test_more_drift_of_a_day_extends_its_open_proposal(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        proposal = self.get_proposals(order)
        self.edit(order, 5, product_uom_qty=15)
        self.scan(order)
        self.assertEqual(self.get_proposals(order), proposal)
        self.assertEqual((len(proposal.line_ids), proposal.amount), (2, 500.0))
        self.edit(order, 5, product_uom_qty=10)
        self.scan(order)
        self.assertFalse(self.get_proposals(order))

    def test_what_came_back_on_its_day_is_not_proposed(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.edit(order, 5, product_uom_qty=10)
        self.scan(order)
        self.assertFalse(self.get_proposals(order))

    def test_what_came_back_on_another_day_is(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.edit(order, 6, product_uom_qty=10)
        self.scan(order)
        self.assertEqual(self.get_proposals(order).mapped("amount"), [400.0, -400.0])

    def test_what_live_detection_noted_is_not_proposed(self):
        order = self.sell()
        self.edit(order, 5, silent=False, product_uom_qty=14)
        self.edit(order, 6, silent=False, discount=10)
        self.assertTrue(order.scope_change_ids)
        self.scan(order)
        self.assertFalse(self.get_proposals(order))

    def test_of_a_day_noted_in_part_the_rest_is_proposed(self):
        order = self.sell()
        self.edit(order, 5, silent=False, product_uom_qty=14)
        self.edit(order, 5, product_uom_qty=20)
        self.scan(order)
        self.assertRecordValues(
            self.get_proposals(order), [{"amount": 600.0, "noted_amount": 400.0}]
        )
        self.get_proposals(order).action_accept()
        self.assert_the_law(order)

    def test_a_change_that_was_dated_another_day_is_noted_all_the_same(self):
        order = self.sell()
        self.edit(order, 5, silent=False, product_uom_qty=14)
        order.scope_change_ids.date = self.start + timedelta(days=2)
        self.scan(order)
        self.assertFalse(self.get_proposals(order))
        self.edit(order, 9, product_uom_qty=15)
        self.scan(order)
        self.assertEqual(self.get_proposals(order).mapped("amount"), [100.0])

    def test_the_moves_of_quotation_and_confirmation_are_no_drift(self):
        with self.on_day(0):
            order = self.make_order((self.service_ordered, 10), confirm=False)
        self.edit(order, 1, product_uom_qty=20)
        with self.on_day(2):
            order.order_line.write({"product_uom_qty": 25, "price_unit": 100})
            order.action_confirm()
        self.forget_baselines(order)
        self.scan(order)
        self.assertFalse(self.get_proposals(order))
        self.assertEqual(order.baseline_amount, 2500.0)

    def test_a_confirmation_is_known_in_any_language(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.forget_baselines(order)
        # As a language wrote it that was removed since.
        self.env["mail.tracking.value"].sudo().search(
            [
                ("mail_message_id", "in", order.message_ids.ids),
                ("field_id.name", "=", "state"),
            ]
        ).new_value_char = "Bon de commande"
        self.scan(order)
        self.assertEqual(self.get_proposals(order).mapped("amount"), [400.0])

    def test_without_a_tracked_confirmation_the_date_of_the_order_counts(self):
        with self.on_day(0):
            order = self.make_order((self.service_ordered, 10), confirm=False)
        self.edit(order, 1, product_uom_qty=12)
        with self.on_day(2):
            order.with_context(tracking_disable=True).action_confirm()
        self.edit(order, 5, product_uom_qty=14)
        self.forget_baselines(order)
        self.scan(order)
        self.assertEqual(self.get_proposals(order).mapped("amount"), [200.0])

    def test_what_was_noted_when_confirming_again_is_accepted_no_more(self):
        order = self.sell()
        self.edit(order, 3, product_uom_qty=14)
        self.scan(order)
        with self.on_day(4):
            order._action_cancel()
            order.action_draft()
        self.edit(order, 6, product_uom_qty=16)
        with self.on_day(7):
            order.action_confirm()
        proposal = self.get_proposals(order)
        with (
            self.assertRaisesRegex(UserError, "More has happened since"),
            self.env.cr.savepoint(),
        ):
            proposal.action_accept()
        self.assertEqual(proposal.state, "proposed")
        self.scan(order)
        self.assertFalse(self.get_proposals(order))
        self.assert_the_law(order)

    def test_confirmed_again_is_a_change_already_agreed(self):
        order = self.sell()
        self.edit(order, 3, product_uom_qty=11)
        for day, step in ((4, "_action_cancel"), (5, "action_draft")):
            with self.on_day(day):
                getattr(order.with_context(install_mode=True), step)()
        self.edit(order, 6, product_uom_qty=16)
        with self.on_day(7):
            order.action_confirm()
        # What live detection noted at the confirmation is forgotten with it.
        order.sudo().scope_change_ids.unlink()
        self.forget_baselines(order)
        self.scan(order)
        drift, again = self.get_proposals(order)
        self.assertEqual((drift.amount, again.amount), (100.0, 500.0))
        self.assertEqual(again.date, self.start + timedelta(days=7))
        (drift + again).action_accept()
        self.assertEqual(
            (drift + again).change_id.mapped("state"), ["detected", "agreed"]
        )
        self.assert_the_law(order)

    def test_invoices_and_down_payments_are_no_drift(self):
        order = self.sell()
        with self.on_day(3):
            self.make_down_payment(order, amount=30)
        with self.on_day(4):
            self.make_invoices(order, final=True)
        self.scan(order)
        self.assertFalse(self.get_proposals(order))

    def test_expenses_invoiced_again_are_no_drift(self):
        order = self.sell()
        with self.on_day(3):
            order.with_context(install_mode=True).write(
                {
                    "order_line": [
                        Command.create(
                            {
                                **self._prepare_order_line_vals(
                                    self.service_delivered, 1, 80
                                ),
                                "is_expense": True,
                            }
                        )
                    ]
                }
            )
        self.env.cr.execute(
            "UPDATE sale_order_line SET create_date = %s WHERE is_expense",
            [self.start + timedelta(days=3)],
        )
        self.scan(order)
        self.assertFalse(self.get_proposals(order))

    def test_an_amendment_is_no_drift_of_the_order_it_amends(self):
        order = self.sell()
        with self.on_day(5):
            order.order_line.write({"product_uom_qty": 14, "price_unit": 100})
            change = order.scope_change_ids
        with self.on_day(6):
            change.action_renegotiate()
        with self.on_day(8):
            change.amendment_id.action_confirm()
        self.assertEqual(order.amount_untaxed, 1000.0)
        self.scan(order + change.amendment_id)
        self.assertFalse(self.get_proposals(order + change.amendment_id))

    def test_a_customer_who_edits_is_the_one_who_asked(self):
        portal = new_test_user(
            self.env,
            login="buyer",
            groups="base.group_portal",
            partner_id=self.make_customer(
                name="Buyer", is_company=False, parent_id=self.customer.id
            ).id,
        )
        order = self.sell()
        self.edit(order.with_user(portal).sudo(), 5, user=portal, product_uom_qty=12)
        self.scan(order)
        self.assertRecordValues(
            self.get_proposals(order),
            [{"requested_by": "customer", "authors": portal.name}],
        )

    def edit(self, order, day, user=None, **values):
        if user and user.share:
            # As the portal's own steps do it, which are the customer's doing.
            with self.on_day(day):
                line = order.order_line.with_context(install_mode=True)
                line.write({"price_unit": line.price_unit, **values})
                line.env.flush_all()
            return
        super().edit(order, day, user=user, **values)

    # -- projects --------------------------------------------------------------------

    def sell_project(self):
        product = self.make_service(
            "Project", "ordered_prepaid", service_tracking="project_only"
        )
        order = self.sell((product, 20))
        return order, order.project_ids

    def write_silently(self, records, day, **values):
        with self.on_day(day):
            records.with_context(install_mode=True).write(values)

    def test_a_moved_deadline_and_hours_nobody_sold_are_drift_of_the_order(self):
        order, project = self.sell_project()
        first = self.start + timedelta(days=30)
        self.write_silently(project, 1, date=first, date_start=self.start)
        self.write_silently(project, 4, date=first + timedelta(days=10))
        self.write_silently(project, 4, allocated_hours=35)
        self.edit(order, 4, product_uom_qty=21)
        self.scan(order)
        proposal = self.get_proposals(order)
        self.assertRecordValues(
            proposal, [{"amount": 100.0, "days": 10.0, "hours": 14.0}]
        )
        self.assertEqual(len(proposal.line_ids), 3)
        self.assertEqual(
            self.scan(order), "Nothing was found that is not noted or proposed already."
        )
        proposal.action_accept()
        change = proposal.change_id
        self.assertRecordValues(
            change, [{"amount": 100.0, "days": 10.0, "hours": 14.0}]
        )
        self.assertEqual(change.gift_amount, 1400.0)
        self.assertEqual(change.project_id, project)
        self.assert_the_law(order)

    def test_hours_that_were_sold_and_first_deadlines_are_planning(self):
        order, project = self.sell_project()
        self.write_silently(project, 1, allocated_hours=12)
        self.write_silently(project, 2, allocated_hours=20)
        self.write_silently(
            project, 3, date=self.start + timedelta(days=9), date_start=self.start
        )
        self.scan(order)
        self.assertFalse(self.get_proposals(order))

    def test_deadlines_noted_live_are_not_proposed(self):
        order, project = self.sell_project()
        first = self.start + timedelta(days=30)
        self.write_silently(project, 1, date=first, date_start=self.start)
        with self.on_day(4):
            project.date = first + timedelta(days=10)
        self.assertTrue(order.scope_change_ids)
        self.scan(order)
        self.assertFalse(self.get_proposals(order))

    def test_a_project_without_order_has_proposals_of_its_own(self):
        with self.on_day(0):
            project = self.env["project.project"].create(
                {
                    "name": "Favour",
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "allow_billable": True,
                    "date_start": self.start,
                    "date": self.start + timedelta(days=5),
                }
            )
        self.write_silently(project, 4, date=self.start + timedelta(days=8))
        project_manager = self.make_user(
            "pm",
            "project.group_project_manager,toxic_customer_exit.group_toxicity_user",
        )
        project.with_user(project_manager).action_scan_history()
        project.with_user(project_manager).action_scan_history()
        proposal = self.env["scope.change.proposal"].search(
            [("project_id", "=", project.id)]
        )
        self.assertRecordValues(proposal, [{"days": 3.0, "name": "Favour"}])
        proposal.with_user(project_manager).action_accept()
        self.assertEqual(proposal.change_id.project_id, project)

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

    def test_the_date_of_what_is_found_is_the_day_it_happened(self):
        order = self.sell()
        self.edit(order, 5, product_uom_qty=14)
        self.scan(order)
        self.assertLess(self.get_proposals(order).date, fields.Date.today())
