from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ToxicityCommon

NOW = datetime(2026, 8, 20, 9)
OPEN, HOURS = "kpi_scope_change_open", "kpi_portfolio_hours"


@tagged("post_install", "-at_install")
class TestDigestDigest(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(NOW))
        cls.company.resource_calendar_id.tz = "UTC"
        cls.digest = (
            cls.env["digest.digest"]
            .sudo()
            .create(
                {
                    "name": "Our week",
                    "company_id": cls.company.id,
                    OPEN: True,
                    HOURS: True,
                }
            )
        )
        cls.good = cls.make_customer(name="Good Ltd")
        cls.make_signal("asked_to_misrepresent", severity="3")

    def read_kpis(self, user):
        """{figure: its values of a day, a week and thirty days} in the user's mail."""
        return {
            kpi["kpi_name"]: [kpi[f"kpi_col{n}"]["value"] for n in (1, 2, 3)]
            for kpi in self.digest._compute_kpis(self.company, user)
        }

    def make_change(self, days, **values):
        return self.env["scope.change"].create(
            {
                "partner_id": self.customer.id,
                "description": "One more thing",
                "date": self.days_ago(days),
                **values,
            }
        )

    def test_the_share_of_hours_is_that_of_whole_days(self):
        self.assertEqual(self.get_score().current_band, "strained")
        self.make_work(3, worked_on=self.days_ago(1))
        self.make_work(1, self.good, worked_on=self.days_ago(1))
        self.make_work(4, self.good, worked_on=self.days_ago(7))
        self.make_work(12, self.good, worked_on=self.days_ago(31))
        # Not over yet, and long ago
        self.make_work(50, worked_on=self.days_ago(0))
        self.make_work(50, worked_on=self.days_ago(32))
        self.assertEqual(
            self.read_kpis(self.manager)[HOURS], ["75.00", "37.50", "15.00"]
        )

    def test_without_hours_the_share_is_nought(self):
        self.assertEqual(self.read_kpis(self.manager)[HOURS], ["0.00"] * 3)

    def test_changes_count_until_somebody_answers(self):
        self.make_change(1)
        self.make_change(3)
        answered = self.make_change(3)
        self.make_change(40)
        self.assertEqual(self.read_kpis(self.manager)[OPEN], [1, 3, 3])
        answered.action_decline()
        self.assertEqual(self.read_kpis(self.manager)[OPEN], [1, 2, 2])

    def test_each_gets_what_he_may_see(self):
        self.assertEqual(self.read_kpis(self.manager).keys(), {OPEN, HOURS})
        self.assertEqual(self.read_kpis(self.salesperson).keys(), {OPEN})
        self.assertFalse(self.read_kpis(self.outsider))

    def test_another_companys_figures_stay_there(self):
        self.make_work(3, worked_on=self.days_ago(1))
        self.make_change(1)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user("stranger", "sales_team.group_sale_manager")
        stranger.write({"company_ids": other.ids, "company_id": other.id})
        kpis = {
            kpi["kpi_name"]: kpi["kpi_col3"]["value"]
            for kpi in self.digest._compute_kpis(other, stranger)
        }
        self.assertEqual(kpis, {OPEN: 0, HOURS: "0.00"})

    def test_the_mail_says_nothing_about_a_customer(self):
        self.make_work(3, worked_on=self.days_ago(1))
        self.make_change(1)
        body = self.send_to(self.manager)
        self.assertIn("Scope Changes to Answer", body)
        self.assertIn("Hours on Relationships to Review (%)", body)
        self.assertIn("100.00", body)
        for word in ("toxic", "strain", "Difficult"):
            self.assertNotIn(word.lower(), body.lower())

    def test_a_colleague_outside_is_sent_the_mail_without_our_figures(self):
        self.digest.kpi_res_users_connected = True
        body = self.send_to(self.outsider)
        self.assertIn("Connected Users", body)
        for text in ("Scope Changes", "Relationships", "toxic"):
            self.assertNotIn(text.lower(), body.lower())

    def send_to(self, user, sender=None):
        mails = self.env["mail.mail"].sudo()
        before = mails.search([])
        digest = self.digest.with_user(sender) if sender else self.digest
        digest.sudo(not sender)._action_send_to_user(user)
        mail = mails.search([]) - before
        self.assertEqual(mail.email_to, user.email_formatted)
        return mail.body_html

    def test_an_administrator_outside_sets_up_and_sends_digests_as_before(self):
        administrator = self.make_user("administrator", "base.group_system")
        digest = self.digest.with_user(administrator)
        self.env.invalidate_all()
        self.assertTrue(digest.available_fields)
        for field in (OPEN, HOURS):
            with self.assertRaises(AccessError):
                digest.read([field])
        digest.kpi_mail_message_total = True
        self.assertIn(
            "Hours on Relationships", self.send_to(self.manager, administrator)
        )
        self.assertNotIn("Relationships", self.send_to(administrator, administrator))

    def test_the_figures_are_on_from_the_start(self):
        default = self.env.ref("digest.digest_digest_default").sudo()
        self.assertTrue(default[OPEN] and default[HOURS])
