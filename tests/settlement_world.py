"""Customers' histories as Hypothesis draws them: plain values, no records.

Quantities are in hundredths, prices in cents: what a person would write on paper.
"""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

HUNDREDTH = Decimal("0.01")
KINDS = (
    "ordered",  # billed as ordered, cut to what was delivered by hand
    "delivered",  # billed as delivered, by hand
    "hours",  # billed by timesheets
    "stages",  # billed by milestones
    "paid stages",  # billed as ordered, delivered by milestones
    "expense",  # nobody ordered it; billed at its price
    "combo",  # an item of a combo, ordered
)
DISCOUNTS = ("0", "0", "5", "12.5", "33.33")
TAXES = ("none", "excluded", "included")
MAX_ADVANCES = 2
INTERIM = ((), (), (False,), (True,), (False, True), (None, False), (None, True))


@dataclass(frozen=True)
class LineStory:
    kind: str
    quantity: Decimal
    price: Decimal
    discount: Decimal
    tax: str
    # Delivered after each period, as shares of the quantity
    progress: tuple
    # Which part of an interim bill is credited in goodwill
    credit: Decimal
    # Spread over the accounts of so many analytic plans
    plans: int
    # Below an optional section, where there is one: "taken", or "left" at no quantity
    option: str | None


@dataclass(frozen=True)
class OrderStory:
    lines: tuple
    # In the other company, which rounds its documents in cash
    is_elsewhere: bool
    is_foreign: bool
    has_own_address: bool
    # A fiscal position that takes the excluded tax away
    is_exempt: bool
    # Section, optional section and note between the lines
    has_texts: bool
    is_locked: bool
    # ("percentage" | "fixed", number) paid in advance
    advances: tuple
    # A discount in percent on the whole order, as Odoo's button adds it
    rebate: Decimal
    # The same as an amount
    is_rebate_fixed: bool
    # Interim bills: whether each deducts the down payments; None is no bill
    interim: tuple
    # Interim bills hold the hours of their period only
    is_by_period: bool
    # Which interim bill gets a goodwill credit note
    credited: int | None


@dataclass(frozen=True)
class CustomerStory:
    orders: tuple
    # What was credited is billed again, instead of forgiven
    is_rebilled: bool


def hundredths(low, high):
    return st.integers(low, high).map(lambda number: number * HUNDREDTH)


def rarely(draw, value, otherwise, times=4):
    """The simplest is the usual; one in some is not."""
    return value if draw(st.integers(1, times)) == times else otherwise


@st.composite
def line_stories(draw):
    shares = st.sampled_from(["0", "0.25", "0.5", "1", "1", "1.25"])
    # Nothing is undelivered again: progress only grows.
    progress = sorted(Decimal(draw(shares)) for _period in range(3))
    return LineStory(
        kind=draw(st.sampled_from(KINDS[:2] + KINDS)),
        quantity=draw(st.integers(1, 160).map(lambda number: number * Decimal("0.25"))),
        price=draw(hundredths(1, 30000)),
        discount=Decimal(draw(st.sampled_from(DISCOUNTS))),
        tax=draw(st.sampled_from(TAXES)),
        progress=tuple(progress),
        credit=Decimal(draw(st.sampled_from(["0", "0.25", "0.5", "1"]))),
        plans=draw(st.sampled_from([0, 0, 0, 1, 2])),
        option=draw(st.sampled_from([None, None, "taken", "left"])),
    )


@st.composite
def order_stories(draw):
    interim = draw(st.sampled_from(INTERIM))
    advance = st.one_of(
        st.tuples(st.just("percentage"), st.sampled_from([10, 30, 50]).map(Decimal)),
        st.tuples(st.just("fixed"), hundredths(100, 50000)),
    )
    return OrderStory(
        lines=tuple(draw(st.lists(line_stories(), min_size=1, max_size=3))),
        is_elsewhere=rarely(draw, True, False),
        is_foreign=rarely(draw, True, False),
        has_own_address=rarely(draw, True, False),
        is_exempt=rarely(draw, True, False),
        has_texts=draw(st.booleans()),
        is_locked=rarely(draw, True, False),
        advances=tuple(draw(st.lists(advance, max_size=MAX_ADVANCES)))
        if draw(st.integers(1, 3)) == 3
        else (),
        rebate=rarely(draw, Decimal(10), Decimal(0)),
        is_rebate_fixed=draw(st.booleans()),
        interim=interim,
        is_by_period=draw(st.booleans()),
        credited=draw(st.sampled_from([None, len(interim) - 1])) if interim else None,
    )


@st.composite
def customer_stories(draw):
    return CustomerStory(
        orders=tuple(
            draw(order_stories()) for _order in range(draw(st.sampled_from([1, 2, 3])))
        ),
        is_rebilled=rarely(draw, True, False, times=6),
    )


def worlds(size):
    return st.lists(customer_stories(), min_size=size, max_size=size)
