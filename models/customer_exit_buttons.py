from collections.abc import Callable
from typing import NamedTuple

from odoo import api, fields, models

from .customer_exit import CANCELLABLE_STATES, DECIDED_STATES
from .customer_exit_walk_away import WALKING_STATES

SETTLED_STATES = ("invoiced", "closed")


class ExitButton(NamedTuple):
    """A button: its name on the form, where it stands there, and what refuses it.

    `get_obstacles()` gives {code: sentence}: the button refuses with these sentences,
    the form shows them beforehand, and tests read them here.
    """

    label: str
    states: tuple
    get_obstacles: Callable
    # The next step in these states: the form says so on top, not in the short list.
    is_next: bool = False
    is_offered: Callable = lambda: True


class CustomerExit(models.Model):
    """Every button of an exit, and what stands in its way, before it is pressed."""

    _inherit = "customer.exit"

    other_obstacles = fields.Html(compute="_compute_other_obstacles", sanitize=False)

    @api.depends_context("uid", "lang")
    @api.depends("obstacles", "partner_id", "readmission_reason", "settlement_reason")
    def _compute_other_obstacles(self):
        for record in self:
            found = record._get_other_obstacles() if record._origin else []
            record.other_obstacles = found and self.env["ir.qweb"]._render(
                "toxic_customer_exit.customer_exit_other_obstacles", {"steps": found}
            )

    def _get_other_obstacles(self):
        """[(label, [sentence])] of the buttons on the form that would refuse now."""
        refused = []
        for button in self._get_buttons().values():
            if button.is_next or not self._is_on_form(button):
                continue
            if found := button.get_obstacles():
                refused.append((button.label, list(found.values())))
        return refused

    def _is_on_form(self, button):
        return self.state in button.states and button.is_offered()

    def _get_next_obstacles(self):
        """What stands in the way of the next step, as {code: sentence}."""
        for button in self._get_buttons().values():
            if button.is_next and self.state in button.states:
                return button.get_obstacles()
        return {}

    def _get_buttons(self):
        """Hook: {method: ExitButton} of the form of one exit."""
        self.ensure_one()
        return {
            **self._get_decision_buttons(),
            **self._get_retaining_buttons(),
            **self._get_settlement_buttons(),
            **self._get_ending_buttons(),
            **self._get_letter_buttons(),
        }

    def _get_decision_buttons(self):
        return {
            "action_approve": ExitButton(
                self.env._("Approve"),
                ("draft", "options"),
                self._get_approval_obstacles,
                is_next=True,
            ),
            "action_start_wrap_up": ExitButton(
                self.env._("Start the wrap-up"),
                ("approved",),
                self._get_wrap_up_obstacles,
                is_next=True,
            ),
            "action_cancel": ExitButton(
                self.env._("Cancel"), CANCELLABLE_STATES, self._get_cancel_obstacles
            ),
        }

    def _get_retaining_buttons(self):
        return {
            "action_preview_offer": ExitButton(
                self.env._("See what the customer sees"),
                ("draft", "options", "retained"),
                self._get_preview_offer_obstacles,
                is_offered=lambda: self.has_offers,
            ),
            "action_withdraw": ExitButton(
                self.env._("Withdraw an option"),
                ("options",),
                lambda: self._join_obstacles(
                    option._get_withdrawal_obstacles()
                    for option in self.option_ids
                    if option.state == "offered"
                ),
            ),
            "action_retain": ExitButton(
                self.env._("Retain again"),
                ("options",),
                self._get_retain_obstacles,
                is_offered=lambda: self.date_retained,
            ),
            "action_reopen": ExitButton(
                self.env._("Reopen"), ("retained",), self._get_reopen_obstacles
            ),
            "action_retain_for_good": ExitButton(
                self.env._("Retained for good"),
                ("retained",),
                self._get_good_end_obstacles,
            ),
            "action_keep": ExitButton(
                self.env._("Say whether a commitment was kept"),
                ("options", "retained"),
                lambda: self._join_obstacles(
                    commitment._get_decision_obstacles()
                    for commitment in self.commitment_ids
                    if commitment.state == "open"
                ),
            ),
        }

    def _join_obstacles(self, found):
        """One dict of several records' obstacles: of each kind the first."""
        joined = {}
        for obstacles in found:
            joined = {**obstacles, **joined}
        return joined

    def _get_settlement_buttons(self):
        return {
            "action_preview_final_invoice": ExitButton(
                self.env._("Final invoice"),
                ("wrap_up",),
                self._get_invoice_obstacles,
                is_next=True,
            ),
            "action_settle_without_invoice": ExitButton(
                self.env._("Settle without invoice"),
                ("wrap_up",),
                self._get_no_invoice_obstacles,
                is_offered=lambda: self.has_nothing_to_bill,
            ),
            "action_send_invoices": ExitButton(
                self.env._("Send the final invoice"),
                ("invoiced",),
                self._get_sending_obstacles,
                is_offered=lambda: self.invoice_count,
            ),
            "action_reopen_settlement": ExitButton(
                self.env._("Back to the wrap-up"),
                ("invoiced",),
                self._get_reopening_obstacles,
            ),
            "action_share_statement": ExitButton(
                self.env._("Show the statement to the customer"),
                SETTLED_STATES,
                self._get_share_obstacles,
            ),
            "action_withdraw_statement": ExitButton(
                self.env._("Withdraw the link to the statement"),
                ("wrap_up", *SETTLED_STATES),
                self._get_unshare_obstacles,
                is_offered=lambda: self.statement_until,
            ),
        }

    def _get_ending_buttons(self):
        return {
            "action_close": ExitButton(
                self.env._("Close"),
                ("invoiced",),
                self._get_closing_obstacles,
                is_next=True,
            ),
            "action_waive": ExitButton(
                self.env._("Waive at the exit gate"),
                DECIDED_STATES,
                self._get_waiving_obstacles,
            ),
            "action_preview_walk_away": ExitButton(
                self.env._("Walk away"), WALKING_STATES, self._get_walk_away_obstacles
            ),
            "action_undo_walk_away": ExitButton(
                self.env._("Undo"),
                WALKING_STATES,
                self._get_undo_obstacles,
                is_offered=lambda: self.can_undo,
            ),
            "action_readmit": ExitButton(
                self.env._("Take back"),
                ("closed",),
                self._get_readmission_obstacles,
                is_offered=lambda: not self.date_readmitted,
            ),
        }

    def _get_letter_buttons(self):
        states = tuple(key for key, _label in self._fields["state"].selection)
        return {
            "action_write_warning_letter": ExitButton(
                self.env._("Write the warning"),
                states,
                lambda: self._get_letter_obstacles("warning"),
            ),
            "action_write_closing_letter": ExitButton(
                self.env._("Write the closing letter"),
                (*WALKING_STATES, "closed"),
                lambda: self._get_letter_obstacles("closing"),
            ),
        }
