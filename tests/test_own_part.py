import random
from datetime import datetime, time

from odoo.exceptions import AccessError
from odoo.tests import freeze_time

from .common import ToxicityCommon
from .own_part_oracle import OwnPartOracle

CODES = ("abusive", "confrontational", "price_only")


class OwnPartCommon(ToxicityCommon):
    @classmethod
    def default_env_context(cls):
        # Who took over from whom is what Odoo tracks.
        return {}

    @classmethod
    def make_project(cls, customer, **values):
        return cls.env["project.project"].create(
            {
                "name": f"For {customer.name}",
                "partner_id": customer.id,
                "company_id": cls.company.id,
                "user_id": cls.manager.id,
                **values,
            }
        )

    @classmethod
    def make_milestone(cls, project, due, reached=None):
        milestone = cls.env["project.milestone"].create(
            {"name": "Delivery", "project_id": project.id, "deadline": due}
        )
        if reached:
            with freeze_time(datetime.combine(reached, time(10))):
                milestone.is_reached = True
                milestone.flush_recordset()
        return milestone

    @classmethod
    def make_task(cls, project, due, done=None, **values):
        task = cls.env["project.task"].create(
            {
                "name": "Work",
                "project_id": project.id,
                "date_deadline": datetime.combine(due, time(12)),
                **values,
            }
        )
        if done:
            with freeze_time(datetime.combine(done, time(10))):
                task.state = "1_done"
                task.flush_recordset()
        return task

    def key(self, customer=None):
        return ((customer or self.customer).id, self.company.id)

    def save(self):
        """As at the end of a request: what Odoo tracks is written down."""
        self.env.flush_all()
        self.env.cr.flush()
        self.env.invalidate_all()


