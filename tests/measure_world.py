"""Small worlds in which a few customers do everything that a measure could mistake.

Hypothesis draws what a world is about: when, by which calendars, and what of each
customer there are records of. The numbers come from a `Random` of which it draws the
seed: one by one they would not fit into what Hypothesis is willing to draw.
"""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from hypothesis import strategies as st

from .measure_facts import Facts

# The companies' windows; the other company's is short, so that both are looked at.
WINDOWS = (365, 200)
MOMENTS = (
    datetime(2026, 11, 22, 9, 30),
    datetime(2028, 2, 29, 0, 0, 1),
    # The clocks change in Paris: the hour from one to two in UTC is a double step.
    datetime(2027, 3, 28, 1, 30),
    datetime(2026, 10, 25, 23, 59, 59),
)
CALENDARS = ("two weeks", "flexible", "no rows", "weekly", "none")
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
HABITS = (
    "orders",
    "bills",
    "timesheets",
    "tasks",
    "ratings",
    "meetings",
    "messages",
    "leads",
    "changes",
)
# Who never is a customer of ours
OWN = ("colleague", "our contact", "sister company")
WHO = (
    *("company", "person", "contacts", "archived", "portal", "loses a contact"),
    *("old friend", "old friend", "left the portal"),
    *("joins another", "hosts a colleague", "company", "person", *OWN),
)


@dataclass(frozen=True)
class Story:
    """A customer: who it is, what it never does, and how it stands with us."""

    who: str
    without: frozenset
    knows_both: bool

    @property
    def is_past(self):
        """Ordered nothing lately."""
        return self.who == "old friend"

    @property
    def is_ours(self):
        return self.who in OWN


@dataclass(frozen=True)
class World:
    now: datetime
    calendars: tuple
    zones: tuple
    stories: tuple
    # From another system: orders are as old as what led to them
    imported: bool
    chance: Random


def stories(who):
    return st.builds(
        Story,
        who=st.just(who),
        # What is missing, not what there is: the simplest customer does everything.
        without=st.frozensets(st.sampled_from(HABITS), max_size=2),
        knows_both=st.sampled_from((True, True, False)),
    )


def worlds(now):
    """Worlds at that moment, each with customers of all kinds."""
    index = MOMENTS.index(now)
    return st.builds(
        World,
        now=st.just(now),
        calendars=st.tuples(
            st.sampled_from(("weekly", "two weeks")),
            # The simplest world of each moment has another one.
            st.sampled_from(CALENDARS[index:] + CALENDARS[:index]),
        ),
        zones=st.tuples(*[st.sampled_from(ZONES)] * 2),
        stories=st.tuples(*map(stories, WHO)),
        imported=st.sampled_from((not index, bool(index))),
        # Not st.randoms: every moment would see the same numbers.
        chance=st.integers(0, 2**32).map(lambda seed: Random(f"{seed} {now}")),
    )


class Customer:
    """A customer of the world, with everybody who may act for it."""

    def __init__(self, story, partner, contacts):
        self.story = story
        self.partner = partner
        self.people = partner | contacts

    def does(self, habit):
        return habit not in self.story.without


