from odoo.exceptions import AccessError
from odoo.tests import Form

from .common import ToxicityCommon


class TestResPartner(ToxicityCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strained = cls.make_customer(
            name="Strained Ltd", user_id=cls.salesperson.id
        )
        cls.watched = cls.make_customer(name="Watched Ltd")
        cls.unknown = cls.make_customer(name="Unknown Ltd")
        cls.contact = cls.make_customer(
            name="Contact", is_company=False, parent_id=cls.strained.id
        )
        cls.make_signal(
            "asked_to_misrepresent", partner_id=cls.strained.id, severity="3"
        )
        cls.make_signal("abusive", partner_id=cls.watched.id, severity="3")
        cls.make_signal("refers_others", partner_id=cls.watched.id, severity="3")
        cls.all = cls.strained + cls.watched + cls.unknown + cls.contact
        cls.partners = cls.env["res.partner"].with_user(cls.salesperson)

    def find(self, *domain, **kwargs):
        return self.partners.search([("id", "in", self.all.ids), *domain], **kwargs)

    def test_filters_by_band(self):
        self.assertEqual(
            self.find(("toxicity_band", "=", "strained")), self.strained + self.contact
        )
        self.assertEqual(
            self.find(("toxicity_band", "in", ["watch", "strained"])),
            self.strained + self.watched + self.contact,
        )
        self.assertEqual(self.find(("toxicity_band", "=", "unknown")), self.unknown)
        self.assertEqual(
            self.find(("toxicity_band", "!=", "unknown")), self.all - self.unknown
        )
        self.assertEqual(
            self.find(("toxicity_band", "not in", ["strained"])),
            self.watched + self.unknown,
        )

    def test_filters_by_score_credit_and_class(self):
        self.assertEqual(
            self.find(("toxicity_score", ">=", 50)), self.strained + self.contact
        )
        self.assertEqual(self.find(("toxicity_credit", ">", 0)), self.watched)
        self.assertEqual(self.find(("customer_class", "=", "regular")), self.watched)

    def test_filters_in_memory_agree_with_the_database(self):
        for domain in (
            [("toxicity_band", "=", "strained")],
            [("toxicity_band", "=", "unknown")],
            [("toxicity_score", ">", 10)],
        ):
            with self.subTest(domain=domain):
                self.assertEqual(
                    self.all.with_user(self.salesperson).filtered_domain(domain),
                    self.find(*domain),
                )

    def test_customers_without_a_score_come_last_both_ways(self):
        companies = ("is_company", "=", True)
        down = self.find(companies, order="toxicity_score desc")
        up = self.find(companies, order="toxicity_score asc")
        self.assertEqual(down, self.strained + self.watched + self.unknown)
        self.assertEqual(up, self.watched + self.strained + self.unknown)

    def test_bands_sort_by_severity(self):
        found = self.find(("is_company", "=", True), order="toxicity_band desc")
        self.assertEqual(found, self.strained + self.watched + self.unknown)

    def test_groups_by_band(self):
        groups = self.partners._read_group(
            [("id", "in", self.all.ids)], ["toxicity_band"], ["__count"]
        )
        self.assertEqual(dict(groups), {"strained": 2, "unknown": 1, "watch": 1})

    def test_filter_sort_and_group_take_one_query_each_and_write_nothing(self):
        def queries(read):
            self.env.flush_all()
            read()
            self.env["res.partner"].invalidate_model()
            self.env["toxicity.score"].invalidate_model()
            start = self.cr.sql_log_count
            read()
            return self.cr.sql_log_count - start

        partners = self.partners
        self.assertEqual(
            queries(lambda: partners.search([("toxicity_band", "=", "toxic")]).ids), 1
        )
        self.assertEqual(
            queries(lambda: partners.search([], order="toxicity_score desc").ids), 1
        )
        self.assertEqual(
            queries(lambda: partners._read_group([], ["toxicity_band"], ["__count"])), 1
        )

    def test_a_user_sorted_by_the_score_of_its_partner_is_refused_outside(self):
        outside = self.env["res.users"].with_user(self.outsider)
        with self.assertRaises(AccessError):
            outside.search([], order="toxicity_score")

    def test_each_reason_opens_its_records(self):
        strained = self.strained.with_user(self.salesperson)
        line = strained.toxicity_line_ids
        action = line.action_open_records()
        records = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(records, strained.toxicity_signal_ids)
        self.assertAlmostEqual(line.share, 1.0)

    def test_a_manager_sets_the_band_from_the_customer(self):
        strained = self.strained.with_user(self.manager)
        action = strained.action_set_toxicity_band()
        score = self.env[action["res_model"]].browse(action["res_id"])
        with Form(score.with_user(self.manager), action["views"][0][0]) as form:
            form.band_override = "watch"
            form.band_override_until = self.days_ago(-30)
            form.band_override_reason = "Their buyer has changed, we met the new one."
        self.assertEqual(strained.toxicity_band, "watch")
        self.assertEqual(
            strained.toxicity_explanation["override"]["computed"], "Strained"
        )

    def test_a_salesperson_does_not_set_the_band(self):
        with self.assertRaises(AccessError):
            self.strained.with_user(self.salesperson).action_set_toxicity_band()
