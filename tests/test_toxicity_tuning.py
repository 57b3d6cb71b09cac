from datetime import date, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import SQL

from .common import ToxicityCommon

TODAY = date(2026, 3, 10)


class TuningCommon(ToxicityCommon):
    def open_tuning(self, user=None, **values):
        """A proposal of the manager; weights as {code: weight}."""
        tunings = self.env["toxicity.tuning"].with_user(user or self.manager)
        tuning = tunings.browse(tunings.action_open()["res_id"])
        for code, weight in values.pop("weights", {}).items():
            self.get_line(tuning, code).weight = weight
        tuning.write(values)
        return tuning

    def get_line(self, tuning, code):
        return tuning.line_ids.filtered(lambda line: line.indicator_id.code == code)

    def publish(self, **values):
        tuning = self.open_tuning(**values)
        tuning.action_preview()
        return tuning.action_publish()

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("toxic_customer_exit.ir_cron_rescore").method_direct_trigger()
        self.env.invalidate_all()

    def make_abusive(self, name="Rude Ltd", severity="3", **values):
        customer = self.make_customer(name=name)
        self.make_signal("abusive", partner_id=customer.id, severity=severity, **values)
        return customer

    def set_band(self, customer, band="healthy", days=30):
        self.get_score(customer).with_user(self.manager).write(
            {
                "band_override": band,
                "band_override_until": TODAY + timedelta(days),
                "band_override_reason": "A misunderstanding, cleared up.",
            }
        )