class TestOwnPart(OwnPartCommon):
    """Is it us? Facts about ourselves, beside the reasons of a score."""

    def ask(self, fact, customer=None):
        found = getattr(self.env["own.part"], f"_read_{fact}")({self.key(customer)})
        return found.get(self.key(customer))

    def show(self, user=None, customer=None):
        partner = (customer or self.customer).with_user(user or self.salesperson)
        partner.invalidate_recordset()
        return str(partner.toxicity_own_part)

    # -- late ------------------------------------------------------------------------

    def test_what_was_delivered_after_its_deadline_is_late(self):
        project = self.make_project(self.customer)
        self.make_milestone(project, self.days_ago(20), self.days_ago(20))
        self.make_milestone(project, self.days_ago(20), self.days_ago(14))
        self.make_milestone(project, self.days_ago(4))
        self.assertEqual(self.ask("late"), [["milestone", 3, 2, 5.0]])
        self.assertIn("2 of 3 late, by 5 days on average", self.show())

    def test_tasks_are_late_by_when_they_were_done(self):
        project = self.make_project(self.customer)
        self.make_task(project, self.days_ago(30), self.days_ago(31))
        self.make_task(project, self.days_ago(30), self.days_ago(20))
        self.make_task(project, self.days_ago(30), state="1_canceled")
        self.assertEqual(self.ask("late"), [["task", 2, 1, 10.0]])

    def test_what_was_late_is_opened_by_those_who_may_see_it(self):
        project = self.make_project(self.customer)
        late = self.make_milestone(project, self.days_ago(20), self.days_ago(14))
        self.make_milestone(project, self.days_ago(20), self.days_ago(20))
        task = self.make_task(project, self.days_ago(30), self.days_ago(20))
        self.assertIn('data-late="task"', self.show())
        parts = self.env["own.part"].with_user(self.salesperson)
        for kind, records in (("milestone", late), ("task", task)):
            with self.subTest(kind):
                action = parts.action_view_late(kind, *self.key())
                found = self.env[action["res_model"]].with_context(**action["context"])
                self.assertEqual(found.search(action["domain"]), records)
        with self.assertRaises(AccessError):
            parts.with_user(self.outsider).action_view_late("task", *self.key())
        sister = self.env["res.company"].create({"name": "Sister"})
        with self.assertRaises(AccessError):
            parts.action_view_late("task", self.customer.id, sister.id)

    def test_what_is_due_later_or_was_due_long_ago_does_not_count(self):
        project = self.make_project(self.customer)
        self.make_milestone(project, self.days_ago(-10))
        self.make_milestone(project, self.days_ago(500))
        self.make_task(self.make_project(self.make_customer()), self.days_ago(9))
        self.assertIsNone(self.ask("late"))
        self.assertIn("none had a deadline", self.show())

    # -- staff -----------------------------------------------------------------------

    def test_changes_of_staff_are_counted_once_a_day_and_never_named(self):
        project = self.make_project(self.customer)
        orders = [self.make_order((self.service_ordered, 1)) for _index in range(2)]
        for order in orders:
            order.user_id = self.salesperson
        self.save()
        project.user_id = self.salesperson
        for order in orders:
            order.user_id = self.manager
        self.save()
        for user in (self.salesperson, self.manager, self.salesperson):
            self.make_work(1, user=user)
        self.make_work(1, worked_on=self.days_ago(400))
        counts = self.ask("staff")
        self.assertEqual(counts, {"people": 2, "project": 1, "sale": 1})
        shown = self.show()
        self.assertNotIn(self.manager.name, shown)
        self.assertNotIn(self.salesperson.name, shown)

    # -- elsewhere -------------------------------------------------------------------

    def make_others(self, *severities):
        """Customers whose projects the same colleague manages, one signal each."""
        customers = self.env["res.partner"]
        for index, severity in enumerate(severities):
            customers += (other := self.make_customer(name=f"Other {index}"))
            self.make_project(other)
            code = "abusive" if severity else "refers_others"
            self.make_signal(code, partner_id=other.id, severity=severity or "1")
        return customers

    def test_the_same_reason_elsewhere_is_the_median_of_the_others(self):
        self.make_project(self.customer)
        self.make_signal("abusive", severity="3")
        others = self.make_others("3", "1", False)
        found = self.ask("elsewhere")
        lone = self.get_score(others[1]).line_ids
        self.assertEqual(
            found, {("project", self.indicator("abusive")): [3, lone.value, lone.load]}
        )
        self.assertIn("Same project manager", self.show())
        self.assertIn("(3 customers)", self.show().replace("\n", " ").replace("  ", ""))

    def test_two_others_are_not_enough_to_compare(self):
        self.make_project(self.customer)
        self.make_signal("abusive", severity="3")
        self.make_others("3", "1")
        self.assertIsNone(self.ask("elsewhere"))
        self.assertIn("Not enough to compare", self.show())

    def test_customers_of_other_people_are_not_compared_with(self):
        self.make_project(self.customer, user_id=self.salesperson.id)
        self.make_signal("abusive", severity="3")
        self.make_others("3", "1", "2")
        self.assertIsNone(self.ask("elsewhere"))

    def test_what_we_did_changes_neither_score_nor_band(self):
        self.make_signal("abusive", severity="3")
        before = self.get_score().read(["score", "band", "load"])
        self.make_milestone(self.make_project(self.customer), self.days_ago(90))
        self.assertEqual(self.rescore().read(["score", "band", "load"]), before)

    # -- who sees it, and what it costs ------------------------------------------------

    def test_nobody_outside_the_group_reads_it(self):
        self.make_signal("abusive")
        self.assertTrue(self.show())
        with self.assertRaises(AccessError):
            self.show(self.outsider)
        with self.assertRaises(AccessError):
            self.get_score().with_user(self.outsider).read(["own_part"])

    def test_it_stands_beside_the_reasons_of_score_and_exit(self):
        self.make_milestone(self.make_project(self.customer), self.days_ago(2))
        self.make_signal("abusive")
        score = self.get_score().with_user(self.salesperson)
        case = self.make_exit(state="draft")
        for shown in (score.own_part, case.own_part):
            self.assertIn("1 of 1 late, by 2 days", str(shown))

    def test_a_worse_band_leads_the_account_manager_to_it(self):
        rule = self.env.ref("toxic_customer_exit.base_automation_band_activity")
        self.assertIn("what we did ourselves", str(rule.activity_note))

    def test_the_cost_does_not_grow_with_the_customers(self):
        def count(scores):
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            scores.mapped("own_part")
            return self.cr.sql_log_count - start

        customers = self.make_others(*["3"] * 12)
        for customer in customers:
            self.make_order((self.service_ordered, 1), partner_id=customer.id)
        self.save()
        scores = self.get_scores(customers)
        count(scores)
        self.assertEqual(count(scores), count(scores[0]))

    def get_scores(self, customers):
        return self.env["toxicity.score"].search([("partner_id", "in", customers.ids)])


