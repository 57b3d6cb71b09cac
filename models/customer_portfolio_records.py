"""Which records made a row of the portfolio."""

from datetime import datetime, time

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.fields import Domain

from .toxicity_measure_scope import UNDECIDED_DAYS


class CustomerPortfolio(models.Model):
    _inherit = "customer.portfolio"

    def action_open_invoices(self):
        """Open the quarter's invoices and credit notes."""
        return self._open_records("account.move")

    def action_open_timesheets(self):
        """Open the quarter's timesheets."""
        return self._open_records("account.analytic.line")

    def action_open_meetings(self):
        """Open the quarter's meetings with the customer's people."""
        return self._open_records("calendar.event")

    def action_open_signals(self):
        """Open the signals of strain of the quarter."""
        return self._open_records("toxicity.signal")

    def action_open_scope_changes(self):
        """Open the changes of the quarter that were given away."""
        return self._open_records("scope.change")

    def action_open_customer(self):
        """Open the customer."""
        self.ensure_one()
        self.check_access("read")
        return self.commercial_partner_id._get_records_action()

    def _get_records_domains(self):
        """Hook: {model: domain of exactly those records that made the row}."""
        self.ensure_one()
        company = Domain("company_id", "=", self.company_id.id)
        customer = self._get_customer_domain("partner_id")
        limit = fields.Date.subtract(fields.Date.today(), days=UNDECIDED_DAYS)
        undecided = Domain("state", "in", ["detected", "negotiating"])
        return {
            "account.move": company
            & customer
            & Domain("state", "=", "posted")
            & Domain("move_type", "in", ["out_invoice", "out_refund"])
            & self._get_quarter_domain("invoice_date"),
            "account.analytic.line": company
            & customer
            & Domain("project_id", "!=", False)
            & self._get_quarter_domain("date"),
            "calendar.event": Domain(
                "attendee_ids", "any", self._get_customer_domain("partner_id")
            )
            & Domain("user_id.company_id", "=", self.company_id.id)
            & Domain("allday", "=", False)
            & Domain("active", "=", True)
            & self._get_quarter_domain("start", until=fields.Datetime.now()),
            "toxicity.signal": company
            & customer
            & Domain("state", "=", "counted")
            & Domain("polarity", "=", "strain")
            & self._get_quarter_domain("date"),
            "scope.change": company
            & customer
            & Domain("gift_amount", ">", 0)
            & (
                Domain("state", "=", "absorbed")
                | (undecided & Domain("date", "<", limit))
            )
            & self._get_quarter_domain("date"),
        }

    def _get_quarter_domain(self, path, until=None):
        """The date or datetime at the path lies in the quarter, in UTC."""
        end = self.date + relativedelta(months=3)
        if until is None:
            return Domain(path, ">=", self.date) & Domain(path, "<", end)
        # Naive datetimes: Odoo reads plain dates in the user's time zone.
        start, end = (datetime.combine(day, time()) for day in (self.date, end))
        return (
            Domain(path, ">=", start)
            & Domain(path, "<", end)
            & Domain(path, "<=", until)
        )

    def _get_customer_domain(self, path):
        """The partner at the path is the customer's, or nobody's who is a customer."""
        if self.commercial_partner_id:
            return self.env["toxicity.measure"]._get_customer_domain(
                path, self.commercial_partner_id
            )
        own = self._get_own_partners().ids
        return (
            Domain(path, "=", False)
            | Domain(path, "in", own)
            | Domain(f"{path}.commercial_partner_id", "in", own)
        )

    def _get_own_partners(self):
        """Our companies and colleagues, who are never customers."""
        rows = self.env.execute_query(self.env["toxicity.score"]._get_own_query())
        return self.env["res.partner"].browse(row[0] for row in rows)

    def _open_records(self, model):
        """An action on the records of the model that made the row."""
        self.check_access("read")
        measures = self.env["toxicity.measure"]
        label = measures._get_record_label(model)
        return {
            "type": "ir.actions.act_window",
            "name": f"{label}: {self.display_name}",
            "res_model": model,
            "view_mode": "list,form",
            "views": [(measures._get_list_view(model), "list"), (False, "form")],
            "domain": list(self._get_records_domains()[model]),
            "context": {"active_test": False, "create": False},
            "help": self.env._("None that you may read is part of the row."),
        }