@freeze_time(TODAY)
class TestTuning(TuningCommon):
    def test_a_proposal_begins_with_what_holds_now(self):
        self.make_weight("abusive", 0.25)
        tuning = self.open_tuning()
        self.assertRecordValues(
            tuning,
            [
                {
                    "company_id": self.company.id,
                    "watch_threshold": 25,
                    "strained_threshold": 50,
                    "toxic_threshold": 75,
                    "window_days": 365,
                    "claim_tolerance": 20,
                    "is_changed": False,
                    "problems": False,
                }
            ],
        )
        self.assertEqual(
            tuning.line_ids.indicator_id, self.env["toxicity.indicator"].search([])
        )
        self.assertRecordValues(
            self.get_line(tuning, "abusive"),
            [{"weight": 0.25, "weight_now": 0.25, "is_default": False}],
        )

    def test_the_preview_names_who_would_change_band_and_which(self):
        customer = self.make_abusive()
        self.make_abusive("Mild Ltd", severity="1")
        tuning = self.open_tuning(strained_threshold=45)
        tuning.action_preview()
        self.assertRecordValues(
            tuning.move_ids,
            [
                {
                    "partner_id": customer.id,
                    "old_band": "watch",
                    "new_band": "strained",
                    "direction": "worse",
                }
            ],
        )
        self.assertIn("<strong>1</strong> of 2 customers", tuning.summary)
        self.assertIn(["watch", "strained", 1], tuning.counts)

    def test_published_it_holds_and_the_scores_follow(self):
        customer = self.make_abusive()
        self.publish(
            strained_threshold=45,
            window_days=200,
            claim_tolerance=10,
            weights={"abusive": 1.5, "rework": 0},
        )
        self.assertRecordValues(
            self.company.sudo(),
            [
                {
                    "toxicity_watch_threshold": 25,
                    "toxicity_strained_threshold": 45,
                    "toxicity_window_days": 200,
                    "claim_tolerance": 10,
                }
            ],
        )
        weights = {
            weight.indicator_id.code: weight.weight
            for weight in self.env["toxicity.weight"].sudo().search([])
        }
        self.assertEqual(weights, {"abusive": 1.5, "rework": 0})
        self.assertEqual(customer.toxicity_band, "watch")
        self.run_cron()
        self.assertEqual(customer.toxicity_band, "strained")

    def test_published_it_is_gone_and_the_rescore_is_scheduled(self):
        cron = self.env.ref("toxic_customer_exit.ir_cron_rescore")
        domain = [("cron_id", "=", cron.id)]
        tuning = self.open_tuning(watch_threshold=20)
        tuning.action_preview()
        before = self.env["ir.cron.trigger"].search_count(domain)
        action = tuning.action_publish()
        self.assertEqual(action["params"]["type"], "success")
        self.assertFalse(tuning.exists())
        self.assertGreater(self.env["ir.cron.trigger"].search_count(domain), before)

    def test_back_to_default_follows_the_default_again(self):
        self.make_weight("abusive", 0.25)
        tuning = self.open_tuning()
        self.get_line(tuning, "abusive").action_default()
        tuning.action_preview()
        tuning.action_publish()
        self.assertFalse(self.env["toxicity.weight"].sudo().search([]))
        self.indicator("abusive").weight = 0.5
        self.assertEqual(self.indicator("abusive").company_weight, 0.5)

    def test_all_weights_go_back_to_their_defaults_together(self):
        self.make_weight("abusive", 0.25)
        self.make_weight("rework", 0)
        tuning = self.open_tuning()
        tuning.action_default_weights()
        changed = tuning.line_ids.filtered("is_changed").indicator_id
        self.assertEqual(changed, self.indicator("abusive") + self.indicator("rework"))
        self.assertTrue(all(tuning.line_ids.mapped("is_default")))

    def test_a_weight_that_is_left_alone_stays_the_companys_own(self):
        own = self.make_weight("abusive", self.indicator("abusive").weight)
        self.publish(watch_threshold=20)
        self.assertTrue(own.exists())

    def test_discarding_goes_back_to_what_holds_and_forgets_the_preview(self):
        self.make_abusive()
        tuning = self.open_tuning(strained_threshold=45, weights={"abusive": 3})
        tuning.action_preview()
        tuning.action_discard()
        self.assertRecordValues(
            tuning,
            [
                {
                    "strained_threshold": 50,
                    "is_changed": False,
                    "date_previewed": False,
                    "move_ids": [],
                    "summary": False,
                }
            ],
        )
        self.assertEqual(
            self.get_line(tuning, "abusive").weight, self.indicator("abusive").weight
        )

    def test_what_a_manager_set_stays_and_is_named_apart(self):
        customer = self.make_abusive()
        self.set_band(customer)
        tuning = self.open_tuning(strained_threshold=45)
        tuning.action_preview()
        self.assertRecordValues(
            tuning.move_ids,
            [
                {
                    "partner_id": customer.id,
                    "old_band": "watch",
                    "new_band": "strained",
                    "direction": "held",
                }
            ],
        )
        self.assertIn("No customer of 1 would change band", tuning.summary)
        self.assertIn("1 more would be computed otherwise", tuning.summary)

    def test_what_a_manager_set_until_yesterday_no_longer_holds(self):
        customer = self.make_abusive()
        self.set_band(customer, days=0)
        with freeze_time(TODAY + timedelta(1)):
            tuning = self.open_tuning()
            tuning.action_preview()
            self.assertRecordValues(
                tuning.move_ids, [{"old_band": "healthy", "new_band": "watch"}]
            )

    def test_who_goes_there_anyway_is_told_from_whom_the_proposal_moves(self):
        fading = self.make_abusive("Fading Ltd")
        other = self.make_abusive("Other Ltd")
        with freeze_time(TODAY + timedelta(300)):
            self.make_signal("asked_to_misrepresent", partner_id=other.id, severity="3")
            tuning = self.open_tuning()
            tuning.action_preview()
            self.assertRecordValues(
                tuning.move_ids,
                [{"partner_id": fading.id, "direction": "better", "is_anyway": True}],
            )
            self.assertIn("all of them with the settings in force", tuning.summary)
            tuning.write({"strained_threshold": 98, "toxic_threshold": 99})
            tuning.action_preview()
            self.assertEqual(tuning.move_ids.partner_id, fading + other)
            self.assertEqual(tuning.move_ids.filtered("is_anyway").partner_id, fading)
            self.assertIn("1 of them with the settings in force", tuning.summary)

    def test_all_who_would_move_are_in_the_list_however_many(self):
        customers = self.env["res.partner"]
        for number in range(23):
            customers |= self.make_abusive(f"Customer {number}")
        tuning = self.open_tuning(strained_threshold=45)
        tuning.action_preview()
        self.assertEqual(len(tuning.shown_move_ids), 20)
        self.assertEqual(tuning.move_count, 23)
        action = tuning.action_open_moves()
        moves = self.env[action["res_model"]].with_user(self.manager)
        self.assertEqual(moves.search(action["domain"]).partner_id, customers)
        action = tuning.move_ids[0].action_open_customer()
        self.assertEqual(action["res_model"], "res.partner")
        self.assertEqual(action["res_id"], tuning.move_ids[0].partner_id.id)

    def test_the_preview_costs_no_more_queries_for_more_customers(self):
        def count():
            tuning = self.open_tuning(strained_threshold=45)
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            tuning.action_preview()
            return self.cr.sql_log_count - start

        self.make_abusive()
        count()
        few = count()
        for number in range(30):
            self.make_abusive(f"Customer {number}")
        self.assertLessEqual(count(), few)

    def test_without_any_customer_the_preview_says_so(self):
        tuning = self.open_tuning(strained_threshold=45)
        tuning.action_preview()
        self.assertIn("No customer has a score yet", tuning.summary)

    def test_other_companies_are_neither_previewed_nor_changed(self):
        other = self.setup_other_company()["company"]
        self.salesperson.company_ids = [Command.link(other.id)]
        theirs = self.make_abusive("Theirs Ltd", company_id=other.id)
        ours = self.make_abusive()
        self.publish(strained_threshold=45, weights={"abusive": 1.5})
        self.run_cron()
        self.assertEqual(ours.toxicity_band, "strained")
        self.assertRecordValues(
            self.get_score(theirs, other),
            [{"band": "watch", "load": self.indicator("abusive").weight}],
        )
        self.assertEqual(other.sudo().toxicity_strained_threshold, 50)


