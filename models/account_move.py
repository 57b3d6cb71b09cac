from itertools import pairwise

from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    exit_id = fields.Many2one(
        "customer.exit",
        string="Settled exit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="toxic_customer_exit.group_toxicity_user",
    )

    def _put_down_payments_last(self):
        """Orders billed together: none has its lines under another's down payments."""
        for move in self:
            lines = move.invoice_line_ids.sorted(lambda item: (item.sequence, item.id))
            advances = lines.filtered("is_downpayment")
            for section, item in pairwise(lines):
                if item.is_downpayment and section.display_type == "line_section":
                    advances |= section
            ordered = (lines - advances) + (lines & advances)
            if advances and ordered.ids != lines.ids:
                for sequence, item in enumerate(ordered, 1):
                    item.sequence = sequence
