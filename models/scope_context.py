"""What code says, in the context, about the scope changes that it causes.

Clients fill contexts as well: these count only because no client can make them.
"""

from odoo.tools import frozendict


class Silence:
    """scope_change_skip: what is written now is nothing that anybody asked for."""


QUIET = Silence()


class LineEdit(Silence):
    """scope_change_skip: one save, whose lines are compared once, when all is done.

    before: {order line that it touched: its LineTerms before, None for a new one};
    totals: {order of such a line: its untaxed amount before}.
    """

    def __init__(self):
        self.before = {}
        self.totals = {}

    def remember(self, orders):
        """Keep what the orders come to, if the save has not moved it yet."""
        for order in orders:
            if order not in self.totals:
                self.totals[order] = order.amount_untaxed


class ChangeVals(frozendict):
    """scope_change_vals: the values of the change, in place of a detected one."""
