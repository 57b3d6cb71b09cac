from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from .pivot_plan_figures import STRAINED_BANDS


class PivotPlan(models.Model):
    """Each number opens the records that it is made of."""

    _inherit = "pivot.plan"

    def action_open_figure(self):
        """Open the records of the figure in the context."""
        self.ensure_one()
        self.check_access("read")
        figure = self.env.context.get("figure")
        getters = self._get_figures()
        if figure not in getters:
            raise UserError(
                self.env._(
                    "Choose a figure of %(plan)s to open: %(figure)s is none.",
                    plan=self.name,
                    figure=figure,
                )
            )
        model, name, domain = getters[figure]()
        self.env[model].check_access("read")
        return self.env["customer.exit"]._open_figure(model, name, domain)

    def _get_figures(self):
        """Hook: {figure: getter of (model, name, domain) of its records}.

        Which class, quarter or customer is meant, the context says.
        """
        return {
            "share_now": self._get_share_records,
            "hours": self._get_hours_records,
            "margin": self._get_margin_records,
            "quarter": self._get_quarter_records,
            "ordered": self._get_ordered_records,
            "pipeline": self._get_pipeline_records,
        }

    def _get_share_records(self):
        return self.with_context(row="strained")._get_hours_records()

    def _get_hours_records(self):
        exits = self.env["customer.exit"]
        return exits._get_work_records(self._find_row_customers(), self.company_id)

    def _get_margin_records(self):
        exits = self.env["customer.exit"]
        return exits._get_revenue_records(self._find_row_customers(), self.company_id)

    def _get_row(self):
        """Whether a (band, class) belongs to the row of the context."""
        asked = self.env.context.get("row")
        for key, _name, belongs in self._get_standing_rows():
            if key == asked:
                return belongs
        raise UserError(
            self.env._(
                "Choose a row of %(plan)s to open: %(row)s is none.",
                plan=self.name,
                row=asked,
            )
        )

    def _find_row_customers(self):
        """The customers of the year who belong to the row of the context."""
        belongs = self._get_row()
        rows = self._read_year(
            SQL(
                """
                SELECT year.customer_id, COALESCE(score.current_band, 'unknown'),
                       score.customer_class
                  FROM year
             LEFT JOIN toxicity_score score ON score.partner_id = year.customer_id
                                           AND score.company_id = year.company_id
                """
            ),
            set(self.company_id.ids),
        )
        found = [customer for customer, band, kind in rows if belongs(band, kind)]
        return self.env["res.partner"].browse(found)

    def _get_quarter_records(self):
        """The rows of the portfolio that a quarter of the plan is made of."""
        day = fields.Date.to_date(self.env.context.get("quarter"))
        name = format_date(self.env, day, date_format="QQQ y") if day else ""
        domain = (
            Domain("company_id", "=", self.company_id.id)
            & Domain("commercial_partner_id", "!=", False)
            & Domain("date", "=", day)
            & self._get_row_domain()
        )
        return "customer.portfolio", f"{self.name}: {name}", domain

    def _get_row_domain(self):
        asked = self.env.context.get("row")
        if asked == "strained":
            return Domain("band", "in", STRAINED_BANDS)
        if asked == "all":
            return Domain.TRUE
        self._get_row()
        kind = False if asked == "unknown" else asked
        return Domain("customer_class", "=", kind)

    # Those who take the hours

    def _get_asked_customer(self):
        preferred = self._get_preferred()
        asked = self.env.context.get("customer")
        return preferred.filtered(lambda customer: customer.id == asked)

    def _get_ordered_records(self):
        lines = self._read_ordered_lines(self._get_asked_customer())
        name = self.env._("Ordered, to do")
        return "sale.order.line", name, Domain("id", "in", lines)

    def _get_pipeline_records(self):
        customers = self._get_asked_customer()
        domain = self._get_pipeline_domain(customers)
        return "crm.lead", self.env._("Open opportunities"), domain
