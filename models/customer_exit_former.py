from odoo import api, fields, models

from .toxicity_internal_thread import MANAGER_GROUP


class CustomerExit(models.Model):
    """After the end: former customers, and how one of them comes back."""

    _inherit = "customer.exit"

    readmission_reason = fields.Text(
        string="Reason for taking them back", copy=False, tracking=True
    )
    date_readmitted = fields.Date(string="Back since", readonly=True, copy=False)
    readmitted_by_id = fields.Many2one(
        "res.users", string="Taken back by", readonly=True, copy=False
    )

    # Asked at each save of an order
    _former_customer_idx = models.Index(
        "(commercial_partner_id, company_id)"
        " WHERE state = 'closed' AND date_readmitted IS NULL"
    )

    @api.model
    def _find_former(self, customers, companies):
        """{(customer, company): the exit they left by} of former customers."""
        # sudo: whoever sells is held back, and need not read exits
        exits = self.sudo().search(
            [
                ("commercial_partner_id", "in", customers.ids),
                ("company_id", "in", companies.ids),
                ("state", "=", "closed"),
                ("date_readmitted", "=", False),
            ],
            order="id",
        )
        return {
            (ended.commercial_partner_id, ended.company_id): ended for ended in exits
        }

    def _get_readmission_obstacles(self):
        """Hook: what stands in the way of doing business again, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state != "closed" or self.date_readmitted:
            obstacles["not_former"] = self.env._(
                "%(customer)s is no former customer by %(exit)s.",
                customer=self.commercial_partner_id.display_name,
                exit=self.name,
            )
        if not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits takes a customer back."
            )
        if not (self.readmission_reason or "").strip():
            obstacles["no_reason"] = self.env._(
                "The reason for taking %(customer)s back is missing.",
                customer=self.commercial_partner_id.display_name,
            )
        return obstacles

    def action_readmit(self):
        """Allow new business with this customer again."""
        for record in self:
            record.check_access("read")
            record._refuse_if(record._get_readmission_obstacles())
        # sudo: the step fields are closed to everyone's direct writing
        self.sudo().write(
            {
                "date_readmitted": fields.Date.context_today(self),
                "readmitted_by_id": self.env.user.id,
            }
        )

    def _get_person_to_ask(self):
        """The manager who decided, as long as he is one; else the first there is."""
        self.ensure_one()
        return (
            self._pick_member(self.approver_id, self.company_id, MANAGER_GROUP)
            or (self._get_first_managers(self.company_id)[self.company_id])
        )