class WorldBuilder:
    """Turns a world into records; what the ORM keeps to itself is dated by SQL."""

    def __init__(self, stage, world):
        self.stage = stage
        self.world = world
        self.chance = world.chance
        self.today = world.now.date()
        self.env = stage.env
        self.facts = Facts(stage, world)

    def build(self):
        """Make the world; the partners of all its customers."""
        self._set_companies()
        customers = [
            self._make_customer(number, story)
            for number, story in enumerate(self.world.stories)
        ]
        for number, customer in enumerate(customers):
            everyone = customers[number - 1].partner
            self.facts.tell(customer, self._companies_of(customer), everyone)
        self.facts.record()
        self._let_time_pass(customers)
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["res.partner"].union(*(each.people for each in customers))

    def _companies_of(self, customer):
        first, second = self.stage.companies
        if customer.story.knows_both:
            return first | second
        return self.chance.choice((first, first, first, second))

    # -- us ------------------------------------------------------------------------

    def _set_companies(self):
        for number, company in enumerate(self.stage.companies):
            company.toxicity_window_days = WINDOWS[number]
            company.resource_calendar_id = self._make_calendar(
                company, self.world.calendars[number], self.world.zones[number]
            )

    def _make_calendar(self, company, kind, zone):
        if kind == "none":
            return False
        return self.env["resource.calendar"].create(
            {
                "name": kind,
                "company_id": company.id,
                "tz": zone,
                "two_weeks_calendar": kind == "two weeks",
                "schedule_type": "flexible" if kind == "flexible" else "fully_fixed",
                "attendance_ids": [
                    (5, 0, 0),
                    *((0, 0, row) for row in self._prepare_rows(kind)),
                ],
            }
        )

    def _prepare_rows(self, kind):
        """Working hours, on Sundays too: that is when clocks change."""
        hours = [
            ("morning", 8.5, 12.0),
            ("lunch", 12.0, 13.0),
            ("afternoon", 13.0, self.chance.choice([17.5, 17.6, 24.0])),
        ]
        if kind == "no rows":
            # What remains of a calendar of two weeks: a heading is no working time.
            return [
                {
                    "name": "First week",
                    "dayofweek": "0",
                    "display_type": "line_section",
                    "hour_to": 0,
                }
            ]
        weeks = ["0", "1"] if kind == "two weeks" else [False]
        return [
            {
                "name": f"{day} {period}",
                "dayofweek": day,
                "day_period": period,
                "hour_from": start,
                "hour_to": stop,
                "week_type": week,
            }
            for week in weeks
            for day in ("012346" if week == "0" else "01236")
            for period, start, stop in hours
        ]

    # -- customers -----------------------------------------------------------------

    def _make_customer(self, number, story):
        partners = self.env["res.partner"]
        if story.who == "colleague":
            return Customer(story, self.stage.colleague.partner_id, partners)
        if story.who == "sister company":
            return Customer(story, self.stage.companies[1].partner_id, partners)
        if story.who == "our contact":
            ours = self.stage.companies[0].partner_id
            contact = partners.create({"name": f"Ours {number}", "parent_id": ours.id})
            return Customer(story, contact, partners)
        partner = partners.create(
            {
                "name": f"{story.who} {number}",
                "is_company": story.who not in ("person", "joins another"),
            }
        )
        if story.who in ("person", "archived", "joins another"):
            return Customer(story, partner, partners)
        contacts = partners.create(
            [
                {"name": f"Contact {number}.{each}", "parent_id": partner.id}
                for each in range(2)
            ]
        )
        if story.who in ("portal", "left the portal"):
            self._make_user(contacts[0], "base.group_portal")
        if story.who == "hosts a colleague":
            self._make_user(contacts[0], "base.group_user")
        return Customer(story, partner, contacts)

    def _make_user(self, partner, group):
        company = self.stage.companies[0]
        self.env["res.users"].create(
            {
                "login": f"measured {partner.id}",
                "partner_id": partner.id,
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [(6, 0, self.env.ref(group).ids)],
            }
        )

    def _let_time_pass(self, customers):
        """Contacts change customers and customers end, after all was written down."""
        for number, customer in enumerate(customers):
            other = self._find_host(customers, number)
            if customer.story.who == "loses a contact":
                customer.people[-1].parent_id = other.partner
            elif customer.story.who == "joins another":
                customer.partner.parent_id = other.partner
            elif customer.story.who == "archived":
                customer.partner.active = False
            elif customer.story.who == "left the portal":
                self._revoke_access(customer.people.filtered("user_ids"))

    def _revoke_access(self, contact):
        """As the portal's wizard does, which would send a mail to nowhere."""
        contact.user_ids.write(
            {
                "group_ids": [(6, 0, self.env.ref("base.group_public").ids)],
                "active": False,
            }
        )

    def _find_host(self, customers, number):
        """The next customer that is a company, or the contact's own."""
        following = customers[number + 1 :] + customers[:number]
        for each in following:
            if each.partner.is_company and not each.story.is_ours:
                return each
        return customers[number]
