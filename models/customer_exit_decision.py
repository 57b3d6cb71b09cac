from odoo import models
from odoo.exceptions import UserError

from .customer_exit import OPEN_STATES, UNDECIDED_STATES

# What a manager decides in words, and until which step it may still be changed.
DECISION_STATES = {
    "approval_reason": UNDECIDED_STATES,
    "ethics_checked": UNDECIDED_STATES,
    "few_options_reason": UNDECIDED_STATES,
    "settlement_reason": (*UNDECIDED_STATES, "approved", "wrap_up"),
    "open_amount_decision": OPEN_STATES,
    "open_amount_reason": OPEN_STATES,
    "early_closing_reason": OPEN_STATES,
    "readmission_reason": (*OPEN_STATES, "closed"),
}


class CustomerExit(models.Model):
    """What managers decide: theirs to write, and on record once it was acted on."""

    _inherit = "customer.exit"

    def _refuse_decisions(self, vals):
        changed = {record: record._find_changed_decisions(vals) for record in self} or {
            self: {name for name in DECISION_STATES if vals.get(name)}
        }
        names = set().union(*changed.values())
        if names and not self._is_manager():
            raise UserError(
                self.env._(
                    "%(fields)s of an exit is written by a manager of customer exits.",
                    fields=self._get_labels(names),
                )
            )
        for record in self:
            if kept := set(filter(record._is_acted_on, changed[record])):
                raise UserError(
                    self.env._(
                        "%(fields)s of %(exit)s was acted on and stays on record: note "
                        "in the discussion what has changed since.",
                        fields=self._get_labels(kept),
                        exit=record.display_name,
                    )
                )

    def _find_changed_decisions(self, vals):
        return {
            name
            for name in DECISION_STATES.keys() & vals.keys()
            if (self[name] or False) != (vals[name] or False)
        }

    def _is_acted_on(self, name):
        if name == "readmission_reason" and self.date_readmitted:
            return True
        if name == "early_closing_reason" and self[name] and self.can_undo:
            return True
        return self.state not in DECISION_STATES[name]
