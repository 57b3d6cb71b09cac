from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.toxic_customer_exit.models import case_batches
from odoo.addons.toxic_customer_exit.models.customer_exit_option_template import KINDS

from .leak_options import SIGNATURE
from .option_common import OptionCommon


class TestExitOption(OptionCommon):
    """What is written down as an option, and who may."""

    def test_there_is_a_template_for_each_of_the_seven_kinds(self):
        templates = self.env["customer.exit.option.template"].search([])
        self.assertEqual(
            sorted(templates.mapped("kind")), sorted(kind for kind, _label in KINDS)
        )
        for template in templates:
            for text in (template.our_part, template.their_part, template.benefit):
                self.assertTrue(text.strip(), template.name)

    def test_choosing_a_template_fills_the_option(self):
        form = Form(
            self.env["customer.exit.option"]
            .with_user(self.salesperson)
            .with_context(default_exit_id=self.case.id)
        )
        form.template_id = self.template("pause")
        form.name = "A pause of two months"
        option = form.save()
        template = self.template("pause")
        self.assertRecordValues(
            option,
            [
                {
                    "kind": "pause",
                    "name": "A pause of two months",
                    "our_part": template.our_part,
                    "their_days": template.their_days,
                    "date_answer_by": self.today(template.answer_days),
                    "state": "draft",
                }
            ],
        )

    def test_the_template_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.template("pause").with_context(lang="fr_FR").name = "Une pause"
        self.assertEqual(self.make_option("pause").name, "Une pause")

    def test_an_option_of_ones_own_words_needs_no_template(self):
        option = self.make_option(
            template_id=False,
            name="Ours",
            our_part="- a\n\n* b",
            their_part="c",
        )
        self.assertEqual(option._get_promises(), {"us": ["a", "b"], "customer": ["c"]})

    def test_neither_price_nor_hours_are_negative(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.make_option(price=-1).flush_recordset()

    def test_nobody_writes_the_customers_answer(self):
        option = self.make_option()
        for user in (self.salesperson, self.manager):
            for values in (
                {"state": "accepted"},
                {"signed_by": "Me"},
                {"signature": SIGNATURE},
                {"offer_id": False},
                {"exit_id": self.case.id},
            ):
                with self.assertRaisesRegex(UserError, "own"):
                    option.with_user(user).write(values)
            with self.assertRaisesRegex(UserError, "own"):
                self.make_option(user=user, state="accepted")

    def test_a_default_in_the_context_does_not_answer(self):
        options = self.env["customer.exit.option"].with_user(self.manager)
        option = options.with_context(
            default_state="accepted", default_signed_by="Me"
        ).create({"exit_id": self.case.id, "name": "Sneaked", "kind": "pause"})
        self.assertRecordValues(option, [{"state": "draft", "signed_by": False}])

    def test_a_user_writes_options_of_own_exits_only(self):
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        option = self.make_option()
        self.assertTrue(option.with_user(colleague).name)
        for step in (
            lambda: self.make_option(user=colleague),
            lambda: option.with_user(colleague).write({"price": 3}),
            lambda: option.with_user(colleague).unlink(),
        ):
            with self.assertRaises(AccessError):
                step()
        option.with_user(self.manager).price = 3
        option.unlink()

    def test_nobody_but_managers_edits_templates(self):
        template = self.template("pause")
        with self.assertRaises(AccessError):
            template.with_user(self.salesperson).name = "Mine"
        template.with_user(self.manager).name = "Ours"

    def test_portal_users_and_outsiders_reach_nothing(self):
        self.make_offer()
        portal = self.make_user(
            "portal", "base.group_portal", partner_id=self.customer.id
        )
        self.accept()
        case = self.case.sudo()
        for user in (portal, self.outsider):
            for records in (
                *(case.option_ids, case.offer_ids, case.commitment_ids, case),
                self.template("pause"),
            ):
                theirs = records.with_user(user)
                self.assertTrue(theirs)
                with self.assertRaises(AccessError):
                    theirs.read(["create_date"])
                with self.assertRaises(AccessError):
                    theirs.search([])
            for step in (
                case.option_ids.with_user(user).action_withdraw,
                case.commitment_ids.with_user(user).action_keep,
                case.commitment_ids.with_user(user).action_miss,
                case.with_user(user).action_offer_options,
                case.with_user(user).action_preview_offer,
                case.with_user(user).action_reopen,
                case.with_user(user).action_retain,
            ):
                with self.assertRaises(UserError):
                    step()
        messages = self.env["mail.message"].with_user(portal)
        self.assertFalse(messages.search([("model", "=like", "customer.exit%")]))

    def test_another_company_sees_nothing(self):
        self.make_offer()
        other = self.setup_other_company()["company"]
        stranger = self.make_user("stranger", "sales_team.group_sale_manager")
        stranger.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        for records in (self.case.option_ids, self.case.offer_ids):
            with self.assertRaises(AccessError):
                records.with_user(stranger).read(["display_name"])


class TestOffering(OptionCommon):
    """From written options to the customer's hands."""

    def assertRefused(self, *codes, case=None):
        """The form shows the obstacles, the button refuses with the same ones."""
        case = (case or self.case).with_user(self.salesperson)
        case.invalidate_recordset()
        obstacles = case._get_offer_obstacles()
        self.assertEqual(set(codes), set(obstacles))
        with self.assertRaises(UserError) as caught:
            case.action_offer_options()
        for sentence in obstacles.values():
            self.assertIn(sentence, str(caught.exception))
            self.assertIn(sentence, case.offer_obstacles)

    def test_two_options_are_offered_together_or_none(self):
        self.assertRefused("nothing_to_offer", "few_options")
        self.make_option("rescope")
        self.assertRefused("few_options")
        self.make_option("prepay")
        self.assertFalse(self.case._get_offer_obstacles())

    def test_a_manager_may_say_why_one_is_all_there_is(self):
        self.make_option("rescope")
        with self.assertRaisesRegex(UserError, "written by a manager"):
            self.case.few_options_reason = "No time"
        self.case.with_user(self.manager).few_options_reason = "They are moving away."
        self.make_offer("pause")
        self.assertEqual(self.case.state, "options")

    def test_what_cannot_be_done_is_noted_and_not_offered(self):
        self.make_option("rescope", is_feasible=False)
        self.make_option("pause", is_realistic=False)
        self.assertRefused("nothing_to_offer", "few_options")
        self.make_offer("prepay", "reprice")
        self.assertEqual(self.get_option("rescope").state, "draft")
        self.assertEqual(self.get_option("prepay").state, "offered")

    def test_an_option_with_gaps_or_in_the_past_is_not_offered(self):
        self.make_option("rescope", benefit=" ")
        self.make_option("prepay", date_answer_by=self.today(-1))
        self.assertRefused("incomplete", "answer_by")

    def test_without_an_address_nothing_is_offered(self):
        self.customer.email = False
        self.make_option("rescope")
        self.make_option("prepay")
        self.assertRefused("no_email")

    def test_a_colleague_does_not_offer(self):
        self.make_option("rescope")
        self.make_option("prepay")
        colleague = self.make_user("colleague", "sales_team.group_sale_salesman")
        with self.assertRaisesRegex(UserError, "owner of the exit"):
            self.case.with_user(colleague).action_offer_options()

    def test_the_mail_offers_and_closing_the_composer_does_not(self):
        self.make_option("rescope")
        self.make_option("prepay")
        action = self.case.action_offer_options()
        again = self.case.action_offer_options()
        self.assertEqual(
            action["context"]["customer_exit_offer_id"],
            again["context"]["customer_exit_offer_id"],
        )
        self.assertEqual(self.case.state, "draft")
        self.send(action, self.salesperson)
        self.assertEqual(self.case.state, "options")
        self.assertEqual(set(self.case.option_ids.mapped("state")), {"offered"})
        self.assertTrue(self.case.offer_ids.date_sent)

    def test_what_was_offered_stays_as_it_is(self):
        self.make_offer()
        option = self.get_option("prepay").with_user(self.manager)
        for step in (
            lambda: option.write({"price": 1}),
            lambda: option.write({"template_id": self.template("pause").id}),
            lambda: option.write({"date_answer_by": self.today(99)}),
            option.unlink,
        ):
            with self.assertRaisesRegex(UserError, "withdraw it"):
                step()

    def test_an_offer_is_withdrawn_but_an_answer_is_not(self):
        offer = self.make_offer()
        self.get_option("prepay").with_user(self.salesperson).action_withdraw()
        self.assertEqual(self.get_option("prepay").state, "withdrawn")
        self.assertIn("error", self.accept("prepay", offer=offer))
        self.accept()
        with self.assertRaisesRegex(UserError, "accepted"):
            self.get_option("rescope").with_user(self.salesperson).action_withdraw()

    def test_what_was_taken_back_reads_as_withdrawn_and_what_was_late_as_expired(self):
        offer = self.as_customer(self.make_offer())
        late, early = self.get_option("rescope"), self.get_option("prepay")
        late.sudo().date_answer_by = self.today(-1)
        self.assertFalse(offer._is_withdrawn())
        (late | early).with_user(self.salesperson).action_withdraw()
        self.assertEqual((late.state, early.state), ("expired", "withdrawn"))
        self.assertTrue(early.date_withdrawn)
        self.assertFalse(late.date_withdrawn)
        self.assertTrue(offer._is_withdrawn())
        early.sudo().date_answer_by = self.today(-1)
        self.run_cron()
        self.assertEqual(early.state, "withdrawn")
        self.assertFalse(offer._is_withdrawn())
        with self.assertRaisesRegex(UserError, "own"):
            early.with_user(self.salesperson).date_withdrawn = False

    def test_a_second_mail_takes_over_what_is_open_and_ends_the_first_link(self):
        first = self.make_offer()
        second = self.make_offer("pause")
        self.assertEqual(len(second.option_ids), 3)
        self.assertFalse(self.as_customer(first)._is_live())
        self.assertTrue(self.as_customer(second)._is_live())

    def test_cancelling_or_approving_takes_offers_back(self):
        offer = self.make_offer()
        self.case.action_cancel()
        self.assertEqual(set(self.case.option_ids.mapped("state")), {"withdrawn"})
        self.assertFalse(self.as_customer(offer)._is_live())

    # Before the approval

    def get_codes(self):
        return set(self.case.with_user(self.manager)._get_approval_obstacles())

    def decide(self):
        self.case.with_user(self.manager).write(
            {"approval_reason": "Enough", "ethics_checked": True}
        )

    def test_approval_comes_after_two_options_or_a_reason(self):
        self.decide()
        self.assertEqual(self.get_codes(), {"few_options"})
        self.case.with_user(self.manager).few_options_reason = "  "
        self.assertEqual(self.get_codes(), {"few_options"})
        self.case.with_user(self.manager).few_options_reason = "They are moving away."
        self.assertFalse(self.get_codes())

    def test_approval_waits_for_the_customers_answer(self):
        offer = self.make_offer()
        self.decide()
        self.assertEqual(self.get_codes(), {"open_options"})
        customer = self.as_customer(offer)
        customer._decline(self.get_option("rescope").id, "No")
        self.assertEqual(self.get_codes(), {"open_options"})
        customer._decline(self.get_option("prepay").id, "No")
        self.assertFalse(self.get_codes())
        self.case.with_user(self.manager).action_approve()
        self.assertEqual(self.case.state, "approved")

    def test_what_was_withdrawn_was_no_fair_chance(self):
        self.make_offer()
        self.case.option_ids.action_withdraw()
        self.decide()
        self.assertEqual(self.get_codes(), {"few_options"})

    def test_no_option_is_added_to_what_is_decided(self):
        case = self.make_exit(self.make_customer(name="Other"), state="approved")
        with self.assertRaisesRegex(UserError, "approved"):
            self.make_option(case=case, user=self.manager)

    def test_what_was_offered_stays_on_record(self):
        self.make_offer()
        self.case.with_user(self.manager).action_cancel()
        with self.assertRaisesRegex(UserError, "stays on record"):
            self.case.with_user(self.manager).unlink()

    # Silence

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "toxic_customer_exit.ir_cron_expire_options"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def test_silence_past_the_date_is_noted_and_the_owner_told_once(self):
        self.make_offer()
        self.run_cron()
        self.assertEqual(set(self.case.option_ids.mapped("state")), {"offered"})
        self.case.option_ids.sudo().date_answer_by = self.today(-1)
        before = self.case.activity_ids
        self.run_cron()
        self.run_cron()
        self.assertEqual(set(self.case.option_ids.mapped("state")), {"expired"})
        self.assertEqual(
            (self.case.activity_ids - before).mapped("user_id"), self.salesperson
        )
        self.assertEqual(len(self.case.activity_ids - before), 1)

    def test_many_are_noted_in_steps(self):
        self.make_offer("rescope", "prepay", "pause", "educate", "reprice")
        self.case.option_ids.sudo().date_answer_by = self.today(-1)
        self.patch(case_batches, "BATCH_SIZE", 2)
        self.run_cron()
        self.assertEqual(set(self.case.option_ids.mapped("state")), {"expired"})

    def test_a_case_that_fails_keeps_no_other_waiting(self):
        customer = self.make_customer(name="Other", email="office@other.example")
        other = self.make_exit(customer, state="draft")
        for case in (self.case, other):
            self.make_offer(case=case)
            case.option_ids.sudo().date_answer_by = self.today(-1)
        tell_owner = type(other)._tell_owner

        def fail(case, summary, words):
            if case == self.case:
                raise ValueError("An automation rule went wrong")
            return tell_owner(case, summary, words)

        self.patch(type(other), "_tell_owner", fail)
        with self.assertLogs(case_batches._logger, "ERROR") as log:
            self.run_cron()
        self.assertIn(self.case.display_name, log.output[0])
        self.assertEqual(set(other.option_ids.mapped("state")), {"expired"})
        self.assertEqual(set(self.case.option_ids.mapped("state")), {"offered"})
