"""Exits of customers that are merged, move below another one, or belong together."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .leak_options import SIGNATURE
from .option_common import OptionCommon


@tagged("post_install", "-at_install")
class TestCustomerExitUnion(OptionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Two customers with two addresses are not merged.
        cls.customer.email = False
        cls.case.sudo().unlink()
        cls.double = cls.make_customer(name="Difficult Limited")
        # Someone who keeps the contacts clean, and knows nothing of exits.
        cls.keeper = cls.make_user(
            "keeper", "base.group_user,base.group_partner_manager"
        )

    def merge(self, destination, *sources):
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(self.keeper)
        partners = self.env["res.partner"].union(destination, *sources)
        wizard.create({})._merge(partners.ids, destination.with_env(wizard.env))
        self.env.invalidate_all()

    def test_the_exit_that_has_come_furthest_goes_on(self):
        kept = self.make_exit(state="approved")
        given_up = self.make_exit(self.double, state="draft")
        self.merge(self.double, self.customer)
        self.assertRecordValues(
            (kept + given_up).sudo(),
            [
                {
                    "state": "approved",
                    "partner_id": self.double.id,
                    "commercial_partner_id": self.double.id,
                },
                {
                    "state": "cancelled",
                    "partner_id": self.double.id,
                    "commercial_partner_id": self.double.id,
                },
            ],
        )
        for record in kept + given_up:
            bodies = " ".join(record.sudo().message_ids.mapped("body"))
            self.assertIn(f"{kept.name} goes on, {given_up.name} is cancelled", bodies)
        self.assertEqual(kept.sudo().activity_ids.user_id, self.salesperson)

    def test_of_two_as_far_the_older_goes_on(self):
        exits = self.make_exit(self.double, state="draft")
        exits += self.make_exit(state="draft")
        self.merge(self.customer, self.double)
        self.assertEqual(exits.mapped("state"), ["draft", "cancelled"])

    def test_the_final_invoices_of_both_stay_together(self):
        exits = self.env["customer.exit"]
        for customer in (self.customer, self.double):
            order = self.make_order((self.service_delivered, 5), partner_id=customer.id)
            order.order_line.qty_delivered = 5
            exit_case = self.make_exit(customer)
            exit_case.action_issue_final_invoice()
            exits += exit_case
        invoices = exits.sudo().invoice_ids
        self.merge(self.double, self.customer)
        self.assertEqual(exits.mapped("state"), ["invoiced", "cancelled"])
        self.assertEqual(exits[0].sudo().invoice_ids, invoices)
        self.assertEqual(exits[0].open_receivable, 1000)

    def test_an_exit_in_another_company_goes_on_too(self):
        kept = self.make_exit(state="draft")
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        other = self.env["customer.exit"].create(
            {"partner_id": self.double.id, "company_id": elsewhere.id}
        )
        self.merge(self.double, self.customer)
        self.assertEqual((kept + other).sudo().mapped("state"), ["draft", "draft"])

    def test_closed_and_cancelled_exits_stay_as_they_are(self):
        cancelled = self.make_exit(self.double, state="draft")
        cancelled.action_cancel()
        kept = self.make_exit(state="draft")
        self.merge(self.double, self.customer)
        self.assertEqual((cancelled + kept).mapped("state"), ["cancelled", "draft"])
        self.assertFalse(kept.sudo().activity_ids)

    def test_a_merged_contact_takes_its_exit_to_its_new_customer(self):
        contact = self.make_customer(
            name="Boss", is_company=False, parent_id=self.customer.id
        )
        same = self.make_customer(
            name="Boss", is_company=False, parent_id=self.double.id
        )
        moved = self.make_exit(contact, state="draft")
        there = self.make_exit(self.double, state="approved")
        self.merge(same, contact)
        self.assertEqual(moved.sudo().step_ids.commercial_partner_id, self.double)
        self.assertEqual(moved.sudo().step_ids.partner_id, same)
        self.assertRecordValues(
            (moved + there).sudo(),
            [
                {"state": "cancelled", "commercial_partner_id": self.double.id},
                {"state": "approved", "commercial_partner_id": self.double.id},
            ],
        )

    def test_what_was_done_and_waived_comes_along(self):
        project = self.env["project.project"].create(
            {"name": "Survey", "partner_id": self.double.id}
        )
        order = self.make_order((self.service_ordered, 1), partner_id=self.double.id)
        exits = self.make_exit() + self.make_exit(self.double)
        given_up = exits[1].with_user(self.manager)
        given_up._do_deeds("lock_order", order)
        self.env["customer.exit.waiver"].sudo().create(
            {
                "exit_id": given_up.id,
                "code": "tasks",
                "res_id": project.id,
                "reason": "Theirs",
            }
        )
        self.merge(self.customer, self.double)
        kept = exits[0].sudo()
        self.assertEqual(exits.mapped("state"), ["wrap_up", "cancelled"])
        self.assertEqual(kept.deed_ids.res_id, order.id)
        self.assertEqual(kept.waiver_ids.reason, "Theirs")

    def test_open_offers_go_on_and_keep_their_pages(self):
        kept = self.make_exit(state="draft")
        given_up = self.make_exit(self.double, state="draft")
        offers = [self.offer_options(case) for case in (kept, given_up)]
        urls = [offer._get_url() for offer in offers]
        self.merge(self.customer, self.double)
        self.assertEqual((kept + given_up).mapped("state"), ["options", "cancelled"])
        self.assertEqual(len(kept.option_ids), 4)
        self.assertFalse(given_up.option_ids)
        for offer, url in zip(offers, urls, strict=True):
            self.assertEqual(offer.exit_id, kept)
            self.assertEqual(offer._get_url(), url)
            found = offer._find_by_token(offer.id, offer.sudo().access_token)
            self.assertTrue(found._is_live())
            self.assertEqual(len(found._get_page_values()["proposals"]), 2)
        # Whichever is accepted retains the customer, and the others go.
        option = offers[1].option_ids[0]
        self.assertFalse(found._accept(option.id, "Ms Buyer", SIGNATURE))
        self.assertEqual(kept.state, "retained")
        self.assertEqual(
            sorted(kept.option_ids.mapped("state")),
            ["accepted", "withdrawn", "withdrawn", "withdrawn"],
        )

    def offer_options(self, case):
        (self.customer | self.double).email = "office@example.com"
        return self.make_offer(case=case)

    def test_what_both_promised_goes_on_with_the_case_that_does(self):
        kept = self.make_exit(state="approved")
        given_up = self.make_exit(self.double, state="draft")
        offer = self.offer_options(given_up)
        option = offer.option_ids[0]
        offer._find_by_token(offer.id, offer.sudo().access_token)._accept(
            option.id, "Ms Buyer", SIGNATURE
        )
        promised = given_up.commitment_ids
        self.assertTrue(promised)
        self.merge(self.customer, self.double)
        self.assertEqual(promised.exit_id, kept)
        self.assertEqual(promised.commercial_partner_id, self.customer)
        self.assertEqual(option.exit_id, kept)
        self.assertEqual(given_up.state, "cancelled")

    def test_an_open_offer_does_not_outlive_the_decision(self):
        kept = self.make_exit(state="approved")
        offer = self.offer_options(self.make_exit(self.double, state="draft"))
        self.merge(self.customer, self.double)
        self.assertEqual(set(kept.option_ids.mapped("state")), {"withdrawn"})
        self.assertFalse(offer.sudo()._is_live())

    def test_a_refused_merge_leaves_both_exits_open(self):
        exits = self.make_exit(state="draft") + self.make_exit(
            self.double, state="draft"
        )
        self.customer.email, self.double.email = "a@example.com", "b@example.com"
        with self.assertRaises(UserError):
            self.merge(self.double, self.customer)
        self.assertEqual(exits.mapped("state"), ["draft", "draft"])

    def test_scored_customers_are_merged_and_scored_anew(self):
        self.make_signal("asked_to_misrepresent", severity="3")
        self.make_signal("abusive", partner_id=self.double.id)
        before = self.get_score(self.double)
        self.merge(self.double, self.customer)
        score = self.get_score(self.double)
        self.assertEqual(score, before)
        self.assertEqual(
            score.line_ids.indicator_id,
            self.indicator("asked_to_misrepresent") + self.indicator("abusive"),
        )

    # A customer that becomes part of another one

    def test_a_customer_put_below_another_brings_its_exit(self):
        person = self.make_customer(name="Jane", is_company=False)
        exit_case = self.make_exit(person, state="draft")
        person.with_user(self.keeper).parent_id = self.double
        self.assertRecordValues(
            exit_case,
            [{"state": "draft", "commercial_partner_id": self.double.id}],
        )

    def test_below_a_customer_with_an_exit_one_goes_on(self):
        person = self.make_customer(name="Jane", is_company=False)
        moved = self.make_exit(person, state="approved")
        there = self.make_exit(self.double, state="draft")
        person.with_user(self.keeper).parent_id = self.double
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(moved.sudo().step_ids.commercial_partner_id, self.double)
        self.assertRecordValues(
            (moved + there).sudo(),
            [
                {"state": "approved", "commercial_partner_id": self.double.id},
                {"state": "cancelled", "commercial_partner_id": self.double.id},
            ],
        )

    def test_a_company_that_is_none_any_more_brings_its_exit_to_the_parent(self):
        branch = self.make_customer(name="Branch", parent_id=self.double.id)
        moved = self.make_exit(branch, state="draft")
        there = self.make_exit(self.double, state="draft")
        branch.with_user(self.keeper).is_company = False
        self.env.flush_all()
        self.assertEqual((moved + there).mapped("state"), ["draft", "cancelled"])

    def test_moving_contacts_without_exits_asks_one_question_more(self):
        contacts = [
            self.make_customer(name=f"Contact {number}", is_company=False)
            for number in range(2)
        ]
        self.env.flush_all()
        contacts[0].parent_id = self.customer
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        contacts[1].parent_id = self.customer
        self.env.flush_all()
        moved = self.env.cr.sql_log_count - before
        self.patch(
            self.registry["customer.exit"],
            "_find_open_below",
            lambda exits, partners: exits.browse(),
        )
        other = self.make_customer(name="Contact 3", is_company=False)
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        other.parent_id = self.customer
        self.env.flush_all()
        self.assertLessEqual(moved, self.env.cr.sql_log_count - before + 2)

    # Companies of one group

    def test_exits_of_the_parent_and_of_subsidiaries_are_shown(self):
        branch = self.make_customer(name="Branch", parent_id=self.double.id)
        shop = self.make_customer(name="Shop", parent_id=branch.id)
        sister = self.make_customer(name="Sister", parent_id=self.double.id)
        parent, middle, child, aside = (
            self.make_exit(customer, state="draft")
            for customer in (self.double, branch, shop, sister)
        )
        self.assertEqual(middle.family_exit_ids, parent + child)
        self.assertEqual(parent.family_exit_ids, middle + child + aside)
        self.assertEqual(aside.family_exit_ids, parent)
        child.action_cancel()
        middle.invalidate_recordset()
        self.assertEqual(middle.family_exit_ids, parent)