class TestOwnPartOracle(OwnPartCommon):
    """The queries against loops over records, on customers made at random."""

    def test_random_customers_are_as_a_loop_over_records_tells(self):
        self.random = random.Random(20261122)
        people = self.salesperson + self.manager + self.env.user
        customers = self.env["res.partner"].browse()
        for index in range(9):
            customers += (customer := self.make_customer(name=f"Random {index}"))
            customer.user_id = self.random.choice([*people, people.browse()])
            self.make_random_records(customer, people)
        self.save()
        self.hand_over(customers, people)
        self.env["toxicity.score"]._rescore(customers)
        self.save()
        self.compare(customers)

    def make_random_records(self, customer, people):
        choose, days = self.random.choice, self.random.randint
        contact = self.make_customer(
            name="Person", is_company=False, parent_id=customer.id
        )
        for _index in range(days(0, 3)):
            project = self.make_project(
                choose([customer, contact]), user_id=choose(people).id
            )
            for _index in range(days(0, 3)):
                due = self.days_ago(days(-20, 420))
                self.make_milestone(
                    project, due, choose([None, self.days_ago(days(0, 400))])
                )
                self.make_task(
                    project, due, choose([None, self.days_ago(days(0, 400))])
                )
        for _index in range(days(0, 2)):
            order = self.make_order((self.service_ordered, 2), partner_id=contact.id)
            order.write(
                {
                    "user_id": choose(people).id,
                    "date_order": self.days_ago(days(0, 500)),
                }
            )
        for _index in range(days(0, 3)):
            self.make_work(
                2,
                customer,
                user=choose(people),
                worked_on=self.days_ago(days(0, 450)),
            )
            self.make_signal(
                choose(CODES),
                partner_id=contact.id,
                severity=choose("123"),
                date=self.days_ago(days(0, 200)),
            )
        if days(0, 1):
            invoiced = self.days_ago(days(60, 200))
            self.make_invoice(100 * days(1, 9), invoiced, invoiced, customer)

    def hand_over(self, customers, people):
        projects = self.env["project.project"].search(
            [("partner_id", "child_of", customers.ids)]
        )
        orders = self.env["sale.order"].search(
            [("partner_id", "child_of", customers.ids)]
        )
        for record in [*projects, *orders, *customers]:
            if self.random.random() < 0.5:
                record.user_id = self.random.choice([*people, people.browse()])
        self.save()

    def compare(self, customers):
        oracle = OwnPartOracle(self.env(su=True), self.company)
        customers = customers.filtered(lambda each: each.sudo() in oracle.scores)
        self.assertGreaterEqual(len(customers), 5)
        keys = {self.key(customer) for customer in customers}
        facts = self.env["own.part"]
        late = facts._read_late(keys)
        staff, elsewhere = facts._read_staff(keys), facts._read_elsewhere(keys)
        self.assertTrue(late and staff and elsewhere)
        for customer in customers.sudo():
            with self.subTest(customer=customer.name):
                key = self.key(customer)
                self.assertAlmostSame(late.get(key, []), oracle.get_late(customer))
                self.assertEqual(staff.get(key, {}), oracle.get_staff(customer))
                found, expected = (
                    {(role, one.code): row for (role, one), row in rows.items()}
                    for rows in (
                        elsewhere.get(key, {}),
                        oracle.get_elsewhere(customer),
                    )
                )
                self.assertEqual(found.keys(), expected.keys())
                for which, row in expected.items():
                    self.assertAlmostSame([found[which]], [row])

    def assertAlmostSame(self, rows, expected):
        self.assertEqual(len(rows), len(expected))
        for row, wanted in zip(rows, expected, strict=True):
            for one, other in zip(row, wanted, strict=True):
                if isinstance(other, str):
                    self.assertEqual(one, other)
                else:
                    self.assertAlmostEqual(one, other, 5)