@freeze_time(TODAY)
class TestTuningRefused(TuningCommon):
    def assertProblem(self, sentence, **values):
        tuning = self.open_tuning(**values)
        self.assertIn(sentence, tuning.problems)
        for action in (tuning.action_preview, tuning.action_publish):
            with self.assertRaisesRegex(UserError, sentence), self.cr.savepoint():
                action()

    def test_thresholds_out_of_order_are_refused_in_a_sentence(self):
        for watch, strained, toxic in ((60, 50, 75), (0, 50, 75), (25, 50, 100)):
            with self.subTest(watch=watch, toxic=toxic):
                self.assertProblem(
                    f"The thresholds {watch}, {strained} and {toxic} do not rise",
                    watch_threshold=watch,
                    strained_threshold=strained,
                    toxic_threshold=toxic,
                )

    def test_a_window_of_no_day_or_of_ages_is_refused(self):
        for days in (0, -5, 3651):
            with self.subTest(days=days):
                self.assertProblem(f"over {days} days", window_days=days)

    def test_a_tolerance_out_of_range_is_refused(self):
        for tolerance in (-1.0, 101.0, float("nan")):
            with self.subTest(tolerance=tolerance):
                self.assertProblem(f"up to {tolerance} %", claim_tolerance=tolerance)

    def test_weights_out_of_range_are_refused_by_name(self):
        name = self.indicator("abusive").name
        for weight in (-0.5, 10.5, float("nan"), float("inf")):
            with self.subTest(weight=weight):
                self.assertProblem(
                    f"{name} cannot weigh {weight}", weights={"abusive": weight}
                )

    def test_a_mistake_shows_while_typing(self):
        with Form(self.open_tuning()) as form:
            self.assertFalse(form.problems)
            form.watch_threshold = 60
            self.assertIn("do not rise", form.problems)
            form.watch_threshold = 20
            self.assertFalse(form.problems)

    def test_what_nobody_has_previewed_is_not_published(self):
        tuning = self.open_tuning(watch_threshold=20)
        with self.assertRaisesRegex(UserError, "Have a preview first"):
            tuning.action_publish()
        tuning.action_preview()
        self.assertTrue(tuning.is_previewed)
        self.get_line(tuning, "abusive").weight = 3
        self.assertFalse(tuning.is_previewed)
        with self.assertRaisesRegex(UserError, "Have a preview first"):
            tuning.action_publish()
        self.assertEqual(self.company.sudo().toxicity_watch_threshold, 25)

    def test_settings_that_somebody_else_changed_meanwhile_stay(self):
        changes = (
            lambda: self.company.sudo().write({"toxicity_toxic_threshold": 80}),
            lambda: self.make_weight("abusive", 2),
            lambda: self.indicator("rework").write({"weight": 2}),
            lambda: self.indicator("rework").write({"active": False}),
        )
        for change in changes:
            tuning = self.open_tuning(watch_threshold=20)
            tuning.action_preview()
            change()
            with self.assertRaisesRegex(UserError, "have changed since you began"):
                tuning.action_publish()
            tuning.action_discard()
            self.assertFalse(tuning.problems)

    def test_nobody_but_managers_tunes(self):
        for user in (self.salesperson, self.outsider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.open_tuning(user=user)
        tuning = self.open_tuning()
        for user in (self.salesperson, self.outsider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                tuning.with_user(user).action_publish()

    def test_a_manager_sees_only_proposals_of_his_own_in_his_companies(self):
        other = self.setup_other_company()["company"]
        colleague = self.make_user("colleague", "sales_team.group_sale_manager")
        tuning = self.open_tuning(watch_threshold=20)
        with self.assertRaises(AccessError):
            tuning.with_user(colleague).read(["watch_threshold"])
        with self.assertRaises(AccessError):
            tuning.create({"company_id": other.id})

    def test_settings_show_the_values_and_do_not_change_them(self):
        self.manager.group_ids += self.env.ref("base.group_system")
        settings = self.env["res.config.settings"].with_user(self.manager).create({})
        self.assertEqual(settings.toxicity_watch_threshold, 25)
        settings.toxicity_watch_threshold = 10
        settings.execute()
        self.assertEqual(self.company.sudo().toxicity_watch_threshold, 25)


@freeze_time(TODAY)
class TestNothingStaysOfAPreview(TuningCommon):
    def setUp(self):
        super().setUp()
        self.make_abusive()
        self.make_claim(130, verified_value=100)
        self.make_signal("confrontational")

    def get_contents(self):
        """{table: a digest of its rows}, of all tables but those of proposals."""
        # What waits for the commit of what was done before is done first.
        self.cr.flush()
        tables = self.env.execute_query(
            SQL(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename NOT LIKE 'toxicity_tuning%%'"
            )
        )
        return {
            table: self.env.execute_query(
                SQL(
                    "SELECT COUNT(*), MD5(STRING_AGG(MD5(row::text), ''"
                    " ORDER BY row::text)) FROM %s row",
                    SQL.identifier(table),
                )
            )
            for (table,) in tables
        }

    def test_no_row_of_any_table_is_changed(self):
        tuning = self.open_tuning(
            strained_threshold=45,
            window_days=30,
            claim_tolerance=50,
            weights={"abusive": 3, "confrontational": 0},
        )
        before = self.get_contents()
        tuning.action_preview()
        self.assertTrue(tuning.move_ids)
        after = self.get_contents()
        changed = {table for table in before if before[table] != after[table]}
        self.assertEqual(changed, set())

    def test_nothing_is_left_to_do_at_the_commit(self):
        tuning = self.open_tuning(claim_tolerance=50, strained_threshold=45)
        self.cr.flush()
        hooks = len(self.cr.precommit), len(self.cr.postcommit)
        tuning.action_preview()
        self.assertEqual((len(self.cr.precommit), len(self.cr.postcommit)), hooks)
        tuning.action_publish()
        self.assertGreater(len(self.cr.postcommit), hooks[1])

    def test_a_preview_that_fails_leaves_nothing_either(self):
        tuning = self.open_tuning(strained_threshold=45)
        self.patch(
            self.registry["toxicity.score.engine"], "_foresee", lambda *args: 1 / 0
        )
        hooks = self.cr.precommit, self.cr.postcommit
        with self.assertRaises(ZeroDivisionError):
            tuning.action_preview()
        self.assertEqual((self.cr.precommit, self.cr.postcommit), hooks)
        self.assertEqual(self.company.sudo().toxicity_strained_threshold, 50)
        self.make_signal("abusive", severity="3")
        self.assertTrue(self.get_score().score)

    def test_automation_rules_do_not_answer_to_a_preview(self):
        model = self.env["ir.model"]._get("toxicity.signal")
        rule = self.env["base.automation"].create(
            {"name": "Tell them", "model_id": model.id, "trigger": "on_create"}
        )
        rules = self.env["base.automation"]
        signals = self.env["toxicity.signal"]
        self.assertEqual(rules._get_actions(signals, ["on_create"]), rule)
        with self.env["toxicity.score.engine"]._rehearsal():
            self.assertFalse(rules._get_actions(signals, ["on_create"]))
        self.assertEqual(rules._get_actions(signals, ["on_create"]), rule)
