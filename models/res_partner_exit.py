from odoo import models

# What makes a partner belong to another customer.
HIERARCHY = {"parent_id", "is_company"}


class ResPartner(models.Model):
    """An exit follows its customer when that becomes part of another one."""

    _inherit = "res.partner"

    def write(self, vals):
        if HIERARCHY.isdisjoint(vals):
            return super().write(vals)
        exits = self.env["customer.exit"]._find_open_below(self)
        if not exits:
            return super().write(vals)
        # Two open exits of one customer must not meet in the database: they keep
        # their customers until one of them is given up.
        field = exits._fields["commercial_partner_id"]
        with self.env.protecting([field], exits):
            result = super().write(vals)
        exits._follow_customers()
        return result
