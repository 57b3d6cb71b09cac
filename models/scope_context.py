"""What code says, in the context, about the scope changes that it causes.

Clients fill contexts as well: these count only because no client can make them.
"""

from odoo.tools import frozendict

# scope_change_skip: what is written now is nothing that anybody asked for.
QUIET = object()


class ChangeVals(frozendict):
    """scope_change_vals: the values of the change, in place of a detected one."""
