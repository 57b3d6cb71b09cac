from collections import defaultdict

from odoo import Command


class SimulationBooks:
    """Random invoices, credit notes and work of two companies, and their sums."""

    def __init__(self, case, chance):
        self.case, self.chance = case, chance
        self.other_company = case.setup_other_company()["company"]
        self.companies = [case.company, self.other_company]
        self.currencies = [
            case.company.currency_id,
            case.setup_other_currency("EUR"),
            case.setup_other_currency("GBP", rates=[("2016-01-01", 0.7)]),
        ]
        case.manager.company_ids += self.other_company
        self.manager = case.manager.with_context(
            allowed_company_ids=[company.id for company in self.companies]
        )
        self.customers = [
            case.make_customer(name=f"Random {number}") for number in range(7)
        ] + [case.customer, case.other, case.third]
        self.revenue = defaultdict(float)
        self.cost = defaultdict(float)
        self.hours = defaultdict(float)
        self.residual = defaultdict(float)
        self.keep_what_was_there()
        for _document in range(45):
            self.make_document()
        for _work in range(20):
            self.make_work()

    def keep_what_was_there(self):
        case = self.case
        for customer, amount in (
            (case.customer, 4000),
            (case.other, 6000),
            (case.third, 2000),
        ):
            self.revenue[customer, case.company] += amount
            self.residual[customer, case.company] += amount
        for customer, hours in ((case.customer, 24), (case.other, 40)):
            self.hours[customer, case.company] += hours
            self.cost[customer, case.company] += 50 * hours

    def make_document(self):
        case, chance = self.case, self.chance
        customer = chance.choice(self.customers)
        company = chance.choice(self.companies)
        currency = chance.choice(self.currencies)
        days = chance.choice((0, 5, 200, 364, 365, 900))
        move_type = chance.choice(("out_invoice",) * 4 + ("out_refund",))
        amount = chance.randrange(50, 4000)
        move = (
            case.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": move_type,
                    "partner_id": customer.id,
                    "currency_id": currency.id,
                    "invoice_date": case.days_ago(days),
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Advice",
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
        )
        if chance.random() < 0.9:
            move.action_post()
            sign = -1 if move_type == "out_refund" else 1
            here = sum(move.line_ids.filtered("debit").mapped("debit"))
            self.residual[customer, company] += sign * here
            if days < 365:
                self.revenue[customer, company] += sign * here

    def make_work(self):
        case, chance = self.case, self.chance
        customer = chance.choice(self.customers)
        days = chance.choice((0, 100, 364, 365))
        hours = chance.randrange(1, 40)
        case.make_work(hours, customer, cost=30.0, worked_on=case.days_ago(days))
        if days < 365:
            self.hours[customer, case.company] += hours
            self.cost[customer, case.company] += 30 * hours

    def expect(self, chosen, company):
        """{field: value} by the definitions, from what was noted while making it."""

        def add_up(book, customers):
            return sum(book[customer, company] for customer in customers)

        others = [customer for customer in self.customers if customer not in chosen]
        values = {}
        for suffix, customers in (
            ("", chosen),
            ("_now", self.customers),
            ("_after", others),
        ):
            revenue = add_up(self.revenue, customers)
            values[f"revenue{suffix}"] = revenue
            values[f"margin{suffix}"] = revenue - add_up(self.cost, customers)
            values[f"hours{suffix}"] = add_up(self.hours, customers)
            if suffix:
                each = [self.revenue[customer, company] for customer in customers]
                positive = [amount for amount in each if amount > 0]
                gained = sum(positive)
                values[f"hhi{suffix}"] = (
                    sum((100 * amount / gained) ** 2 for amount in positive)
                    if gained
                    else 0
                )
                share = max(positive, default=0) / revenue if revenue > 0 else 0
                values[f"share{suffix}"] = min(1, share)
        values["open_receivable"] = add_up(self.residual, chosen)
        values["cash"] = values["open_receivable"]
        usual = [c for c in others if self.hours[c, company] >= 20]
        if hours := add_up(self.hours, usual):
            left = add_up(self.revenue, usual) - add_up(self.cost, usual)
            values["usual_margin_per_hour"] = max(0, left / hours)
        return values
