from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

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
