from collections import defaultdict
from datetime import date

from odoo import Command, fields

TODAY = date.today()
THIS_QUARTER = fields.Date.start_of(TODAY, "quarter")


def quarter_at(number):
    """The first day of the quarter so many after this one."""
    return fields.Date.add(THIS_QUARTER, months=3 * number)


class PlanBooks:
    """Random work and invoices of two companies, and their sums by quarter."""

    BANDS = ("healthy", "watch", "strained", "toxic", "unknown")
    CLASSES = ("preferred", "demanding", "regular", "draining", False)

    def __init__(self, case, chance):
        self.case, self.chance = case, chance
        case.env["account.analytic.line"].sudo().search(
            [("project_id", "!=", False)]
        ).unlink()
        self.companies = case.company + case.setup_other_company()["company"]
        case.manager.company_ids += self.companies
        self.manager = case.manager
        self.standing = {}
        self.customers = [
            case.make_customer(name=f"Random {number}") for number in range(6)
        ]
        for customer in self.customers:
            for company in self.companies:
                band, kind = chance.choice(self.BANDS), chance.choice(self.CLASSES)
                self.standing[customer, company] = (band, kind)
                case.set_standing(customer, band, kind, company)
        # (customer, company, day) -> hours, margin
        self.hours, self.margin = defaultdict(float), defaultdict(float)
        for _entry in range(60):
            self.make_work()
        for _entry in range(40):
            self.make_invoice()

    def pick(self):
        days = self.chance.randrange(0, 500)
        customer = self.chance.choice(self.customers)
        company = self.chance.choice(list(self.companies))
        return customer, company, self.case.days_ago(days)

    def make_work(self):
        customer, company, day = self.pick()
        hours = self.chance.randrange(1, 30)
        env = self.case.env(su=True, context={"allowed_company_ids": company.ids})
        employees = env["hr.employee"]
        employee = employees.search(
            [("name", "=", "Random"), ("company_id", "=", company.id)], limit=1
        ) or employees.create(
            {"name": "Random", "hourly_cost": 30.0, "company_id": company.id}
        )
        project = env["project.project"].create(
            {
                "name": "Random",
                "partner_id": customer.id,
                "company_id": company.id,
                "allow_billable": True,
            }
        )
        env["account.analytic.line"].create(
            {
                "name": "Worked",
                "project_id": project.id,
                "employee_id": employee.id,
                "unit_amount": hours,
                "date": day,
            }
        )
        self.hours[customer, company, day] += hours
        self.margin[customer, company, day] -= 30 * hours

    def make_invoice(self):
        customer, company, day = self.pick()
        amount = self.chance.randrange(100, 5000)
        context = {"allowed_company_ids": company.ids}
        case = self.case
        move = case.env(context={**case.env.context, **context})["account.move"]
        move = move.with_company(company).create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": day,
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
        move.action_post()
        self.margin[customer, company, day] += amount

    def add_up(self, book, company, is_within, belongs=lambda _band, _kind: True):
        return sum(
            value
            for (customer, its_company, day), value in book.items()
            if its_company == company
            and is_within(day)
            and belongs(*self.standing[customer, company])
        )

    def check_quarters(self, plan):
        for quarter in plan.quarter_ids:

            def is_within(day, first=quarter.date_from):
                return fields.Date.start_of(day, "quarter") == first

            company = plan.company_id
            total = self.add_up(self.hours, company, is_within)
            strained = self.add_up(
                self.hours,
                company,
                is_within,
                lambda band, _kind: band in ("strained", "toxic"),
            )
            self.case.assertAlmostEqual(quarter.total_hours, total)
            self.case.assertAlmostEqual(quarter.actual_hours, strained)
            self.case.assertAlmostEqual(
                quarter.actual_share, strained / total if total else 0
            )

    def check_standing(self, plan):
        last = self.case.days_ago(365)
        periods = [lambda day: day > last]
        for at in range(-4, 1):
            periods.append(
                lambda day, at=at: (
                    fields.Date.start_of(day, "quarter") == quarter_at(at)
                )
            )
        rows = {row["key"]: row["cells"] for row in plan.standing["rows"]}
        self.case.assertEqual(len(plan.standing["columns"]), len(periods))
        for index, is_within in enumerate(periods):
            all_hours = self.add_up(self.hours, plan.company_id, is_within)
            all_margin = self.add_up(self.margin, plan.company_id, is_within)
            for key, cells in rows.items():

                def belongs(band, kind, key=key):
                    if key == "strained":
                        return band in ("strained", "toxic")
                    return (kind or "unknown") == key

                company = plan.company_id
                hours = self.add_up(self.hours, company, is_within, belongs)
                margin = self.add_up(self.margin, company, is_within, belongs)
                cell = cells[index]
                self.case.assertAlmostEqual(cell["hours"], hours, msg=key)
                self.case.assertAlmostEqual(cell["margin"], margin, 2, msg=key)
                if all_hours:
                    self.case.assertAlmostEqual(cell["hours_share"], hours / all_hours)
                is_part = all_margin > 0 and -0.001 < margin < all_margin + 0.001
                if is_part and cell["margin_share"] is not None:
                    self.case.assertAlmostEqual(
                        cell["margin_share"], margin / all_margin
                    )
