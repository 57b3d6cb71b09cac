from odoo import api, models

# What moves hours from one order to another, or makes more of them.
WATCHED_FIELDS = {"unit_amount", "so_line", "task_id", "project_id", "employee_id"}
# What changes how many hours of a week a customer took.
HOUR_FIELDS = {"unit_amount", "date", "task_id", "project_id", "partner_id"}


class AccountAnalyticLine(models.Model):
    _inherit = "account.analytic.line"

    # One customer's hours whenever it is rescored: Odoo has no index on the customer.
    _customer_hours_idx = models.Index(
        "(partner_id, date) WHERE project_id IS NOT NULL"
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._detect_overrun()
        lines._alert_quarantines()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if not WATCHED_FIELDS.isdisjoint(vals):
            self._detect_overrun()
        if not HOUR_FIELDS.isdisjoint(vals):
            self._alert_quarantines()
        return result

    def _alert_quarantines(self):
        """Tell who plans for a customer when its hours of the week run out."""
        if timesheets := self.filtered("project_id"):
            # sudo: who logs hours need not know of quarantines
            quarantines = self.env["customer.quarantine"].sudo()
            quarantines._find_by_timesheets(timesheets)._alert_hours()

    def _detect_overrun(self):
        """Note hours beyond those sold as a scope change of the order."""
        if self.env["scope.change"]._is_silent():
            return
        # sudo: who logs hours knows neither orders nor scope changes
        timesheets = self.sudo().filtered("project_id")
        orders = timesheets.so_line.order_id.filtered(lambda o: o.state == "sale")
        if orders:
            self.env["scope.change"].sudo()._record_overrun(orders._get_contract_root())
