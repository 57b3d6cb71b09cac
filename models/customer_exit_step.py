from odoo import api, fields, models
from odoo.tools import SQL


class CustomerExitStep(models.Model):
    """How long an exit was in each of its states; written by the steps themselves."""

    _name = "customer.exit.step"
    _description = "Step of a customer exit"
    _order = "date_from, id"
    _rec_name = "state"

    exit_id = fields.Many2one(
        "customer.exit", required=True, readonly=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        related="exit_id.partner_id", store=True, ondelete="restrict", index=True
    )
    commercial_partner_id = fields.Many2one(
        related="exit_id.commercial_partner_id",
        store=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(related="exit_id.company_id", store=True, index=True)
    state = fields.Selection(
        lambda self: self.env["customer.exit"]._fields["state"].selection,
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one("res.users", "Moved by", readonly=True)
    date_from = fields.Datetime(required=True, readonly=True)
    date_to = fields.Datetime(readonly=True)
    reason = fields.Text(readonly=True, help="Why the exit came to this step.")

    def init(self):
        """Begin the history of exits that had none, with what is known of them."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO customer_exit_step (
                    exit_id, partner_id, commercial_partner_id, company_id,
                    state, user_id, date_from
                )
                SELECT case_.id, case_.partner_id, case_.commercial_partner_id,
                       case_.company_id, case_.state, case_.write_uid,
                       COALESCE(case_.date_closed, case_.approval_date,
                                case_.create_date)
                  FROM customer_exit case_
                 WHERE NOT EXISTS (
                       SELECT 1 FROM customer_exit_step step
                        WHERE step.exit_id = case_.id)
                """
            )
        )


class CustomerExit(models.Model):
    """Notes each step, whoever takes it."""

    _inherit = "customer.exit"

    step_ids = fields.One2many(
        "customer.exit.step", "exit_id", string="Steps", readonly=True, copy=False
    )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._note_step()
        return records

    def write(self, vals):
        moved = self.filtered(
            lambda record: "state" in vals and record.state != vals["state"]
        )
        result = super().write(vals)
        moved._note_step()
        return result

    def _keep_reason(self, reason):
        """Why these exits came to the step that they are in."""
        if reason := (reason or "").strip():
            # sudo: nobody writes the history by hand
            steps = self.sudo().step_ids.filtered(lambda step: not step.date_to)
            steps.reason = reason

    def _ask_reason(self, step):
        """The dialog that asks why, before an exit takes that step."""
        self.ensure_one()
        return self.env["customer.exit.ask.reason"]._open_for(self, step)

    def _note_step(self):
        """End the step that each exit was in and begin that of its state."""
        now = fields.Datetime.now()
        # sudo: nobody writes the history by hand
        steps = self.env["customer.exit.step"].sudo()
        if self:
            steps.search([("exit_id", "in", self.ids), ("date_to", "=", False)]).write(
                {"date_to": now}
            )
        steps.create(
            [
                {
                    "exit_id": record.id,
                    "state": record.state,
                    "user_id": self.env.user.id,
                    "date_from": now,
                }
                for record in self
            ]
        )
