from odoo import models
from odoo.exceptions import UserError

# Figure of the simulation -> that of the impact whose records it is made of.
FIGURES = {
    "revenue": "revenue",
    "cost": "work",
    "hours": "work",
    "revenue_now": "portfolio",
    "cost_now": "portfolio_work",
    "hours_now": "portfolio_work",
    "revenue_after": "portfolio_after",
    "cost_after": "portfolio_work_after",
    "hours_after": "portfolio_work_after",
    "share_now": "portfolio",
    "share_after": "portfolio_after",
    "hhi_now": "portfolio",
    "hhi_after": "portfolio_after",
    "open_receivable": "receivable",
    "to_bill": "to_bill",
    "to_refund": "to_bill",
    "pipeline_revenue": "pipeline",
}
# What is said of customers beside each other is opened customer by customer.
BY_CUSTOMER = ("share_now", "share_after", "hhi_now", "hhi_after")


class ExitSimulation(models.TransientModel):
    """Each number opens the records that it is made of, as on an exit."""

    _inherit = "exit.simulation"

    def action_open_figure(self):
        """Open the records of the figure in the context, of one customer or all."""
        self.ensure_one()
        self.check_access("read")
        figure, customer_id = map(self.env.context.get, ("figure", "customer"))
        if figure not in FIGURES:
            raise UserError(
                self.env._(
                    "Choose a figure of %(simulation)s to open: %(figure)s is none.",
                    simulation=self.display_name,
                    figure=figure,
                )
            )
        customers = self.customer_ids
        if customer_id:
            customers = customers.filtered(lambda customer: customer.id == customer_id)
        exits = self.env["customer.exit"]
        getters = exits._get_figure_records(customers, self.company_id)
        model, name, domain = getters[FIGURES[figure]]()
        self.env[model].check_access("read")
        by_customer = figure in BY_CUSTOMER
        context = {"group_by": ["commercial_partner_id"]} if by_customer else {}
        return exits._open_figure(model, name, domain, **context)
