from odoo import api, fields, models
from odoo.tools import SQL

# More checks than this, and two lines would get the same id.
LINES_PER_EXIT = 100


class CustomerExitGateLine(models.Model):
    """A kind of thing that is open with the customer of an exit, counted when read.

    Nothing is stored: what is no longer open is gone from the gate by itself.
    """

    _name = "customer.exit.gate.line"
    _description = "Line of the exit gate"
    _auto = False
    _order = "exit_id desc, sequence"
    _depends = {
        "customer.exit": ["company_id", "commercial_partner_id"],
    }

    exit_id = fields.Many2one("customer.exit", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    commercial_partner_id = fields.Many2one("res.partner", readonly=True)
    sequence = fields.Integer(readonly=True)
    code = fields.Char(readonly=True)

    name = fields.Char(string="Still open", compute="_compute_check")
    meaning = fields.Char(compute="_compute_check")
    count = fields.Integer(compute="_compute_count", string="How many")

    @property
    def _table_query(self):
        checks = self.env["customer.exit"]._get_gate_checks()
        return SQL(
            """
            SELECT customer_exit.id * %s + gate_check.sequence AS id,
                   customer_exit.id AS exit_id,
                   customer_exit.company_id,
                   customer_exit.commercial_partner_id,
                   gate_check.sequence,
                   gate_check.code
              FROM customer_exit
             CROSS JOIN (VALUES %s) AS gate_check (sequence, code)
            """,
            LINES_PER_EXIT,
            SQL(", ").join(
                SQL("(%s, %s)", index, check.code) for index, check in enumerate(checks)
            ),
        )

    @api.model
    def _get_lines(self, exit_case, codes):
        """The lines of these codes; their ids follow from the order of the checks."""
        return self.browse(
            exit_case.id * LINES_PER_EXIT + index
            for index, check in enumerate(exit_case._get_gate_checks())
            if check.code in codes
        )

    @api.depends_context("lang")
    @api.depends("code")
    def _compute_check(self):
        checks = {
            check.code: check for check in self.env["customer.exit"]._get_gate_checks()
        }
        for line in self:
            line.name = checks[line.code].label
            line.meaning = checks[line.code].meaning

    @api.depends("exit_id", "code")
    def _compute_count(self):
        gate = self.exit_id._get_gate()
        for line in self:
            line.count = len(gate[line.exit_id].get(line.code, ()))

    def action_open(self):
        """Open the records behind this line."""
        self.ensure_one()
        self.check_access("read")
        return self.exit_id._open_gate(self.code)

    def action_settle(self):
        """Decide on them, one by one or all together."""
        self.ensure_one()
        self.check_access("read")
        return self.env["customer.exit.settle"]._open_for(self.exit_id, self.code)
