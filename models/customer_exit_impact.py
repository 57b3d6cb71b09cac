from odoo import api, fields, models

from .customer_exit import MANAGER_GROUP
from .customer_exit_impact_query import YearOfBusiness
from .margin_replacement import months_to_replace

# What is kept of the impact with the approval: stored field -> computed field.
FROZEN = {
    "approved_revenue": "impact_revenue",
    "approved_cost": "impact_cost",
    "approved_margin": "impact_margin",
    "approved_hours": "impact_hours",
    "approved_share": "impact_share",
    "approved_share_after": "impact_share_after",
    "approved_pipeline": "impact_pipeline",
    "approved_months": "impact_months",
    "approved_is_replaced": "impact_is_replaced",
    "approved_receivable": "open_receivable",
    "approved_to_bill": "still_to_bill",
    "approved_payable": "open_payable",
}


def is_live(name, field):
    """Whether the field is a figure that is read from documents."""
    return name.startswith(("impact_", "open_", "still_")) and not field.store


class CustomerExit(models.Model):
    """What ending this relationship costs and frees: now, and when it was approved.

    Figures are computed anew whenever they are looked at; the approval keeps those it
    was given on. Each of them opens the records that it is made of.
    """

    _inherit = "customer.exit"

    impact_revenue = fields.Monetary("Yearly revenue", compute="_compute_impact")
    # Cost ÷ hours is what people cost, and so is revenue − margin
    impact_cost = fields.Monetary(
        "Cost of the work", compute="_compute_impact", groups=MANAGER_GROUP
    )
    impact_margin = fields.Monetary(
        "Yearly margin",
        compute="_compute_impact",
        groups=MANAGER_GROUP,
        help="Revenue less the cost of the hours worked for the customer.",
    )
    impact_hours = fields.Float("Hours freed per year", compute="_compute_impact")
    impact_hours_monthly = fields.Float(
        "Hours freed per month", compute="_compute_impact"
    )
    impact_share = fields.Float("Share of our revenue", compute="_compute_impact")
    impact_share_after = fields.Float(
        "Largest customer's share afterwards", compute="_compute_impact"
    )
    impact_pipeline = fields.Monetary(
        "Weighted pipeline of others",
        compute="_compute_impact",
        help="Expected revenue × probability of the open opportunities of everybody "
        "else that have an expected closing.",
    )
    impact_months = fields.Integer("Months", compute="_compute_impact")
    impact_is_replaced = fields.Boolean("Replaceable", compute="_compute_impact")
    impact_months_text = fields.Char(
        "Months to replace the margin",
        compute="_compute_impact",
        help="Until the pipeline of others, as it is expected to close and at the "
        "usual margin, has earned this customer's yearly margin; a month earns no "
        "more than the freed hours do at the usual yield of customers who are not "
        "strained.",
    )
    open_payable = fields.Monetary(
        "We owe them",
        compute="_compute_open_payable",
        help="They are a vendor of ours too: open vendor bills, which an exit leaves "
        "alone.",
    )
    vendor_bill_count = fields.Integer(compute="_compute_open_payable")

    approved_revenue = fields.Monetary("Yearly revenue at approval", readonly=True)
    approved_cost = fields.Monetary(
        "Cost of the work at approval", readonly=True, groups=MANAGER_GROUP
    )
    approved_margin = fields.Monetary(
        "Yearly margin at approval", readonly=True, groups=MANAGER_GROUP
    )
    approved_hours = fields.Float("Yearly hours at approval", readonly=True)
    approved_share = fields.Float(
        "Share of our revenue at approval", readonly=True, aggregator="avg"
    )
    approved_share_after = fields.Float(
        "Largest share afterwards, at approval", readonly=True, aggregator="avg"
    )
    approved_pipeline = fields.Monetary("Pipeline of others at approval", readonly=True)
    approved_months = fields.Integer(
        "Months to replace at approval", readonly=True, aggregator="avg"
    )
    approved_is_replaced = fields.Boolean("Replaceable at approval", readonly=True)
    approved_months_text = fields.Char(
        "Time to replace at approval", compute="_compute_approved_months_text"
    )
    approved_receivable = fields.Monetary("Receivable at approval", readonly=True)
    approved_to_bill = fields.Monetary("To bill at approval", readonly=True)
    approved_payable = fields.Monetary("Owed to them at approval", readonly=True)

    @api.depends("commercial_partner_id", "company_id")
    @api.depends_context("lang")
    def _compute_impact(self):
        years = self._get_years_of_business()
        pipelines = self._get_pipelines()
        for record in self:
            key = (record.commercial_partner_id.id, record.company_id.id)
            year = years.get(key, YearOfBusiness())
            months = record._get_months_to_replace(year, pipelines[record])
            record.impact_revenue = year.theirs.revenue
            record.impact_cost = year.theirs.cost
            record.impact_margin = year.theirs.margin
            record.impact_hours = year.theirs.hours
            record.impact_hours_monthly = year.theirs.hours / 12
            record.impact_share = year.share
            record.impact_share_after = year.largest_share_after
            record.impact_pipeline = sum(pipelines[record].values())
            record.impact_months = months or 0
            record.impact_is_replaced = months is not None
            record.impact_months_text = record._describe_months(
                record.impact_months, record.impact_is_replaced
            )

    def _get_months_to_replace(self, year, pipeline):
        others = year.others
        rate = others.usual_margin_rate
        monthly_hours = year.theirs.hours / 12
        has_capacity = others.usual_yield and monthly_hours > 0
        return months_to_replace(
            year.theirs.margin,
            {month: revenue * rate for month, revenue in pipeline.items()},
            others.usual_yield * monthly_hours if has_capacity else None,
        )

    def _describe_months(self, months, is_replaced):
        if not is_replaced:
            return self.env._("Not by the pipeline there is")
        if not months:
            return self.env._("Nothing to replace")
        return self.env._("%(months)s months", months=months)

    @api.depends("approved_months", "approved_is_replaced", "approval_date")
    @api.depends_context("lang")
    def _compute_approved_months_text(self):
        for record in self:
            record.approved_months_text = bool(
                record.approval_date
            ) and self._describe_months(
                record.approved_months, record.approved_is_replaced
            )

    @api.depends("commercial_partner_id", "company_id")
    def _compute_open_payable(self):
        # sudo: the sum is for everyone who works on the exit, the bills are not
        groups = (
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    *self._get_unpaid_bills_domain(),
                ],
                ["commercial_partner_id", "company_id"],
                ["amount_residual_signed:sum", "__count"],
            )
        )
        found = {
            (partner.id, company.id): (-amount, count)
            for partner, company, amount, count in groups
        }
        for record in self:
            key = (record.commercial_partner_id.id, record.company_id.id)
            amount, count = found.get(key, (0.0, 0))
            record.open_payable, record.vendor_bill_count = amount, count

    def _get_unpaid_bills_domain(self):
        return [
            ("move_type", "in", ("in_invoice", "in_refund", "in_receipt")),
            ("state", "=", "posted"),
            ("amount_residual_signed", "!=", 0),
        ]

    def _move_to(self, state, reason="", **vals):
        if state == "approved":
            self._freeze_impact()
        return super()._move_to(state, reason, **vals)

    def _freeze_impact(self):
        """Keep the figures that the approval is given on."""
        # They depend on documents that the ORM does not follow: read anew, and again.
        self._forget_impact()
        for record in self:
            # sudo: nobody writes these but the approval
            record.sudo().write(
                {kept: record[computed] for kept, computed in FROZEN.items()}
            )
        self._forget_impact()

    def _forget_impact(self):
        names = [name for name, field in self._fields.items() if is_live(name, field)]
        self.invalidate_recordset(names, flush=False)
