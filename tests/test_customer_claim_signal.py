from datetime import date
from unittest.mock import patch

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.toxic_customer_exit.models import customer_claim

from .common import ToxicityCommon

TODAY = date(2026, 3, 10)
ACTIVITY_TYPE = "toxic_customer_exit.mail_activity_type_claim"


class TestClaimSignal(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = cls.make_claim(200, verified_value=100)
        cls.signal = cls.claim.signal_ids

    def test_a_corrected_find_changes_the_same_signal(self):
        self.claim.verified_value = 150
        self.assertEqual(self.claim.signal_ids, self.signal)
        # By a third: over the tolerance of 20 %, not over twice of it.
        self.assertEqual(self.signal.severity, "1")
        self.assertAlmostEqual(self.get_score().load, 1 / 3, 5)

    def test_the_signal_follows_its_claim_to_another_customer(self):
        other = self.make_customer(name="The other")
        self.claim.partner_id = other
        self.assertEqual(self.signal.partner_id, other)
        self.assertFalse(self.get_score())
        self.assertTrue(self.get_score(other))

    def test_a_claim_that_holds_after_all_withdraws_its_signal(self):
        self.claim.verified_value = 200
        self.assertEqual(self.signal.state, "withdrawn")
        self.assertEqual(self.customer.toxicity_band, "unknown")
        self.claim.verified_value = 100
        self.assertEqual(self.signal.state, "counted")
        self.assertTrue(self.get_score())

    def test_a_verification_taken_back_withdraws_the_signal(self):
        self.claim.verified_value = 0
        self.assertRecordValues(
            self.claim,
            [{"verdict": "unverified", "date_verified": False, "gap": 0}],
        )
        self.assertEqual(self.signal.state, "withdrawn")

    def test_a_contested_signal_is_not_counted_again_by_itself(self):
        self.signal.with_user(self.manager)._contest("Other accounts.")
        self.claim.verified_value = 50
        self.assertRecordValues(self.signal, [{"state": "contested", "severity": "3"}])
        self.claim.verified_value = 200
        self.assertEqual(self.signal.state, "withdrawn")
        self.claim.verified_value = 50
        self.assertEqual(self.signal.state, "contested")
        self.assertEqual(self.customer.toxicity_band, "unknown")

    def test_a_signal_withdrawn_by_a_person_stays_withdrawn(self):
        self.signal.with_user(self.manager).action_withdraw()
        for found in (50, 200, 50):
            self.claim.verified_value = found
            self.assertEqual(self.signal.state, "withdrawn")
        self.signal.with_user(self.manager).action_count()
        self.assertEqual(self.signal.state, "counted")

    def test_the_signal_of_a_claim_that_holds_cannot_be_counted(self):
        self.claim.verified_value = 200
        with self.assertRaisesRegex(UserError, "holds as far as it was checked"):
            self.signal.with_user(self.manager).action_count()

    def test_the_signal_of_a_claim_is_not_edited_by_hand(self):
        for values in ({"severity": "1"}, {"claim_id": False}, {"date": TODAY}):
            with self.assertRaisesRegex(UserError, "follows the claim"):
                self.signal.with_user(self.manager).write(values)
        with self.assertRaisesRegex(UserError, "follows the claim"):
            self.signal.with_user(self.manager).unlink()

    def test_a_signal_of_ones_own_does_not_pose_as_a_claims(self):
        claim = self.make_claim(100)
        with self.assertRaisesRegex(UserError, "follows the claim"):
            self.make_signal("claim_unverified", claim_id=claim.id)
        signal = self.make_signal("abusive")
        with self.assertRaisesRegex(UserError, "follows the claim"):
            signal.claim_id = claim

    def test_a_claim_has_one_signal(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.signal.sudo().create(
                {**self.claim._prepare_signal_vals(), "indicator_id": 1}
            )

    def test_a_deleted_claim_takes_its_signal_along(self):
        with self.assertRaises(AccessError):
            self.claim.unlink()
        self.claim.with_user(self.manager).unlink()
        self.assertFalse(self.signal.exists())
        self.assertFalse(self.get_score())

    def test_another_tolerance_judges_all_claims_alike(self):
        claim = self.make_claim(130, verified_value=100)
        self.assertEqual(claim.signal_severity, "1")
        self.company.claim_tolerance = 30
        self.assertRecordValues(claim, [{"verdict": "confirmed"}])
        self.assertEqual(claim.signal_state, "withdrawn")
        self.company.claim_tolerance = 12
        self.assertRecordValues(
            claim, [{"verdict": "overstated", "signal_severity": "2"}]
        )
        self.assertEqual(claim.signal_state, "counted")

    def test_another_tolerance_rescores_all_customers_concerned_at_once(self):
        def count_for(number):
            for index in range(number):
                customer = self.make_customer(name=f"C{number} {index}")
                self.make_claim(130, partner_id=customer.id, verified_value=100)
            engine = self.registry["toxicity.score.engine"]
            rescore = engine._rescore_customers
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with patch.object(
                engine, "_rescore_customers", autospec=True, side_effect=rescore
            ) as rescored:
                self.company.claim_tolerance += 15
                self.company.claim_tolerance -= 15
            self.assertEqual(rescored.call_count, 2)
            return self.env.cr.sql_log_count - before

        count_for(1)
        few, many = count_for(1), count_for(30)
        # What is told in the chatter of the claims takes some for each.
        self.assertLess(many - few, 30 * 10)

    def test_a_tolerance_out_of_range_is_refused(self):
        for tolerance in (-1, 101, float("nan")):
            with (
                self.subTest(tolerance=tolerance),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.company.claim_tolerance = tolerance
                self.env.flush_all()

    def test_many_claims_at_once_cost_no_more_queries_each(self):
        def count_for(number):
            customers = self.env["res.partner"].create(
                [{"name": f"C{index}", "is_company": True} for index in range(number)]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["customer.claim"].create(
                [
                    {
                        "partner_id": customer.id,
                        "topic": "revenue",
                        "claimed_value": 5,
                        "verified_value": 1,
                    }
                    for customer in customers
                ]
            )
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count_for(1)
        one, fifty = count_for(1), count_for(50)
        self.assertLess(fifty - one, 49 * 6)


class TestClaimActivity(ToxicityCommon):
    def ask(self):
        cron = self.env.ref("toxic_customer_exit.ir_cron_ask_claims")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()

    def get_asked(self, claim):
        return claim.sudo().activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(ACTIVITY_TYPE)
        )

    def test_the_owner_is_asked_once_after_thirty_days(self):
        claims = self.make_claim(date=self.days_ago(30))
        claims += self.make_claim(date=self.days_ago(29))
        self.ask()
        self.assertEqual(self.get_asked(claims[0]).user_id, self.salesperson)
        self.assertFalse(self.get_asked(claims[1]))
        self.get_asked(claims[0]).unlink()
        self.ask()
        self.assertFalse(self.get_asked(claims[0]))

    def test_a_verified_claim_is_not_asked_for(self):
        claim = self.make_claim(100, date=self.days_ago(90), verified_value=100)
        self.ask()
        self.assertFalse(self.get_asked(claim))

    def test_the_verification_answers_the_question(self):
        claim = self.make_claim(100, date=self.days_ago(90))
        self.ask()
        claim.with_user(self.manager).verified_value = 100
        self.assertFalse(self.get_asked(claim))

    def test_when_the_owner_left_somebody_else_is_asked(self):
        claim = self.make_claim(date=self.days_ago(90))
        self.salesperson.active = False
        self.customer.user_id = self.manager
        self.ask()
        self.assertEqual(self.get_asked(claim).user_id, self.manager)

    def test_more_claims_than_a_batch_are_all_asked_for(self):
        claims = self.make_claim(date=self.days_ago(90))
        for _each in range(4):
            claims += claims[0].copy()
        with patch.object(customer_claim, "BATCH_SIZE", 2):
            self.ask()
        self.assertEqual(len(self.get_asked(claims)), 5)
