from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError

from .customer_exit import DECIDED_STATES

# An id in the place of all ids: the whole kind of thing is waived, whatever comes.
WHOLE_LINE = 0
# What the final invoice settles; afterwards "unsettled" asks whether it still does.
BILLING_CODES = ("unbilled_time", "delivered_uninvoiced", "down_payments")


class CustomerExit(models.Model):
    """The exit gate: what is still open with the customer, counted, never ticked.

    What is looked for is in customer_exit_gate_checks.py. A query per check and
    company answers for all exits at once.
    """

    _inherit = "customer.exit"

    gate_line_ids = fields.One2many(
        "customer.exit.gate.line",
        string="Still open",
        compute="_compute_gate_line_ids",
    )
    waiver_ids = fields.One2many(
        "customer.exit.waiver", "exit_id", string="Decisions", copy=False
    )

    def _compute_gate_line_ids(self):
        gate = self._origin._get_gate()
        for record in self:
            codes = gate.get(record._origin, {})
            record.gate_line_ids = self.env["customer.exit.gate.line"]._get_lines(
                record._origin, codes
            )

    # What is open

    def _get_gate(self):
        """{exit: {code: ids}} of what is open and nobody waived, empty codes left out.

        In sudo: what is open is counted for everyone who works on the exit.
        """
        gate = {record: {} for record in self}
        counted = self.filtered(lambda record: record.state in DECIDED_STATES)
        exempt = counted._get_exempt()
        for company, exits in counted.grouped("company_id").items():
            for check in self._get_gate_checks():
                found = self._find_open(check, exits.commercial_partner_id, company)
                for record in exits:
                    ids = found[record.commercial_partner_id.id]
                    left = self._leave_exempt(ids, exempt[record, check.code])
                    left = record._leave_undecided(check, left)
                    if left:
                        gate[record][check.code] = left
        return gate

    def _find_open(self, check, customers, company):
        """{customer's id: ids of what the check opens}, in a query per path."""
        found = defaultdict(set)
        # sudo: see _get_gate; what is archived is left out by the check itself
        model = self.env[check.model].sudo().with_context(active_test=False)
        for path in check.paths:
            for customer, ids in model._read_group(
                check.get_domain(company) & fields.Domain(path, "in", customers.ids),
                [path],
                [f"{check.target}:array_agg"],
            ):
                found[customer.id].update(ids)
        return found

    def _get_exempt(self):
        """{(exit, code): ids that were waived or handed over}."""
        exempt = defaultdict(set)
        # sudo: a waiver counts the same, whoever looks
        for waiver in self.sudo().waiver_ids.filtered("is_exempting"):
            exempt[waiver.exit_id, waiver.code].add(waiver.res_id)
        return exempt

    def _leave_exempt(self, ids, exempt):
        return [] if WHOLE_LINE in exempt else sorted(ids - exempt)

    def _leave_undecided(self, check, ids):
        """What stays unpaid is decided as a whole; what we owe is never written off.

        What is to be billed is decided by the final invoice, after which a check of
        its own asks whether that still holds.
        """
        if check.code in BILLING_CODES and self.state == "invoiced":
            return []
        if check.code != "unpaid_invoices" or not self.open_amount_decision:
            return ids
        if self.open_amount_decision == "left_open":
            return []
        moves = self.env["account.move"].sudo().browse(ids)
        return moves.filtered(lambda move: move.move_type == "out_refund").ids

    def _get_check(self, code):
        """The check of that code, or a refusal."""
        for check in self._get_gate_checks():
            if check.code == code:
                return check
        raise UserError(self.env._("The exit gate knows no %(code)s.", code=code))

    # What it means for the steps

    def _get_closing_obstacles(self):
        return {**super()._get_closing_obstacles(), **self._get_gate_obstacles()}

    def _get_gate_obstacles(self):
        """What is open, as {code: sentence}: as many as the gate has lines."""
        self.ensure_one()
        gate = self._get_gate()[self]
        return {
            check.code: self._get_gate_sentence(check, gate[check.code])
            for check in self._get_gate_checks()
            if check.code in gate
        }

    def _get_gate_sentence(self, check, ids):
        advice = check.advice or self.env._(
            "Settle them at the exit gate, or waive them with a reason."
        )
        found = {"label": check.label, "count": len(ids), "advice": advice}
        if names := self._name_readable(self.env[check.opens].browse(ids)):
            return self.env._(
                "%(label)s: %(count)s (%(names)s). %(advice)s", names=names, **found
            )
        return self.env._("%(label)s: %(count)s. %(advice)s", **found)

    def _name_readable(self, records, limit=3):
        """Name the first few that the user may read; what is private stays so."""
        readable = records[:limit]._filtered_access("read")
        if not readable:
            return ""
        return self._name_some(readable | records[limit:], limit=len(readable))

    # Opening it

    def _open_gate(self, code):
        """The records behind a line, as the user may read them."""
        self.ensure_one()
        self.check_access("read")
        check = self._get_check(code)
        ids = self._get_gate()[self].get(code, [])
        action = {
            "type": "ir.actions.act_window",
            "name": check.label,
            "res_model": check.opens,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", ids)],
            "context": {"create": False, "active_test": False},
        }
        if code == "tasks":
            view = self.env.ref("toxic_customer_exit.project_task_view_list_wrap_up")
            action["views"] = [(view.id, "list"), (False, "form")]
            # Which exit its buttons settle: the customer may have one elsewhere too.
            action["context"] |= {"group_by": ["project_id"], "exit_id": self.id}
        return action

    def action_view_wrap_up_list(self):
        """The open tasks of the customer, to finish, hand over or drop."""
        return self._open_gate("tasks")
