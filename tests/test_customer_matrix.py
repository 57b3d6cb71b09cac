from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, freeze_time, tagged

from ..models import toxicity_score_matrix
from .common import ToxicityCommon

TODAY = date(2026, 11, 20)
BUBBLE = (
    *("id", "partner_id", "name", "strain", "credit"),
    *("hours", "meeting_hours", "class", "company_id"),
)


class MatrixCommon(ToxicityCommon):
    @classmethod
    def place(cls, name, strain, credit, company=None):
        """A customer with these values today, and the class that they make."""
        calm, trusted = strain < 50, credit >= 50
        classes = ("preferred", "demanding") if trusted else ("regular", "draining")
        scores = cls.env["toxicity.score"].sudo()
        return scores.create(
            {
                "partner_id": cls.make_customer(name=name).id,
                "company_id": (company or cls.company).id,
                "score": strain,
                "credit": credit,
                "band": "healthy" if calm else "strained",
                "customer_class": classes[not calm],
            }
        )

    @classmethod
    def remember(cls, score, day, strain, credit):
        """What the score was on an earlier day."""
        snapshots = cls.env["toxicity.score.snapshot"].sudo()
        return snapshots.create(
            {
                "score_id": score.id,
                "partner_id": score.partner_id.id,
                "company_id": score.company_id.id,
                "date": day,
                "score": strain,
                "credit": credit,
                "band": "healthy",
            }
        )

    @classmethod
    def meet(cls, customer, start, hours):
        return cls.env["calendar.event"].create(
            {
                "name": "Talk",
                "start": f"{start} 10:00:00",
                "stop": f"{start} {10 + hours}:00:00",
                "user_id": cls.env.user.id,
                "partner_ids": [Command.link(customer.id)],
            }
        )


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestCustomerMatrix(MatrixCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A database with demo data has others.
        cls.scores = cls.place("Loyal Ltd", 10, 80) | cls.place("Loud Ltd", 70, 60)
        cls.scores |= cls.place("Usual Ltd", 20, 10) | cls.place("Grim Ltd", 80, 5)
        cls.loyal, cls.loud, cls.usual, cls.grim = cls.scores

    def read_matrix(self, quarter=None, user=None, domain=None):
        scores = self.env["toxicity.score"].with_user(user or self.salesperson)
        domain = domain or [("id", "in", self.scores.ids)]
        data = scores.get_matrix(domain, quarter)
        for key in ("bubbles", "preferred"):
            data[key] = [dict(zip(BUBBLE, row, strict=True)) for row in data[key]]
        return data

    def find(self, score, *args, **kwargs):
        for bubble in self.read_matrix(*args, **kwargs)["bubbles"]:
            if bubble["id"] == score.id:
                return bubble
        return None

    def test_today_shows_each_customer_as_the_score_is(self):
        data = self.read_matrix()
        self.assertEqual(data["quarter"], "2026-10-01")
        self.assertEqual(data["until"], "2026-11-20")
        self.assertEqual(data["total"], 4)
        self.assertEqual(
            data["counts"],
            {"preferred": 1, "demanding": 1, "regular": 1, "draining": 1},
        )
        self.assertEqual(
            self.find(self.grim),
            {
                "id": self.grim.id,
                "partner_id": self.grim.partner_id.id,
                "name": "Grim Ltd",
                "strain": 80.0,
                "credit": 5.0,
                "hours": 0.0,
                "meeting_hours": 0.0,
                "class": "draining",
                "company_id": self.company.id,
            },
        )

    def test_hours_are_those_worked_and_met_in_the_quarter(self):
        customer = self.grim.partner_id
        contact = self.env["res.partner"].create(
            {"name": "Their buyer", "parent_id": customer.id}
        )
        self.make_work(5, customer, worked_on=date(2026, 10, 1))
        self.make_work(3, customer, worked_on=TODAY)
        self.make_work(40, customer, worked_on=date(2026, 9, 30))
        talk = self.meet(contact, "2026-11-03", 2)
        # Two of theirs at a meeting: it lasted as long.
        talk.partner_ids = [Command.link(customer.id)]
        self.meet(customer, "2026-11-04", 1).active = False
        bubble = self.find(self.grim)
        self.assertEqual(bubble["hours"], 10.0)
        self.assertEqual(bubble["meeting_hours"], 2.0)

    def test_an_earlier_quarter_shows_what_was_known_at_its_end(self):
        self.remember(self.grim, date(2026, 5, 31), 30, 55)
        self.remember(self.grim, date(2026, 6, 30), 40, 60)
        self.remember(self.grim, date(2026, 8, 3), 75, 6)
        self.make_work(4, self.grim.partner_id, worked_on=date(2026, 6, 30))
        self.make_work(8, self.grim.partner_id, worked_on=TODAY)
        data = self.read_matrix("2026-04-01")
        self.assertEqual(data["until"], "2026-06-30")
        [bubble] = data["bubbles"]
        self.assertEqual((bubble["strain"], bubble["credit"]), (40.0, 60.0))
        self.assertEqual(bubble["class"], "preferred")
        self.assertEqual(bubble["hours"], 4.0)
        self.assertEqual(self.find(self.grim, "2026-07-01")["strain"], 75.0)
        self.assertEqual(self.find(self.grim, "2026-07-01")["class"], "draining")
        self.assertEqual(self.read_matrix("2026-01-01")["total"], 0)

    def test_the_slider_goes_back_to_the_first_snapshot_and_not_to_the_future(self):
        self.remember(self.grim, date(2026, 2, 3), 30, 55)
        quarters = self.read_matrix()["quarters"]
        self.assertEqual(quarters[-4:-3], ["2026-01-01"])
        self.assertEqual(quarters[-1], "2026-10-01")
        self.assertEqual(self.read_matrix("2031-01-01")["quarter"], "2026-10-01")

    def test_any_day_of_a_quarter_means_it_and_no_day_is_refused(self):
        self.assertEqual(self.read_matrix("2026-05-12")["quarter"], "2026-04-01")
        with self.assertRaisesRegex(UserError, "“soon” is no day"):
            self.read_matrix("soon")

    def test_the_preferred_are_ranked_by_credit_and_less_strain(self):
        self.scores |= self.place("Best Ltd", 5, 90) | self.place("Calm Ltd", 4, 80)
        names = [bubble["name"] for bubble in self.read_matrix()["preferred"]]
        self.assertEqual(names, ["Best Ltd", "Calm Ltd", "Loyal Ltd"])

    def test_of_too_many_those_with_most_hours_are_shown_and_all_are_counted(self):
        self.make_work(5, self.usual.partner_id, worked_on=TODAY)
        with (
            patch.object(toxicity_score_matrix, "MOST_SHOWN", 2),
            patch.object(toxicity_score_matrix, "MOST_PREFERRED", 1),
        ):
            data = self.read_matrix()
        self.assertEqual(
            [bubble["name"] for bubble in data["bubbles"]], ["Usual Ltd", "Grim Ltd"]
        )
        self.assertEqual(data["total"], 4)
        self.assertEqual(data["counts"]["preferred"], 1)
        # Ranked among all, not among those shown.
        self.assertEqual(data["preferred"][0]["name"], "Loyal Ltd")

    def test_the_search_chooses(self):
        data = self.read_matrix(domain=[("customer_class", "=", "draining")])
        self.assertIn(self.grim.id, [bubble["id"] for bubble in data["bubbles"]])
        self.assertEqual({bubble["class"] for bubble in data["bubbles"]}, {"draining"})
        self.assertEqual(self.read_matrix(domain=[("id", "=", False)])["bubbles"], [])

    def test_other_companies_stay_out(self):
        other = self.setup_other_company()["company"]
        foreign = self.place("Foreign Ltd", 60, 60, company=other)
        self.remember(foreign, date(2026, 5, 31), 30, 55)
        self.scores |= foreign
        self.assertIsNone(self.find(foreign))
        self.assertIsNone(self.find(foreign, "2026-04-01"))
        self.salesperson.company_ids = [Command.link(other.id)]
        scores = self.env["toxicity.score"].with_user(self.salesperson)
        both = scores.with_context(
            allowed_company_ids=[self.company.id, other.id]
        ).get_matrix([("id", "in", self.scores.ids)])
        self.assertIn(foreign.id, [row[0] for row in both["bubbles"]])
        self.assertIn(other.id, both["companies"])

    def test_who_is_not_in_the_group_is_refused(self):
        for user in (self.outsider, self.make_user("guest", "base.group_portal")):
            with self.assertRaises(AccessError):
                self.read_matrix(user=user)
            with self.assertRaises(AccessError):
                self.grim.with_user(user).action_decide("customer.exit")
            with self.assertRaises(AccessError):
                self.grim.with_user(user).action_open_customers()

    def test_many_customers_cost_as_many_queries_as_few(self):
        self.remember(self.grim, date(2026, 5, 31), 30, 55)
        few = self.count_queries(), self.count_queries("2026-04-01")
        for number in range(20):
            score = self.place(f"Further {number} Ltd", 50, 50)
            self.remember(score, date(2026, 5, 31), 30, 55)
            self.make_work(1, score.partner_id, worked_on=TODAY)
            self.scores |= score
        self.assertEqual((self.count_queries(), self.count_queries("2026-04-01")), few)

    def count_queries(self, quarter=None):
        self.read_matrix(quarter)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.read_matrix(quarter)
        return self.env.cr.sql_log_count - before

    def test_the_chosen_ones_open_as_a_list_of_customers(self):
        chosen = (self.grim | self.loud).with_user(self.salesperson)
        action = chosen.action_open_customers()
        self.assertEqual(action["res_model"], "res.partner")
        customers = self.env["res.partner"].search(action["domain"])
        self.assertEqual(customers, chosen.partner_id)

    def test_an_exit_begins_for_the_customer_or_goes_on(self):
        score = self.grim.with_user(self.manager)
        begun = score.action_decide("customer.exit")
        self.assertFalse(begun["res_id"])
        defaults = begun["context"]
        self.assertEqual(defaults["default_partner_id"], self.grim.partner_id.id)
        self.assertEqual(defaults["default_company_id"], self.company.id)
        case = self.make_exit(self.grim.partner_id, state="draft")
        self.assertEqual(score.action_decide("customer.exit")["res_id"], case.id)

    def test_a_manager_may_put_the_customer_in_quarantine(self):
        begun = self.grim.with_user(self.manager).action_decide("customer.quarantine")
        self.assertEqual(begun["res_model"], "customer.quarantine")
        self.assertFalse(begun["res_id"])
        self.assertEqual(self.read_decisions(self.salesperson), ["customer.exit"])
        self.assertEqual(
            self.read_decisions(self.manager), ["customer.quarantine", "customer.exit"]
        )

    def read_decisions(self, user):
        return [model for model, _label in self.read_matrix(user=user)["decisions"]]

    def test_only_decisions_on_offer_are_opened(self):
        with self.assertRaisesRegex(UserError, "Grim Ltd"):
            self.grim.action_decide("res.users")


@tagged("post_install", "-at_install")
class TestCustomerMatrixTour(MatrixCommon, HttpCase):
    def test_a_manager_selects_by_keyboard_and_opens_a_customer(self):
        self.place("Calm Matrix Ltd", 10, 80)
        self.place("Middle Matrix Ltd", 40, 20)
        self.place("Loud Matrix Ltd", 90, 10)
        self.start_tour(
            "/odoo/customer-matrix",
            "toxic_customer_exit.customer_matrix",
            login=self.manager.login,
        )
