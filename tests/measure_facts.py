"""What customers of a generated world do: orders, bills, work, talk."""

from collections import defaultdict
from datetime import datetime, time, timedelta

from odoo import Command
from odoo.tools import SQL

from .measure_bills import Bills
from .measure_talk import Talk

STATES = (
    *("01_in_progress", "02_changes_requested", "03_approved"),
    *("04_waiting_normal", "1_done", "1_canceled"),
)
NO_MAIL = {
    "mail_create_nolog": True,
    "tracking_disable": True,
    "no_mail_to_attendees": True,
    "dont_notify": True,
    "skip_contact_description": True,
}


class Facts(Bills, Talk):
    """Collects what each customer does, then writes it down noun by noun.

    `tell` draws, `record` creates in batches: a world takes seconds, not minutes.
    Dates that the ORM sets itself are written by SQL in the end.
    """

    def __init__(self, stage, world):
        self.stage = stage
        self.env = stage.env
        self.chance = world.chance
        self.now = world.now
        self.today = world.now.date()
        self.imported = world.imported
        self.told = defaultdict(list)
        self.updates = []
        self.exits = {}

    def tell(self, customer, companies, referrer):
        self.customer = customer
        self.referrer = referrer
        for company in companies:
            self.company = company
            self.window = company.toxicity_window_days
            for habit in ("orders", "bills", "timesheets", "meetings", "changes"):
                if customer.does(habit):
                    getattr(self, f"_tell_{habit}")()
        for habit in ("tasks", "ratings", "messages", "leads"):
            if customer.does(habit):
                getattr(self, f"_tell_{habit}")()

    def record(self):
        self._record_orders()
        self._record_changes()
        self._record_bills()
        self._record_tasks()
        self._record_simple("calendar.event", "meetings")
        self._record_simple("mail.message", "messages")
        self._record_simple("crm.lead", "leads")
        self._record_timesheets()
        self.env.flush_all()
        for record, column, value in self.updates:
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id = %s",
                    SQL.identifier(record._table),
                    SQL.identifier(column),
                    value,
                    record.id,
                )
            )
        self.env.invalidate_all()

    # -- chance --------------------------------------------------------------------

    def maybe(self, share):
        return self.chance.random() < share

    def pick(self, *values):
        return self.chance.choice(values)

    def person(self):
        return self.chance.choice(self.customer.people).id

    def day(self):
        """A day, often one at the border of the window or of fourteen days."""
        window = self.window
        if self.maybe(0.2):
            return self.today - timedelta(
                self.pick(-1, 0, 13, 14, 15, window - 1, window, window + 1)
            )
        if self.maybe(0.15):
            return self.past_day()
        return self.today - timedelta(self.chance.randint(0, window - 1))

    def past_day(self):
        """A day before the window."""
        days = self.pick(0, self.chance.randint(0, 3 * self.window))
        return self.today - timedelta(self.window + days)

    def moment(self, day=None):
        """A moment in UTC, often at a border of the day or of working hours."""
        hour = self.pick(
            time(0, 0),
            time(23, 59, 59),
            time(self.chance.randint(0, 23), self.pick(0, 30)),
            time(*(self.chance.randint(0, limit) for limit in (23, 59, 59))),
        )
        return datetime.combine(day or self.day(), hour)

    def amount(self):
        return self.chance.randint(1, 500000) / 100

    def update(self, record, **values):
        """Have columns written by SQL once everything is there."""
        for column, value in values.items():
            self.updates.append((record, column, value))

    def make(self, model, vals_list, company=None):
        records = self.env[model].with_context(**NO_MAIL)
        return records.with_company(company).create(vals_list)

    def _record_simple(self, model, habit):
        told = self.told[habit]
        records = self.make(model, [vals for vals, _dates in told])
        for record, (_vals, dates) in zip(records, told, strict=True):
            self.update(record, **dates)

    # -- orders --------------------------------------------------------------------

    def _tell_orders(self):
        past = self.customer.story.is_past
        for _order in range(self.pick(1, 2, 4) if past else self.pick(3, 5, 6, 7)):
            ordered_on = self.moment(self.past_day() if past else None)
            waited = self.pick(
                *(timedelta(hours=24), timedelta(hours=24, seconds=1), timedelta(0)),
                *(timedelta(30), timedelta(9), timedelta(3), -timedelta(2)),
            )
            if self.imported and self.maybe(0.8):
                # Whoever moves to Odoo writes all orders on one day.
                waited = timedelta(0)
            state = self.pick(*["sale"] * 4, "cancel", "cancel", "sent", "draft")
            validity = self.pick(-1, -1, 0, 30, None)
            foreign = self.maybe(0.3)
            self.told["orders"].append(
                (
                    self.company,
                    state,
                    {
                        "partner_id": self.person(),
                        "company_id": self.company.id,
                        "pricelist_id": foreign and self.stage.pricelist.id,
                        "validity_date": validity is not None
                        and self.today + timedelta(validity),
                        "order_line": [
                            Command.create(self._tell_order_line())
                            for _line in range(self.pick(1, 1, 2, 3))
                        ],
                    },
                    {"date_order": ordered_on, "create_date": ordered_on - waited},
                )
            )

    def _tell_order_line(self):
        if self.maybe(0.1):
            return {"display_type": "line_section", "name": "Section"}
        unit = self.pick(*self.stage.units)
        quantity = self.chance.randint(1, 4000) / 100
        if unit == self.stage.minute:
            quantity *= 60
        return {
            "product_id": self.pick(*self.stage.products).id,
            "product_uom_id": unit.id,
            "product_uom_qty": self.pick(quantity, quantity, quantity, 20, 0, -quantity)
            if self.maybe(0.4)
            else quantity,
            "price_unit": self.pick(self.amount(), self.amount(), 0),
            "discount": self.pick(0, 0, 10, 33.33, 100, -5),
            "tax_ids": [Command.clear()],
            "is_downpayment": self.maybe(0.07),
        }

    def _record_orders(self):
        self.orders = defaultdict(self.env["sale.order"].browse)
        for company in self.stage.companies:
            told = [each for each in self.told["orders"] if each[0] == company]
            orders = self.make("sale.order", [vals for _c, _s, vals, _d in told])
            states = [state for _c, state, _v, _d in told]
            for state in ("sale", "sent", "cancel"):
                self._move_orders(
                    orders.browse(
                        order.id
                        for order, wanted in zip(orders, states, strict=True)
                        if wanted == state
                    ),
                    state,
                )
            for order, (_c, _s, _v, dates) in zip(orders, told, strict=True):
                self.update(order, **dates)
                self.orders[order.partner_id.commercial_partner_id, company] |= order
            for line in orders.order_line.filtered("product_id"):
                share = self.pick(0, 0.5, 1, 1.3, 3)
                self.update(line, qty_delivered=round(line.product_uom_qty * share, 2))

    def _move_orders(self, orders, state):
        if state == "sale" or self.maybe(0.5):
            # Some are cancelled, or sent once more, after they were confirmed.
            orders.action_confirm()
        if state != "sale":
            orders.write({"state": state})

    # -- scope changes -------------------------------------------------------------

    def _tell_changes(self):
        for _change in range(self.chance.randint(0, 4)):
            amount = self.pick(0, -50, self.amount(), self.amount())
            self.told["changes"].append(
                (
                    self.customer.partner.commercial_partner_id,
                    self.company,
                    {
                        "partner_id": self.person(),
                        "company_id": self.company.id,
                        "date": self.pick(self.day(), self._fortnight_ago()),
                        "state": self.pick(
                            *("absorbed", "absorbed", "detected", "negotiating"),
                            *("declined", "agreed", "withdrawn"),
                        ),
                        "amount": amount,
                        "reason": "Goodwill",
                        **({"gift_amount": self.amount()} if self.maybe(0.3) else {}),
                    },
                )
            )

    def _fortnight_ago(self):
        return self.today - timedelta(self.pick(13, 14, 15))

    def _record_changes(self):
        vals_list = []
        for customer, company, vals in self.told["changes"]:
            orders = self.orders[customer, company]
            order = orders and self.maybe(0.7) and self.chance.choice(orders)
            # An amendment in another currency is refused.
            currency = (order or company).currency_id
            amendments = (orders - order if order else orders).filtered(
                lambda other, currency=currency: other.currency_id == currency
            )
            amended = amendments and self.maybe(0.15)
            vals_list.append(
                {
                    **vals,
                    "order_id": order and order.id,
                    "amendment_id": amended and self.chance.choice(amendments).id,
                }
            )
        self.make("scope.change", vals_list)

    # -- work ----------------------------------------------------------------------

    def _tell_timesheets(self):
        for _line in range(self.pick(0, 2, 3, 4)):
            hours = self.pick(20, 19.99, 19.996, self.chance.randint(1, 6000) / 100)
            unit = self.pick(*self.stage.timesheet_units)
            quantity = hours
            if unit == self.stage.day:
                quantity = hours / 8
            elif unit == self.stage.minute:
                quantity = hours * 60
            self.told["timesheets"].append(
                (
                    self.company,
                    {
                        "name": "Work",
                        "project_id": self.pick(
                            self.stage.projects[self.company], self.stage.open_project
                        ).id,
                        "partner_id": self.maybe(0.92) and self.person(),
                        "employee_id": self.stage.employees[self.company].id,
                        "company_id": self.company.id,
                        "date": self.day(),
                        "unit_amount": quantity,
                    },
                    {
                        "product_uom_id": unit.id or None,
                        **({} if self.maybe(0.93) else {"project_id": None}),
                        "amount": self.pick(0, -1, -1) * round(hours * 3, 2),
                    },
                )
            )

    def _record_timesheets(self):
        for company in self.stage.companies:
            told = [each for each in self.told["timesheets"] if each[0] == company]
            lines = self.make(
                "account.analytic.line", [vals for _c, vals, _d in told], company
            )
            for line, (_c, _v, columns) in zip(lines, told, strict=True):
                self.update(line, **columns)

    def _tell_tasks(self):
        for _task in range(self.chance.randint(1, 3)):
            days = [self.day() for _day in range(2)]
            self.told["tasks"].append(
                {
                    "vals": {
                        "name": "Task",
                        "partner_id": self.maybe(0.92) and self.person(),
                        "project_id": self.pick(
                            *self.stage.projects.values(), self.stage.open_project
                        ).id,
                    },
                    "company": self.maybe(0.3) and self.pick(*self.stage.companies),
                    "moves": [
                        (self.moment(self.pick(*days)), *self._pick_labels())
                        for _move in range(self.chance.randint(0, 4))
                    ],
                    "ratings": [
                        self._prepare_rating(self.pick(*days))
                        for _rating in range(self.pick(0, 1, 1, 2))
                    ]
                    if self.customer.does("ratings")
                    else [],
                }
            )

    def _pick_labels(self):
        labels = self.pick(*self.stage.labels)
        before = self.pick("1_done", *STATES)
        after = self.pick("02_changes_requested", *STATES)
        field = self.stage.other_field if self.maybe(0.1) else self.stage.state_field
        return labels[before], labels[after], field

    def _record_tasks(self):
        told = self.told["tasks"]
        tasks = self.make("project.task", [task["vals"] for task in told])
        messages, values, ratings = [], [], self.told["ratings"]
        for task, each in zip(tasks, told, strict=True):
            if each["company"] and task.project_id == self.stage.open_project:
                self.update(task, company_id=each["company"].id)
            for date, before, after, field in each["moves"]:
                messages.append(self._prepare_message(task, date, "notification"))
                values.append(
                    {
                        "field_id": field.id,
                        "old_value_char": before,
                        "new_value_char": after,
                    }
                )
            ratings += [
                ("project.task", task.id, vals, dates)
                for vals, dates in each["ratings"]
            ]
        records = self.make("mail.message", messages)
        self.make(
            "mail.tracking.value",
            [
                {**vals, "mail_message_id": message.id}
                for vals, message in zip(values, records, strict=True)
            ],
        )
        self._record_ratings()
