"""The measures once more, in plain Python over records.

Each function returns ``{(customer, company): Finding}``: the value as an exact
fraction and the records that made it; without data there is no key. They were written
from the definitions alone, so that an error would have to be made twice.
"""

from collections import defaultdict
from datetime import timedelta, timezone
from fractions import Fraction
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .measure_books import OPEN_TASK_STATES, exact

UTC = timezone.utc


class Finding(NamedTuple):
    value: Fraction
    records: tuple = ()


# -- payment -----------------------------------------------------------------------


def payment_delay(books):
    """Amount-weighted mean days late."""
    return {
        key: Finding(
            sum(part.amount * max(0, (part.paid - part.due).days) for part in parts)
            / sum(part.amount for part in parts),
            [get_moves(books, parts)],
        )
        for key, parts in books.payment_parts.items()
        if sum(part.amount for part in parts)
    }


def prompt_payment(books):
    """The share paid in time."""
    return {
        key: Finding(
            sum(part.amount for part in parts if part.paid <= part.due)
            / sum(part.amount for part in parts),
            [get_moves(books, parts)],
        )
        for key, parts in books.payment_parts.items()
        if sum(part.amount for part in parts)
    }


def get_moves(books, parts):
    return books.env["account.move"].union(*(part.move for part in parts))


def credit_note_share(books):
    findings = {}
    for key, moves in books.bills.items():
        refunds = moves.filtered(lambda move: move.move_type == "out_refund")
        credited = -sum(exact(move.amount_untaxed_signed) for move in refunds)
        invoiced = sum(exact(move.amount_untaxed_signed) for move in moves - refunds)
        if invoiced > 0:
            findings[key] = Finding(credited / invoiced, [moves])
        elif refunds:
            findings[key] = Finding(Fraction(1), [moves])
    return findings


# -- sales -------------------------------------------------------------------------


def discount_share(books):
    findings = {}
    for key, lines in books.lines_in_window.items():
        prices = {
            line: books.to_company_money(line.price_unit, line.order_id)
            * exact(line.product_uom_qty)
            for line in lines
            if exact(line.product_uom_qty) * exact(line.price_unit) > 0
        }
        if prices:
            given = sum(
                price * exact(line.discount) / 100 for line, price in prices.items()
            )
            findings[key] = Finding(
                given / sum(prices.values()), [lines.browse().union(*prices)]
            )
    return findings


def proposal_rejection(books):
    proposals = books.all("sale.order").filtered(
        lambda order: (
            order.state in ("sale", "cancel")
            or (
                order.state == "sent"
                and order.validity_date
                and order.validity_date < books.today
            )
        )
    )
    groups = books.by_customer(proposals - books.amendments)
    findings = {}
    for key, orders in books.windowed(groups, "date_order").items():
        won = orders.filtered(lambda order: order.state == "sale")
        if len(orders) >= 3:
            findings[key] = Finding(1 - Fraction(len(won), len(orders)), [orders])
    return findings


def never_renewed(books):
    findings = {}
    for (customer, company), orders in books.contracts_ever.items():
        lonely = len(orders) == 1
        old = min(orders.mapped("date_order")).date() <= books.since(company)
        findings[customer, company] = Finding(Fraction(lonely and old), [orders])
    return findings


def renewals(books):
    return {
        key: Finding(
            Fraction(len({order.date_order.year for order in orders}) - 1), [orders]
        )
        for key, orders in books.contracts_ever.items()
    }


def impulse_contract(books):
    """Off for a company while most of its customers seem impulsive: imported data."""
    findings = defaultdict(dict)
    for (customer, company), orders in books.by_customer(books.orders).items():
        first = min(orders, key=lambda order: (order.date_order, order.id))
        beginnings = get_beginnings(books)[customer, company]
        waited = abs(first.date_order - min(beginnings))
        findings[company][customer, company] = Finding(
            Fraction(waited <= timedelta(hours=24)),
            get_first_records(books, customer, company, first),
        )
    return {
        key: finding
        for of_company in findings.values()
        if sum(found.value for found in of_company.values()) * 2 <= len(of_company)
        for key, finding in of_company.items()
    }


