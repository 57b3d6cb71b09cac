"""The sentences of the design that the shipped weights, caps and half-lives keep."""

from datetime import date, timedelta

from freezegun import freeze_time

from .common import ToxicityCommon

TODAY = date(2026, 3, 10)
STRAIN = ("healthy", "watch", "strained", "toxic")


@freeze_time(TODAY)
class TestCatalogue(ToxicityCommon):
    def record(self, *codes, severity="3", **values):
        for code in codes:
            self.make_signal(code, severity=severity, **values)

    def recorded(self, **fields):
        domain = [("origin", "=", "recorded")]
        domain += [(name, "=", value) for name, value in fields.items()]
        return self.env["toxicity.indicator"].search(domain)

    def band_of(self, code, severity):
        customer = self.make_customer(name=code)
        self.record(code, severity=severity, partner_id=customer.id)
        return customer.toxicity_band

    def test_every_recorded_indicator_of_the_design_is_there(self):
        count = {
            dimension: len(self.recorded(dimension=dimension))
            for dimension in set(self.recorded().mapped("dimension"))
        }
        self.assertEqual(
            count,
            {
                "integrity": 5,
                "contract": 2,
                "conduct": 5,
                "commercial": 3,
                "effort": 2,
                "reciprocity": 4,
            },
        )

    def test_one_minor_signal_leaves_a_customer_healthy(self):
        for indicator in self.recorded(polarity="strain"):
            with self.subTest(indicator=indicator.code):
                self.assertEqual(self.band_of(indicator.code, "1"), "healthy")

    def test_one_severe_conduct_signal_today_makes_watch(self):
        for indicator in self.recorded(dimension="conduct"):
            with self.subTest(indicator=indicator.code):
                self.assertEqual(self.band_of(indicator.code, "3"), "watch")

    def test_a_severe_request_to_misrepresent_makes_strained(self):
        self.assertEqual(self.band_of("asked_to_misrepresent", "3"), "strained")

    def test_paying_sixty_days_late_alone_is_watch_never_more(self):
        for days_late in (60, 365):
            customer = self.make_customer(name=f"{days_late} days late")
            due = TODAY - timedelta(days_late)
            with self.subTest(days_late=days_late):
                self.make_invoice(100, due, due, customer=customer)
                self.company.toxicity_window_days = 400
                self.assertEqual(self.rescore(customer).band, "watch")

    def test_all_measures_at_full_strength_without_a_persons_word_are_strained(self):
        due = TODAY - timedelta(100)
        self.make_invoice(1000, due, due)
        old = self.make_order((self.service_ordered, 10, 100, 60))
        old.date_order = TODAY - timedelta(300)
        self.company.toxicity_window_days = 365
        self.assertEqual(self.rescore().band, "strained")

    def test_the_customer_who_overstated_his_revenue_is_toxic_and_strained_later(self):
        self.record("claim_unverified", "asked_to_misrepresent", severity="3")
        for severity in ("2", "3"):
            self.record(
                "premises_not_as_described",
                "staff_unable",
                "objectives_changed",
                severity=severity,
            )
            self.assertEqual(self.customer.toxicity_band, "toxic")
            with freeze_time(TODAY + timedelta(365)):
                self.assertEqual(self.rescore().band, "strained")
            self.env["toxicity.signal"].search(
                [("dimension", "!=", False), ("severity", "=", "2")]
            ).unlink()
            self.rescore()

    def test_the_customer_who_challenges_everything_is_at_least_strained(self):
        for days in (0, 45, 90):
            customer = self.make_customer(name=f"{days} days ago")
            self.record(
                "challenges_every_proposal",
                "must_be_own_idea",
                "reopened_after_signing",
                "price_only",
                severity="2",
                date=TODAY - timedelta(days),
                partner_id=customer.id,
            )
            self.assertIn(customer.toxicity_band, ("strained", "toxic"))

    def test_an_excellent_demanding_customer_is_never_draining_nor_toxic(self):
        for _each in range(2):
            self.record("challenges_every_proposal", severity="2")
        self.record("refers_others", severity="3")
        self.record("long_standing", severity="3")
        self.assertIn(self.customer.customer_class, ("preferred", "demanding"))
        self.assertNotEqual(self.customer.toxicity_band, "toxic")

    def test_silence_for_two_half_lives_heals_a_strained_customer(self):
        for codes in (
            ["asked_to_misrepresent"],
            ["abusive", "confrontational"],
            ["price_only", "customers_defecting", "unplanned_time"],
        ):
            customer = self.make_customer(name=", ".join(codes))
            self.record(*codes, partner_id=customer.id)
            self.assertEqual(customer.toxicity_band, "strained")
            half_life = max(self.indicator(code).half_life for code in codes)
            with freeze_time(TODAY + timedelta(2 * half_life)):
                self.rescore(customer)
                self.assertIn(customer.toxicity_band, ("healthy", "watch"))
