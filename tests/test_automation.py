import ast
from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError

from .automation_common import AutomationCommon

RULES = (
    "base_automation_change_detected",
    "base_automation_change_overdue",
    "base_automation_band",
)
MODULE = "toxic_customer_exit"
CORE = ("res.partner", "sale.order", "project.project", "project.task", "account.move")


class TestScopeChangeReactions(AutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.make_order(
            (cls.service_ordered, 10), user_id=cls.salesperson.id
        )
        cls.team = cls.env["crm.team"].create(
            {"name": "Team", "user_id": cls.manager.id, "company_id": cls.company.id}
        )
        cls.order.team_id = cls.team

    def edit(self, quantity=14):
        self.order.order_line.with_user(self.salesperson).product_uom_qty = quantity
        return self.get_changes(self.order)

    def test_who_sold_the_order_is_asked_to_decide(self):
        change = self.edit()
        self.let_pass("2 hours")
        self.assertRecordValues(
            self.get_activities(change),
            [
                {
                    "user_id": self.salesperson.id,
                    "activity_type_id": self.env.ref(
                        f"{MODULE}.mail_activity_type_change_decision"
                    ).id,
                    "summary": "Decide on what changed",
                    "date_deadline": date.today() + timedelta(7),
                }
            ],
        )

    def test_nobody_is_asked_within_the_hour_nor_twice(self):
        change = self.edit()
        self.let_pass("50 minutes")
        self.assertFalse(self.get_activities(change))
        self.let_pass("20 minutes")
        self.let_pass("1 day")
        self.assertEqual(len(self.get_activities(change)), 1)

    def test_nobody_is_asked_about_what_was_taken_back_or_decided(self):
        self.edit()
        self.assertFalse(self.edit(10))
        change = self.edit()
        change.with_user(self.salesperson).action_withdraw()
        self.let_pass("2 hours")
        self.assertFalse(self.get_activities(change))

    def test_nobody_is_asked_about_what_they_wrote_down_themselves(self):
        change = (
            self.env["scope.change"]
            .with_user(self.salesperson)
            .create({"order_id": self.order.id, "description": "Asked on the phone"})
        )
        self.let_pass("2 hours")
        self.assertFalse(self.get_activities(change))

    def test_a_decision_settles_what_asked_for_it(self):
        change = self.edit()
        self.let_pass("2 hours")
        self.let_pass("15 days")
        self.assertEqual(len(self.get_activities(change)), 2)
        change.with_user(self.salesperson).action_negotiate()
        self.assertEqual(len(self.get_activities(change)), 2)
        change.with_user(self.salesperson).action_withdraw()
        self.assertFalse(self.get_activities(change))

    def test_somebody_outside_is_never_asked(self):
        for salesperson in (
            self.outsider,
            self.env["res.users"],
            self.make_user("left", "sales_team.group_sale_salesman", active=False),
        ):
            with self.subTest(salesperson=salesperson.login):
                order = self.make_order(
                    (self.service_ordered, 10),
                    user_id=salesperson.id,
                    team_id=self.team.id,
                )
                order.user_id = salesperson
                order.order_line.product_uom_qty = 12
                self.let_pass("2 hours")
                activities = self.get_activities(self.get_changes(order))
                self.assertEqual(activities.user_id, self.manager)

    def test_a_colleague_of_another_company_is_never_asked(self):
        other = self.setup_other_company()["company"]
        self.salesperson.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        self.order.order_line.product_uom_qty = 12
        self.assertEqual(self.get_changes(self.order).reminder_user_id, self.manager)

    def test_undecided_for_two_weeks_a_manager_is_asked(self):
        change = self.edit()
        kind = self.env.ref(f"{MODULE}.mail_activity_type_change_overdue")
        self.let_pass("13 days")
        self.assertNotIn(kind, self.get_activities(change).activity_type_id)
        self.let_pass("1 day")
        asked = self.get_activities(change).filtered(
            lambda activity: activity.activity_type_id == kind
        )
        self.assertEqual(asked.user_id, self.manager)
        self.assertEqual(asked.date_deadline, date.today() + timedelta(3))
        self.let_pass("1 day")
        self.assertEqual(len(self.get_activities(change) & asked), 1)

    def test_decided_within_two_weeks_no_manager_is_asked(self):
        change = self.edit()
        change.with_user(self.salesperson).action_withdraw()
        self.let_pass("15 days")
        self.assertFalse(self.get_activities(change))

    def test_a_team_leader_who_is_no_manager_here_is_not_asked(self):
        self.team.user_id = self.salesperson
        change = self.edit()
        self.assertTrue(change.manager_id)
        self.assertNotEqual(change.manager_id, self.salesperson)
        self.assertTrue(change.manager_id.has_group(f"{MODULE}.group_toxicity_manager"))

    def test_odoos_own_records_show_nothing_of_it(self):
        self.edit()
        domain = [("res_model", "in", CORE)]
        before = self.env["mail.activity"].search(domain)
        messages = self.order.message_ids
        self.let_pass("2 hours")
        self.let_pass("15 days")
        self.assertEqual(self.env["mail.activity"].search(domain), before)
        self.assertEqual(self.order.message_ids, messages)

    def test_outsiders_see_no_activity(self):
        change = self.edit()
        self.let_pass("2 hours")
        activities = self.get_activities(change)
        outside = self.env["mail.activity"].with_user(self.outsider)
        self.assertFalse(outside.search([("id", "in", activities.ids)]))
        with self.assertRaises(AccessError):
            activities.with_user(self.outsider).read(["summary"])


class TestBandReactions(AutomationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.user_id = cls.salesperson

    def strain(self, customer=None):
        partner = (customer or self.customer).id
        self.make_signal("asked_to_misrepresent", severity="3", partner_id=partner)
        return self.get_score(customer)

    def run_nightly(self):
        with self.enter_registry_test_mode():
            self.env.ref("toxic_customer_exit.ir_cron_rescore").method_direct_trigger()
        self.env.invalidate_all()

    def test_the_account_manager_is_told_of_a_worse_band(self):
        score = self.strain()
        self.assertEqual(score.current_band, "strained")
        self.let_pass("2 hours")
        told = self.get_activities(score)
        self.assertRecordValues(
            told,
            [
                {
                    "user_id": self.salesperson.id,
                    "activity_type_id": self.env.ref(
                        f"{MODULE}.mail_activity_type_relationship"
                    ).id,
                    "date_deadline": date.today() + timedelta(5),
                }
            ],
        )
        self.make_signal("abusive", severity="3")
        self.make_signal("claim_unverified", severity="3")
        self.assertEqual(score.current_band, "toxic")
        self.assertEqual(score.previous_band, "strained")
        self.let_pass("2 hours")
        self.assertEqual(len(self.get_activities(score)), 2)

    def test_nobody_is_told_of_a_band_that_is_no_worry_or_gets_better(self):
        self.make_signal("abusive", severity="3")
        score = self.get_score()
        self.assertEqual(score.current_band, "watch")
        self.let_pass("2 hours")
        self.assertFalse(self.get_activities(score))
        score.sudo().write({"band": "toxic"})
        score.sudo().write({"band": "strained"})
        self.assertEqual(score.previous_band, "toxic")
        self.let_pass("2 hours")
        self.assertFalse(self.get_activities(score))

    def test_what_moves_back_within_the_hour_tells_nobody(self):
        score = self.strain()
        score.sudo().write({"band": "watch"})
        self.let_pass("2 hours")
        self.assertFalse(self.get_activities(score))

    def test_a_band_that_a_manager_sets_is_told_as_well(self):
        self.make_signal("abusive", severity="3")
        score = self.get_score()
        score.with_user(self.manager).write(
            {
                "band_override": "toxic",
                "band_override_until": date.today() + timedelta(30),
                "band_override_reason": "Said so",
            }
        )
        self.let_pass("2 hours")
        self.assertEqual(self.get_activities(score).user_id, self.salesperson)

    def test_whoever_is_outside_is_not_told(self):
        self.customer.user_id = self.outsider
        score = self.strain()
        self.assertTrue(
            score.account_manager_id.has_group(f"{MODULE}.group_toxicity_manager")
        )
        self.make_order((self.service_ordered, 1), user_id=self.salesperson.id)
        score.invalidate_recordset(["account_manager_id"])
        self.assertEqual(score.account_manager_id, self.salesperson)

    def test_the_account_manager_can_say_it_is_done(self):
        score = self.strain()
        self.let_pass("2 hours")
        activity = self.get_activities(score).with_user(self.salesperson)
        activity.sudo(False).action_feedback("Talked it over")
        self.assertFalse(self.get_activities(score))
        self.assertIn("Talked it over", score.message_ids[0].body)
        with self.assertRaises(AccessError):
            score.with_user(self.salesperson).write({"band": "healthy"})

    def test_the_first_scores_of_all_tell_nobody(self):
        customers = self.make_customer() + self.make_customer()
        with self.env["toxicity.score"]._gather_rescores():
            for customer in customers:
                self.strain(customer)
        self.assertFalse(self.get_score(customers[0]))
        self.run_nightly()
        scores = self.get_score(customers[0]) + self.get_score(customers[1])
        self.assertEqual(scores.mapped("current_band"), ["strained"] * 2)
        self.let_pass("2 hours")
        self.assertFalse(self.get_activities(scores))
        self.assertFalse(any(scores.mapped("date_band")))

    def test_what_settings_move_tells_nobody_and_what_the_night_finds_does(self):
        self.make_signal("abusive", severity="3")
        score = self.get_score()
        self.company.toxicity_strained_threshold = 26
        self.run_nightly()
        self.assertEqual(score.current_band, "strained")
        self.let_pass("2 hours")
        self.assertFalse(self.get_activities(score))
        with self.env["toxicity.score"]._gather_rescores():
            self.make_signal("asked_to_misrepresent", severity="3")
            self.make_signal("claim_unverified", severity="3")
        self.run_nightly()
        self.assertEqual(score.current_band, "toxic")
        self.let_pass("2 hours")
        self.assertEqual(len(self.get_activities(score)), 1)

    def test_what_a_run_left_undone_is_no_more_news_the_day_after(self):
        runs = self.env["toxicity.score.run"].sudo()
        yesterday = self.days_ago(1)
        runs.create({"started_at": yesterday, "is_after_settings": True})
        self.assertTrue(runs._get_current().is_after_settings)
        runs.search([("finished_at", "=", False)])._finish()
        self.assertFalse(runs._get_current().is_after_settings)

    def test_what_is_only_rehearsed_tells_nobody(self):
        score = self.strain()
        moved = score.date_band
        with self.env["toxicity.score.engine"]._rehearsal():
            score.sudo().write({"band": "toxic"})
        self.env.invalidate_all()
        self.assertEqual((score.date_band, score.previous_band), (moved, "unknown"))

    def test_clients_silence_nothing_by_what_they_say_in_the_context(self):
        score = self.get_score() or self.strain()
        score.sudo().with_context(toxicity_band_news=False).write({"band": "toxic"})
        self.assertTrue(score.date_band)

    def test_moving_many_customers_takes_as_many_queries_as_moving_few(self):
        def count(number):
            customers = self.env["res.partner"].create(
                [{"name": f"Many {index}"} for index in range(number)]
            )
            with self.env["toxicity.score"]._gather_rescores():
                for customer in customers:
                    self.make_signal("abusive", severity="3", partner_id=customer.id)
            self.env["toxicity.score"]._rescore(customers)
            with self.env["toxicity.score"]._gather_rescores():
                for customer in customers:
                    self.strain(customer)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["toxicity.score"]._rescore(customers)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertLessEqual(count(40), count(5) + 3)


class TestRules(AutomationCommon):
    def get_rules(self):
        return self.env["base.automation"].union(
            *(self.env.ref(f"{MODULE}.{name}") for name in RULES)
        )

    def test_the_shipped_rules_stay_as_people_leave_them(self):
        data = self.env["ir.model.data"].search(
            [
                ("module", "=", MODULE),
                ("model", "in", ("base.automation", "ir.actions.server")),
                ("name", "like", "base_automation_"),
            ]
        )
        self.assertEqual(len(data), 2 * len(RULES))
        self.assertTrue(all(data.mapped("noupdate")))

    def test_each_rule_says_what_it_watches_and_plans_an_activity_of_ours(self):
        for rule in self.get_rules():
            with self.subTest(rule=rule.name):
                self.assertTrue(rule.trigger_field_ids)
                kinds = rule.action_server_ids.activity_type_id
                self.assertEqual(
                    kinds.get_external_id()[kinds.id].split(".")[0], MODULE
                )
                self.assertEqual(kinds.res_model, rule.model_id.model)
                self.assertFalse(rule.action_server_ids.group_ids)

    def test_whoever_may_change_settings_copies_and_switches_off_rules(self):
        administrator = self.make_user("administrator", "base.group_system")
        for rule in self.get_rules().with_user(administrator):
            copy = rule.copy()
            self.assertEqual(len(copy.action_server_ids), 1)
            copy.active = False
            rule.active = False
            rule.action_server_ids.activity_date_deadline_range = 1
        order = self.make_order((self.service_ordered, 10))
        order.order_line.product_uom_qty = 12
        self.let_pass("15 days")
        self.assertFalse(self.get_activities(self.get_changes(order)))

    def test_managers_without_that_right_write_no_rules(self):
        with self.assertRaises(AccessError):
            self.get_rules().with_user(self.manager).write({"active": False})
        with self.assertRaises(AccessError):
            self.get_rules().with_user(self.manager).read(["name"])

    def test_the_menu_shows_rules_about_us_only(self):
        action = self.env.ref(f"{MODULE}.base_automation_action")
        other = self.env["base.automation"].create(
            {
                "name": "About customers",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "trigger": "on_create",
            }
        )
        domain = self.env["ir.actions.act_window"]._for_xml_id(
            f"{MODULE}.base_automation_action"
        )["domain"]
        shown = self.env["base.automation"].search(ast.literal_eval(domain))
        self.assertLessEqual(self.get_rules(), shown)
        self.assertNotIn(other, shown)
        self.assertEqual(action.group_ids, self.env.ref("base.group_system"))
