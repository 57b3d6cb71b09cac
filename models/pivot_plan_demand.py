from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class PivotPlan(models.Model):
    """Who could take the freed hours: preferred customers who ask for more."""

    _inherit = "pivot.plan"

    demand = fields.Json(
        compute="_compute_demand",
        help="Preferred customers with open demand, those with most hours first.",
    )
    demand_hours = fields.Float("Hours asked for", compute="_compute_demand")
    planned_freed_hours = fields.Float(
        "Freed a quarter", compute="_compute_planned_freed_hours"
    )

    @api.depends("move_ids.hours", "move_ids.is_counted")
    def _compute_planned_freed_hours(self):
        for plan in self:
            counted = plan.move_ids.filtered("is_counted")
            plan.planned_freed_hours = sum(counted.mapped("hours"))

    @api.depends("company_id", "year", "move_ids.partner_id")
    def _compute_demand(self):
        for plan in self:
            found = plan._read_demand() if plan.company_id else []
            plan.demand = found
            plan.demand_hours = sum(entry["hours"] for entry in found)

    def _read_demand(self):
        """What preferred customers have ordered and are likely to order, in hours."""
        preferred = self._get_preferred()
        ordered = self._read_ordered_hours(preferred)
        pipeline = self._read_preferred_pipeline(preferred)
        price = self._get_usual_price()
        entries = []
        for customer in preferred:
            revenue = pipeline.get(customer.id, 0.0)
            hours = ordered.get(customer.id, 0.0)
            likely = revenue / price if price else 0.0
            if hours or revenue:
                entries.append(
                    {
                        "id": customer.id,
                        "name": customer.display_name,
                        "ordered_hours": hours,
                        "pipeline": revenue,
                        "pipeline_hours": likely if price else None,
                        "hours": hours + likely,
                    }
                )
        return sorted(entries, key=lambda entry: (-entry["hours"], entry["name"]))

    def _get_preferred(self):
        scores = self.env["toxicity.score"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("customer_class", "=", "preferred"),
                ("current_band", "not in", ("strained", "toxic")),
            ]
        )
        leaving = self.move_ids.commercial_partner_id
        return scores.partner_id - leaving

    def _read_ordered_hours(self, customers):
        """{customer id: hours ordered by time and not delivered yet}."""
        hours = defaultdict(float)
        for customer, _line, left in self._read_open_lines(customers):
            hours[customer] += left
        return hours

    def _read_ordered_lines(self, customers):
        """The ids of the order lines that those hours are on."""
        return [line for _customer, line, _left in self._read_open_lines(customers)]

    def _read_open_lines(self, customers):
        """[(customer id, order line id, hours left)] of lines by time."""
        self.env["sale.order.line"].flush_model()
        self.env["sale.order"].flush_model()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        # SQL: what is left of each line, in hours. For managers, whoever sells it.
        return self.env.execute_query(
            SQL(
                """
                SELECT partner.commercial_partner_id, line.id,
                       ((line.product_uom_qty - COALESCE(line.qty_delivered, 0))
                        * unit.hours)::float8
                  FROM sale_order_line line
                  JOIN sale_order sale ON sale.id = line.order_id
                  JOIN res_partner partner ON partner.id = sale.partner_id
                  JOIN %(units)s unit ON unit.uom_id = line.product_uom_id
                 WHERE sale.state = 'sale'
                   AND sale.company_id = %(company)s
                   AND partner.commercial_partner_id = ANY(%(customers)s)
                   AND line.display_type IS NULL
                   AND line.is_downpayment IS NOT TRUE
                   AND line.is_expense IS NOT TRUE
                   AND line.product_uom_qty > COALESCE(line.qty_delivered, 0)
                """,
                units=self.env["toxicity.measure"]._hour_units(),
                company=self.company_id.id,
                customers=customers.ids or [0],
            )
        )

    def _read_preferred_pipeline(self, customers):
        """{customer id: weighted revenue of its open opportunities}, dated or not."""
        # sudo: sums over everybody's leads, whoever may read them
        groups = (
            self.env["crm.lead"]
            .sudo()
            ._read_group(
                self._get_pipeline_domain(customers),
                ["partner_id.commercial_partner_id"],
                ["prorated_revenue:sum"],
            )
        )
        return {customer.id: revenue for customer, revenue in groups}

    def _get_pipeline_domain(self, customers):
        exits = self.env["customer.exit"]
        theirs = Domain("partner_id.commercial_partner_id", "in", customers.ids)
        return exits._get_open_leads_domain(self.company_id) & theirs

    def _get_usual_price(self):
        """What an hour brings at customers who are not strained, None where unknown."""
        rows = self.year or []
        revenue = sum(row[-2] for row in rows)
        hours = sum(row[-1] for row in rows)
        return revenue / hours if hours else None
