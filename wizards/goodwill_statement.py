from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import date_utils, format_date


class GoodwillStatement(models.TransientModel):
    """What a customer got without a bill in a period, to be printed for the talk."""

    _name = "goodwill.statement"
    _description = "Statement of goodwill"

    partner_id = fields.Many2one("res.partner", "Customer", required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: fields.Date.subtract(self._get_today(), years=1),
    )
    date_to = fields.Date("To", required=True, default=lambda self: self._get_today())
    entry_count = fields.Integer("Entries", compute="_compute_total")
    amount = fields.Monetary("Total at List Price", compute="_compute_total")

    def _get_today(self):
        return fields.Date.context_today(self)

    @api.model
    def default_get(self, fields):
        """Begin with the customer, or with that and the period of the rows chosen."""
        values = super().default_get(fields)
        records = self._get_chosen()
        if records._name == "res.partner":
            values["partner_id"] = records.commercial_partner_id[:1].id
        elif records:
            values["partner_id"] = self._get_one_customer(records).id
            values["company_id"] = records.company_id[:1].id
            values["date_from"] = min(records.mapped("date"))
            values["date_to"] = max(records.mapped("date"))
        return values

    @api.model
    def _get_chosen(self):
        model = self.env.context.get("active_model")
        if model not in ("res.partner", "goodwill.entry"):
            return self.env["goodwill.entry"]
        return self.env[model].browse(self.env.context.get("active_ids") or [])

    @api.model
    def _get_one_customer(self, entries):
        customers = entries.commercial_partner_id
        if len(customers) > 1 or len(entries.company_id) > 1:
            raise UserError(
                self.env._(
                    "These rows are of %(customers)s in %(companies)s: a statement is "
                    "for one customer of one company, so choose the rows of one.",
                    customers=", ".join(customers.mapped("display_name")),
                    companies=", ".join(entries.company_id.mapped("name")),
                )
            )
        return customers

    @api.depends("partner_id", "company_id", "date_from", "date_to")
    def _compute_total(self):
        for statement in self:
            entries = statement._get_entries()
            statement.entry_count = len(entries)
            statement.amount = sum(entries.mapped("amount"))

    @api.constrains("date_from", "date_to")
    def _check_period(self):
        for statement in self:
            if statement.date_from > statement.date_to:
                raise ValidationError(
                    self.env._(
                        "The statement of %(customer)s ends on %(end)s, before it "
                        "begins on %(start)s: turn the dates round.",
                        customer=statement.partner_id.display_name,
                        end=format_date(self.env, statement.date_to),
                        start=format_date(self.env, statement.date_from),
                    )
                )

    def _get_entries(self):
        self.ensure_one()
        return self.env["goodwill.entry"].search(
            [
                (
                    "commercial_partner_id",
                    "=",
                    self.partner_id.commercial_partner_id.id,
                ),
                ("company_id", "=", self.company_id.id),
                ("date", ">=", self.date_from),
                ("date", "<=", self.date_to),
            ],
            order="date, id",
        )

    def _get_quarters(self):
        """[{number, year, entries, hours, amount}] as the statement prints them."""
        quarters = self._get_entries().grouped(
            lambda entry: date_utils.start_of(entry.date, "quarter")
        )
        return [
            {
                "number": (start.month + 2) // 3,
                "year": start.year,
                "entries": entries,
                "hours": sum(entries.mapped("hours")),
                "amount": sum(entries.mapped("amount")),
            }
            for start, entries in quarters.items()
        ]

    def action_open_entries(self):
        """Show the rows that the statement prints."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toxic_customer_exit.goodwill_entry_action"
        )
        domain = [("id", "in", self._get_entries().ids)]
        return {**action, "domain": domain, "context": {}}

    def action_print(self):
        """Print it, or say that there is nothing to print."""
        self.ensure_one()
        if not self.entry_count:
            raise UserError(
                self.env._(
                    "%(customer)s was given nothing between %(start)s and %(end)s: "
                    "choose another period.",
                    customer=self.partner_id.display_name,
                    start=format_date(self.env, self.date_from),
                    end=format_date(self.env, self.date_to),
                )
            )
        return self.env.ref(
            "toxic_customer_exit.goodwill_statement_report"
        ).report_action(self)
