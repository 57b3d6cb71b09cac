from functools import partial

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CustomerExit(models.Model):
    """Opening exactly the records that a figure of the impact is made of.

    The simulation of exits asks the same of any set of customers.
    """

    _inherit = "customer.exit"

    def action_open_impact(self):
        """Open exactly the records behind the number that the button names."""
        self.ensure_one()
        self.check_access("read")
        code = self.env.context.get("impact")
        getters = self._get_impact_records()
        if code not in getters:
            raise UserError(
                self.env._(
                    "Choose a figure of %(exit)s to open: %(code)s is none.",
                    exit=self.display_name,
                    code=code,
                )
            )
        return self._open_figure(*getters[code]())

    @api.model
    def _open_figure(self, model, name, domain, **context):
        """An action on the records of a model that a figure is made of."""
        view = self.env["toxicity.measure"]._get_list_view(model)
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "list,form",
            "views": [(view, "list"), (False, "form")],
            "domain": list(domain),
            "context": {"create": False, "active_test": False, **context},
            "help": self.env._("Nothing that you may read is behind this figure."),
        }

    def _get_impact_records(self):
        """Hook: {code of a figure: getter of (model, name, domain) behind it}."""
        return {
            **self._get_figure_records(self.commercial_partner_id, self.company_id),
            "to_bill": self._get_to_bill_records,
        }

    @api.model
    def _get_figure_records(self, customers, company):
        """Hook: as _get_impact_records, of any customers; company's others are all."""
        getters = {
            "revenue": self._get_revenue_records,
            "work": self._get_work_records,
            "portfolio": self._get_portfolio_records,
            "portfolio_after": self._get_portfolio_after_records,
            "portfolio_work": self._get_portfolio_work_records,
            "portfolio_work_after": self._get_portfolio_work_after_records,
            "receivable": self._get_receivable_records,
            "to_bill": self._get_lines_to_bill_records,
            "pipeline": self._get_pipeline_records,
            "payable": self._get_payable_records,
        }
        return {
            code: partial(getter, customers, company)
            for code, getter in getters.items()
        }

    # What these customers brought and took

    @api.model
    def _get_customer_year_domain(self, field, customers, company):
        measures = self.env["toxicity.measure"]
        return (
            measures._get_customer_domain("partner_id", customers)
            & Domain("company_id", "=", company.id)
            & measures._get_window_domain(field, *self._get_year())
        )

    @api.model
    def _get_revenue_records(self, customers, company):
        domain = self._get_customer_year_domain("invoice_date", customers, company)
        name = self.env._("Invoices of the year")
        return "account.move", name, domain & self._get_posted_domain()

    @api.model
    def _get_posted_domain(self):
        types = ("out_invoice", "out_refund")
        return Domain("move_type", "in", types) & Domain("state", "=", "posted")

    @api.model
    def _get_work_records(self, customers, company):
        domain = self._get_customer_year_domain("date", customers, company)
        name = self.env._("Timesheets of the year")
        return "account.analytic.line", name, domain & Domain("project_id", "!=", False)

    # What all did, and all others

    @api.model
    def _get_everyone_year_domain(self, field, company):
        measures, partners = self.env["toxicity.measure"], self.env["res.partner"]
        own = self.env.execute_query(self.env["toxicity.score"]._get_own_query())
        own_ids = [row[0] for row in own]
        ours = partners.with_context(active_test=False)._search(
            ["|", ("id", "in", own_ids), ("commercial_partner_id", "in", own_ids)]
        )
        return (
            Domain("company_id", "=", company.id)
            & Domain("partner_id", "!=", False)
            & Domain("partner_id", "not in", list(ours))
            & measures._get_window_domain(field, *self._get_year())
        )

    @api.model
    def _get_others_domain(self, customers):
        return Domain("partner_id.commercial_partner_id", "not in", customers.ids)

    @api.model
    def _get_portfolio_records(self, _customers, company):
        domain = self._get_everyone_year_domain("invoice_date", company)
        name = self.env._("Invoices of all customers")
        return "account.move", name, domain & self._get_posted_domain()

    @api.model
    def _get_portfolio_after_records(self, customers, company):
        model, _name, domain = self._get_portfolio_records(customers, company)
        name = self.env._("Invoices of the other customers")
        return model, name, domain & self._get_others_domain(customers)

    @api.model
    def _get_portfolio_work_records(self, _customers, company):
        domain = self._get_everyone_year_domain("date", company)
        name = self.env._("Timesheets of all customers")
        return "account.analytic.line", name, domain & Domain("project_id", "!=", False)

    @api.model
    def _get_portfolio_work_after_records(self, customers, company):
        model, _name, domain = self._get_portfolio_work_records(customers, company)
        name = self.env._("Timesheets of the other customers")
        return model, name, domain & self._get_others_domain(customers)

    # What is open

    @api.model
    def _get_receivable_records(self, customers, company):
        unpaid = Domain(self._get_unpaid_invoices_domain())
        domain = unpaid & self._get_their_moves(customers, company)
        return "account.move", self.env._("Unpaid invoices"), domain

    @api.model
    def _get_their_moves(self, customers, company):
        theirs = Domain("commercial_partner_id", "in", customers.ids)
        return theirs & Domain("company_id", "=", company.id)

    def _get_to_bill_records(self):
        return self._name_lines_to_bill(self._get_settlement_plan())

    @api.model
    def _get_lines_to_bill_records(self, customers, company):
        plans = self._get_plans_to_bill(customers, company)
        return self._name_lines_to_bill(plans)

    def _name_lines_to_bill(self, plan):
        lines = [entry.line.id for entry in plan if self._is_to_bill(entry)]
        name = self.env._("Order lines still to bill")
        return "sale.order.line", name, Domain("id", "in", lines)

    @api.model
    def _get_pipeline_records(self, customers, company):
        others = Domain("partner_id", "=", False) | self._get_others_domain(customers)
        domain = self._get_pipeline_domain(company) & others
        return "crm.lead", self.env._("Open opportunities of others"), domain

    @api.model
    def _get_payable_records(self, customers, company):
        unpaid = Domain(self._get_unpaid_bills_domain())
        domain = unpaid & self._get_their_moves(customers, company)
        return "account.move", self.env._("Vendor bills"), domain