def get_beginnings(books):
    """{(customer, company): when each lead and quotation of any state was made}."""
    beginnings = defaultdict(list)
    for order in books.all("sale.order"):
        customer = books.customer(order.partner_id)
        beginnings[customer, order.company_id].append(order.create_date)
    for lead in books.all("crm.lead"):
        customer = books.customer(lead.partner_id)
        for company in books.companies(customer, lead):
            beginnings[customer, company].append(lead.create_date)
    return beginnings


def get_first_records(books, customer, company, ordered):
    """The first order, and the first quotation and lead that it is compared with."""
    quotations = books.all("sale.order").filtered(
        lambda order: (
            books.customer(order.partner_id) == customer and order.company_id == company
        )
    )
    leads = books.all("crm.lead").filtered(
        lambda lead: (
            books.customer(lead.partner_id) == customer
            and company in books.companies(customer, lead)
        )
    )
    return [
        ordered | quotations.sorted(lambda made: (made.create_date, made.id))[:1],
        leads.sorted(lambda made: (made.create_date, made.id))[:1],
    ]


def referrals(books):
    groups = defaultdict(books.env["crm.lead"].browse)
    for lead in books.all("crm.lead", ("stage_id.is_won", "=", True)):
        if customer := books.customer(lead.referred_by_id):
            for company in books.companies(customer, lead):
                groups[customer, company] |= lead
    return {
        key: Finding(Fraction(len(leads)), [leads]) for key, leads in groups.items()
    }


# -- scope and effort --------------------------------------------------------------


def unpaid_scope(books):
    limit = books.today - timedelta(14)
    unpaid = books.all("scope.change").filtered(
        lambda change: (
            change.gift_amount > 0
            and (
                change.state == "absorbed"
                or (change.state in ("detected", "negotiating") and change.date < limit)
            )
        )
    )
    changes = books.windowed(books.by_customer(unpaid), "date")
    findings = {}
    for key in changes.keys() | books.orders_in_window.keys():
        given = changes.get(key, unpaid.browse())
        orders = books.orders_in_window.get(key) or given.order_id.filtered(
            lambda order: order.state == "sale"
        )
        agreed = sum(
            books.to_company_money(order.baseline_amount, order) for order in orders
        )
        if agreed > 0:
            findings[key] = Finding(
                sum(get_gift(books, change) for change in given) / agreed,
                [given, orders],
            )
    return findings


def get_gift(books, change):
    if change.currency_id == change.company_id.currency_id:
        return exact(change.gift_amount)
    return books.to_company_money(change.gift_amount, change.order_id)


def effort_overrun(books):
    findings = {}
    for key, lines in books.lines_in_window.items():
        by_time = lines.filtered(
            lambda line: (
                line.product_id.type == "service"
                and line.product_id.invoice_policy == "order"
                and books.is_time(line.product_uom_id)
                and line.product_uom_qty > 0
            )
        )
        if by_time:
            ordered = over = Fraction(0)
            for line in by_time:
                sold = books.hours(line.product_uom_qty, line.product_uom_id)
                done = books.hours(line.qty_delivered, line.product_uom_id)
                ordered += sold
                over += max(Fraction(0), done - sold)
            findings[key] = Finding(over / ordered, [by_time])
    return findings


def rework(books):
    returns = defaultdict(set)
    for value in books.all(
        "mail.tracking.value",
        ("field_id.model", "=", "project.task"),
        ("field_id.name", "=", "state"),
    ):
        message = value.mail_message_id
        task = books.env["project.task"].browse(message.res_id).exists()
        if customer := books.customer(task.partner_id):
            day = message.date.date()
            if is_sent_back(books, value, task, day):
                for company in books.companies(customer, task, task.project_id):
                    if books.in_window(company, day):
                        returns[customer, company].add((task, day))
    findings = {}
    for key in books.timesheets:
        hours = books.timesheet_hours(key)
        if books.enough(hours):
            tasks = {task for task, _day in returns[key]}
            findings[key] = Finding(
                100 * len(returns[key]) / hours,
                [books.env["project.task"].union(*tasks), books.timesheets[key]],
            )
    return findings


