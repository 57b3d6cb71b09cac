from odoo import models

from .customer_case import CASES

# What makes a partner belong to another customer.
HIERARCHY = {"parent_id", "is_company"}


class ResPartner(models.Model):
    """A case follows its customer when that becomes part of another one."""

    _inherit = "res.partner"

    def write(self, vals):
        if HIERARCHY.isdisjoint(vals):
            return super().write(vals)
        found = [self.env[model]._find_open_below(self) for model in CASES]
        # Two open cases of one customer must not meet in the database: they keep
        # their customers until one of them is given up.
        kept = [
            ([cases._fields["commercial_partner_id"]], cases)
            for cases in filter(None, found)
        ]
        with self.env.protecting(kept):
            result = super().write(vals)
        for _fields, cases in kept:
            cases._follow_customers()
        return result
