"""The portfolio beside Odoo's own reports, both read as a user reads them."""

from collections import defaultdict

from odoo.fields import Date

POSTED = [
    ("move_type", "in", ("out_invoice", "out_refund")),
    ("state", "=", "posted"),
]


class PortfolioCommon:
    """What a reader sees of the companies that are switched on."""

    def as_reader(self, model, reader, companies):
        return (
            self.env[model]
            .with_user(reader)
            .with_context(allowed_company_ids=companies.ids)
        )

    def assertSameTotals(self, reader, companies):
        """By quarter and company, and altogether; money and hours to the cent."""
        portfolio = self.as_reader("customer.portfolio", reader, companies)
        ours = self.read_sums(
            portfolio, [], "date", ["invoiced", "timesheet_cost", "hours", "margin"]
        )
        billed = self.read_sums(
            self.as_reader("account.invoice.report", reader, companies),
            POSTED,
            "invoice_date",
            ["price_subtotal"],
        )
        cost, hours = self.read_work(reader, companies)
        self.assertTrue(billed)
        for key in ours.keys() | billed.keys() | hours.keys():
            with self.subTest(key=key):
                invoiced, spent, worked, margin = ours.get(key, (0, 0, 0, 0))
                self.assertAlmostEqual(invoiced, billed.get(key, (0,))[0], 4)
                self.assertAlmostEqual(worked, hours.get(key, 0), 4)
                self.assertAlmostEqual(spent, cost.get(key, 0), 4)
                self.assertAlmostEqual(margin, invoiced - spent, 4)

    def read_sums(self, model, domain, day, names):
        """{key: sums} where the key is all there is, or a company and a quarter."""
        measures = [f"{name}:sum" for name in names]
        by_quarter = model._read_group(
            domain, ["company_id", f"{day}:quarter"], measures
        )
        (everything,) = model._read_group(domain, [], measures)
        return {(company.id, day): sums for company, day, *sums in by_quarter} | {
            "all": everything
        }

    def read_work(self, reader, companies):
        """{key: cost}, {key: hours} by Odoo's timesheets, in our company's money."""
        cost, hours = defaultdict(float), defaultdict(float)
        lines = self.as_reader("account.analytic.line", reader, companies)
        hour = self.env.ref("uom.product_uom_hour")
        rates = self.get_rates(companies)
        for company, day, unit, amount, quantity in lines._read_group(
            [("project_id", "!=", False)],
            ["company_id", "date:quarter", "product_uom_id"],
            ["amount:sum", "unit_amount:sum"],
        ):
            is_time = unit._has_common_reference(hour) if unit else False
            length = unit.factor / hour.factor if is_time else 1
            for key in ("all", (company.id, day)):
                cost[key] -= amount * rates[company]
                hours[key] += quantity * length
        return cost, hours

    def get_rates(self, companies):
        """{company: what its money is worth in ours}, by Odoo's rates of today."""
        ours = companies[0]
        return {
            company: company.currency_id._get_conversion_rate(
                company.currency_id, ours.currency_id, ours, Date.today()
            )
            for company in companies
        }

    def assertRowsMadeOfRecords(self, rows):
        """Every button of every row opens exactly what the row adds up."""
        for row in rows:
            opened = {
                model: self.env[model].search(domain).sudo()
                for model, domain in row._get_records_domains().items()
            }
            rate = self.get_rates(row.env.companies)[row.company_id.with_env(row.env)]
            moves = opened["account.move"]
            lines = moves.invoice_line_ids.filtered(
                lambda line: line.display_type == "product"
            )
            with self.subTest(row=row.display_name, company=row.company_id.name):
                self.assertAlmostEqual(
                    row.invoiced, -sum(lines.mapped("balance")) * rate, 2
                )
                sheets = opened["account.analytic.line"]
                self.assertAlmostEqual(
                    row.timesheet_cost, -sum(sheets.mapped("amount")) * rate, 2
                )
                meetings = opened["calendar.event"] if row.commercial_partner_id else []
                self.assertAlmostEqual(
                    row.meeting_hours, sum(event.duration for event in meetings), 4
                )
                self.assertEqual(row.signals, len(opened["toxicity.signal"]))
                self.assertAlmostEqual(
                    row.scope_given,
                    sum(
                        change.gift_amount / (change.order_id.currency_rate or 1) * rate
                        for change in opened["scope.change"]
                    ),
                    2,
                )