def is_sent_back(books, value, task, day):
    before = books.state_labels[value.old_value_char]
    after = books.state_labels[value.new_value_char]
    if "02_changes_requested" in after:
        # Odoo itself asks for changes on a low rating, which poor_rating counts.
        return (task.id, day) not in books.unhappy_days
    return "1_done" in before and bool(after & set(OPEN_TASK_STATES))


def low_yield(books):
    return {
        key: Finding(1 - own / usual, records)
        for key, own, usual, records in compare_yields(books)
    }


def high_yield(books):
    return {
        key: Finding(own / usual - 1, records)
        for key, own, usual, records in compare_yields(books)
    }


def compare_yields(books):
    """Each customer's yield beside the usual one of the company, if that is any."""
    for company, yields in books.yields.items():
        usual = median(yields.values())
        if usual > 0:
            for customer, own in yields.items():
                key = customer, company
                bills = books.bills.get(key, books.env["account.move"])
                yield key, own, usual, [books.timesheets[key], bills]


# -- opinions and attention --------------------------------------------------------


def poor_rating(books):
    return {
        key: Finding((5 - mean_rating(ratings)) / 4, [ratings])
        for key, ratings in books.ratings.items()
    }


def good_rating(books):
    return {
        key: Finding(mean_rating(ratings), [ratings])
        for key, ratings in books.ratings.items()
    }


def mean_rating(ratings):
    return sum(exact(rating.rating) for rating in ratings) / len(ratings)


def meeting_load(books):
    meetings = defaultdict(books.env["calendar.event"].browse)
    for event in books.all(
        "calendar.event", ("active", "=", True), ("allday", "=", False)
    ):
        company = event.user_id.company_id
        for attendee in event.attendee_ids.partner_id:
            customer = books.customer(attendee)
            if customer and company and books.in_window(company, event.start):
                meetings[customer, company] |= event
    findings = {}
    for key, hours in books.hours_ordered.items():
        if books.enough(hours):
            events = meetings[key]
            met = sum(exact(event.duration) for event in events)
            lines = books.lines_in_window[key].filtered(
                lambda line: books.is_time(line.product_uom_id)
            )
            findings[key] = Finding(met / hours, [events, lines])
    return findings


def after_hours_contact(books):
    messages = defaultdict(books.env["mail.message"].browse)
    for message in books.all(
        "mail.message", ("message_type", "in", ("email", "comment"))
    ):
        if customer := books.customer(message.author_id):
            company = message.record_company_id
            for each in company or books.companies(customer):
                if books.in_window(each, message.date):
                    messages[customer, each] |= message
    findings = {}
    for (customer, company), sent in messages.items():
        rows = company.resource_calendar_id.attendance_ids.filtered(
            lambda row: not row.display_type
        )
        if len(sent) >= 10 and rows and not company.resource_calendar_id.flexible_hours:
            late = sent.filtered(
                lambda message, rows=rows: not is_working_time(rows, message.date)
            )
            findings[customer, company] = Finding(
                Fraction(len(late), len(sent)), [sent]
            )
    return findings


def is_working_time(rows, moment):
    calendar = rows.calendar_id
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(calendar.tz))
    hour = local.hour + Fraction(local.minute * 60 + local.second, 3600)
    # Weeks alternate from 1 January of the year 1 on, which was a Monday.
    week = str((local.toordinal() - 1) // 7 % 2)
    return any(
        row.dayofweek == str(local.weekday())
        and (not calendar.two_weeks_calendar or row.week_type == week)
        and exact(row.hour_from) <= hour < exact(row.hour_to)
        for row in rows
    )


MEASURES = {
    function.__name__: function
    for function in (
        payment_delay,
        credit_note_share,
        discount_share,
        proposal_rejection,
        unpaid_scope,
        effort_overrun,
        rework,
        low_yield,
        poor_rating,
        meeting_load,
        after_hours_contact,
        never_renewed,
        impulse_contract,
        renewals,
        prompt_payment,
        referrals,
        high_yield,
        good_rating,
    )
}
