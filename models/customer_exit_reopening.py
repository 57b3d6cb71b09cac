from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS, Domain

from .customer_exit import CANCELLABLE_STATES


class CustomerExit(models.Model):
    """Settling once more: what was agreed is put back, the rest is billed anew.

    Whether a settlement still holds is asked of the plan it was made by: whatever of it
    is to be billed or credited again (work logged late, a document cancelled, or one
    posted again) is open at the gate. Then the exit goes back to its wrap-up. Final
    invoices that are posted stay and count like all others; the next ones bill or
    credit only what is left, and the law is proved over all of them together.
    """

    _inherit = "customer.exit"

    settled_terms = fields.Json(
        groups=NO_ACCESS,
        copy=False,
        help="{order line: its terms before settling and after}, where they differ.",
    )

    # What was agreed

    def _get_terms(self):
        return {
            line: line._get_settled_terms()
            for line in self._get_law_lines()
            if not line.is_downpayment
        }

    def _keep_terms(self, agreed):
        """Remember what settling changed on the orders, until it is taken back."""
        settled = self._get_terms()
        # sudo: for nobody's reading
        self.sudo().settled_terms = {
            str(line.id): {"before": terms, "after": settled[line]}
            for line, terms in agreed.items()
            if settled[line] != terms
        }

    def _put_terms_back(self):
        """Make the orders say again what was agreed, once.

        A discount on the order then follows what is delivered by the next settlement.
        """
        case = self._in_settlement()
        kept = case.settled_terms or {}
        case.settled_terms = False
        lines = case._get_law_lines().filtered(lambda line: str(line.id) in kept)
        vals_by_line = {
            line: vals
            for line in lines
            if (vals := line._prepare_agreed_vals(**kept[str(line.id)]))
        }
        lines.order_id._put_back(vals_by_line, case._prepare_scope_change())

    # Whether the settlement still holds

    def _get_unsettled_lines(self):
        """The order lines of which something is to be billed or credited again."""
        plan = self._get_settlement_plan()
        found = [entry.line for entry in plan if self._is_to_bill(entry)]
        return self.env["sale.order.line"].union(*found)

    def _get_unsettled_domain(self, company):
        """Of the settled exits among these; before that other checks tell."""
        settled = self.filtered(
            lambda record: record.state == "invoiced" and record.company_id == company
        )
        lines = self.env["sale.order.line"].union(
            *(record._get_unsettled_lines() for record in settled)
        )
        return Domain("id", "in", lines.ids)

    # Going back

    def action_reopen_settlement(self, reason=None):
        """Back to the wrap-up: all is cancelled, or something is left to settle.

        What was forgiven stays so: the next final invoice counts the same credit notes.
        Asks for the reason where none is given.
        """
        self._lock_for_settlement()
        for record in self:
            record._refuse_if(record._get_reopening_obstacles())
        if not (reason or "").strip():
            return self._ask_reason("reopen_settlement")
        for record in self:
            record._put_terms_back()
            record._note_reopened(reason)
        self._move_to("wrap_up", reason=reason)
        return None

    def _note_reopened(self, reason):
        body = self.env._("Back to the wrap-up.")
        issued = self._get_issued()
        if cancelled := issued.filtered(lambda move: move.state == "cancel"):
            body += " " + self.env._(
                "Cancelled: %(invoices)s.", invoices=self._name_some(cancelled, 50)
            )
        if standing := issued - cancelled:
            body += " " + self.env._(
                "Stays: %(invoices)s.", invoices=self._name_some(standing, 50)
            )
        self.sudo()._note(body, reason)

    def _get_issued(self):
        """All documents that were to settle these exits, cancelled ones too."""
        # sudo: see _get_final_invoices
        moves = self.env["account.move"].sudo()
        return moves.search([("exit_id", "in", self.ids)], order="id")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        if issued := self._get_issued():
            raise UserError(
                self.env._(
                    "%(exit)s stays on record: %(invoices)s was to settle it.",
                    exit=issued[0].exit_id.display_name,
                    invoices=issued[0].display_name,
                )
            )

    def _get_reopening_obstacles(self):
        """Hook: what stands in the way of going back to the wrap-up."""
        self.ensure_one()
        obstacles = {}
        if self.state != "invoiced":
            obstacles["not_invoiced"] = self.env._(
                "%(exit)s is %(state)s: an invoiced exit goes back to its wrap-up.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        if not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits reopens the settlement."
            )
        if standing := self._get_standing_invoices():
            obstacles["standing"] = self.env._(
                "%(invoices)s of %(exit)s still stands: cancel it first (Reset to "
                "draft, then Cancel). What was posted in error and must stay in the "
                "books is put right by a credit note instead.",
                invoices=self._name_some(standing),
                exit=self.display_name,
            )
        return obstacles

    def _get_standing_invoices(self):
        """The final invoices that settle all there is, or that are not yet decided."""
        moves = self._get_final_invoices()
        drafts = moves.filtered(lambda move: move.state == "draft")
        if drafts or not moves or self._get_unsettled_lines():
            return drafts
        return moves

    def _get_cancel_obstacles(self):
        """What was billed cannot be given up by a word."""
        obstacles = super()._get_cancel_obstacles()
        moves = self._get_final_invoices()
        if moves and self.state in CANCELLABLE_STATES:
            obstacles["issued"] = self.env._(
                "%(invoices)s settles %(exit)s: settle what is left and close it, or "
                "cancel the invoice first.",
                invoices=self._name_some(moves),
                exit=self.display_name,
            )
        return obstacles
