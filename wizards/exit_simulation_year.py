from odoo import api, fields, models

from ..models.customer_exit_impact_query import YearOfBusiness


class ExitSimulation(models.TransientModel):
    """The year of the chosen customers beside all and beside the others, and the cash.

    One query for all of it, that of the impact of an exit: customer_exit_impact_query.
    """

    _inherit = "exit.simulation"

    revenue = fields.Monetary(compute="_compute_year", store=True)
    cost = fields.Monetary("Cost of the work", compute="_compute_year", store=True)
    margin = fields.Monetary(
        compute="_compute_year",
        store=True,
        help="Revenue less the cost of the hours.",
    )
    hours = fields.Float(compute="_compute_year", store=True)
    revenue_now = fields.Monetary("Revenue of all", compute="_compute_year", store=True)
    cost_now = fields.Monetary("Cost of all", compute="_compute_year", store=True)
    margin_now = fields.Monetary("Margin of all", compute="_compute_year", store=True)
    hours_now = fields.Float("Hours of all", compute="_compute_year", store=True)
    revenue_after = fields.Monetary(
        "Revenue without them", compute="_compute_year", store=True
    )
    cost_after = fields.Monetary(
        "Cost without them", compute="_compute_year", store=True
    )
    margin_after = fields.Monetary(
        "Margin without them", compute="_compute_year", store=True
    )
    hours_after = fields.Float(
        "Hours without them", compute="_compute_year", store=True
    )
    largest_now_id = fields.Many2one(
        "res.partner", "Largest customer", compute="_compute_year", store=True
    )
    largest_after_id = fields.Many2one(
        "res.partner", "Largest customer then", compute="_compute_year", store=True
    )
    share_now = fields.Float(
        "Share of the largest customer",
        compute="_compute_year",
        store=True,
        help="The largest customer's part of the revenue.",
    )
    share_after = fields.Float(
        "Share of the largest then", compute="_compute_year", store=True
    )
    hhi_now = fields.Float(
        "Concentration (HHI)",
        compute="_compute_year",
        store=True,
        help="Herfindahl–Hirschman index: the squares of all customers' shares of the "
        "revenue, added up. 10 000 is one single customer, a hundred alike make 100; "
        "above 2 500 counts as highly concentrated.",
    )
    hhi_after = fields.Float("Concentration then", compute="_compute_year", store=True)
    others_count = fields.Integer(compute="_compute_year", store=True)
    all_count = fields.Integer(compute="_compute_year", store=True)
    customers = fields.Json(
        "Each of them",
        compute="_compute_year",
        store=True,
        help="One entry for each of them.",
    )

    # Cash

    open_receivable = fields.Monetary(
        "Unpaid invoices",
        compute="_compute_year",
        store=True,
        help="Taxes included, less open credit notes.",
    )
    to_bill = fields.Monetary(
        "Still to bill",
        compute="_compute_year",
        store=True,
        help="What their final invoices would bill today, untaxed.",
    )
    to_refund = fields.Monetary(
        "To refund",
        compute="_compute_year",
        store=True,
        help="What was paid in advance and not delivered, where that is more than "
        "there is to bill, untaxed.",
    )
    cash = fields.Monetary(
        "Cash from the settlement",
        compute="_compute_year",
        store=True,
        help="Unpaid invoices, and what is still to bill, less what is to be refunded.",
    )
    usual_margin_per_hour = fields.Monetary(compute="_compute_year", store=True)
    usual_margin_rate = fields.Float(compute="_compute_year", store=True)

    @api.depends("partner_ids", "company_id")
    def _compute_year(self):
        for simulation in self:
            simulation._refuse_foreign_companies()
            year = simulation._read_year()
            entries = simulation._prepare_customers(year)
            simulation.update(
                {
                    "customers": entries,
                    **simulation._prepare_year_vals(year),
                    **simulation._prepare_cash_vals(entries),
                }
            )

    def _read_year(self):
        if not self.company_id:
            return YearOfBusiness()
        chosen = (tuple(self.customer_ids._origin.ids), self.company_id.id)
        [year] = self.env["customer.exit"]._read_years([chosen])
        return year

    def _prepare_year_vals(self, year):
        theirs, everyone, others = year.theirs, year.everyone, year.others
        vals = {
            f"{name}{suffix}": getattr(sums, name)
            for suffix, sums in (("", theirs), ("_now", everyone), ("_after", others))
            for name in ("revenue", "cost", "margin", "hours")
        }
        return {
            **vals,
            "largest_now_id": year.largest_id,
            "largest_after_id": year.largest_other_id,
            "share_now": year.largest_share,
            "share_after": year.largest_share_after,
            "hhi_now": everyone.hhi,
            "hhi_after": others.hhi,
            "others_count": others.count,
            "all_count": everyone.count,
            "usual_margin_per_hour": others.usual_yield or 0.0,
            "usual_margin_rate": others.usual_margin_rate,
        }

    def _prepare_cash_vals(self, entries):
        unpaid = sum(entry["unpaid"] for entry in entries)
        to_bill = sum(max(0.0, entry["to_bill"]) for entry in entries)
        to_refund = sum(max(0.0, -entry["to_bill"]) for entry in entries)
        return {
            "open_receivable": unpaid,
            "to_bill": to_bill,
            "to_refund": to_refund,
            "cash": unpaid + to_bill - to_refund,
        }

    def _prepare_customers(self, year):
        """What each of the chosen brings, owes and is still to be billed."""
        customers, company = self.customer_ids._origin, self.company_id
        exits, scores = self.env["customer.exit"], self.env["toxicity.score"]
        unpaid = exits._get_receivables(customers, company)
        to_bill = exits._get_amounts_to_bill(customers, company)
        bands = dict(scores._fields["current_band"]._description_selection(self.env))
        found = scores.search(
            [("partner_id", "in", customers.ids), ("company_id", "=", company.id)]
        )
        band_of = {score.partner_id.id: score.current_band for score in found}
        entries = []
        for customer in customers:
            revenue, cost, hours = (year.each or {}).get(customer.id, (0.0, 0.0, 0.0))
            band = band_of.get(customer.id, "unknown")
            entries.append(
                {
                    "id": customer.id,
                    "name": customer.display_name,
                    "band": band,
                    "band_name": bands[band],
                    "revenue": revenue,
                    "margin": revenue - cost,
                    "hours": hours,
                    "unpaid": unpaid.get((customer.id, company.id), 0.0),
                    "to_bill": to_bill.get(customer.id, 0.0),
                }
            )
        return sorted(entries, key=lambda entry: -entry["revenue"])
