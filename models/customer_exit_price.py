from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS


class CustomerExit(models.Model):
    """What was billed at another price than the order says, and what becomes of it.

    Two ways out, both chosen by a manager in the preview of the final invoice. *Put
    right*: the final invoice takes back what was billed and bills the same quantity at
    the price of the order, so that the law holds as it is. *Leave*: it stays as billed
    and the law counts the difference, which is kept here by line and with a reason; it
    covers that very difference, and no other one that documents come to make later.
    """

    _inherit = "customer.exit"

    corrected_line_ids = fields.Many2many(
        "sale.order.line",
        "customer_exit_corrected_line_rel",
        string="Put to the price of the order",
        readonly=True,
        copy=False,
    )
    accepted_differences = fields.Json(
        groups=NO_ACCESS,
        copy=False,
        help="{order line: what it may be billed above its price; below is negative}",
    )
    price_reason = fields.Text(
        "Other prices are left because", readonly=True, copy=False, tracking=True
    )

    def _get_accepted_differences(self):
        """{id of an order line: what it may differ by, untaxed}"""
        # sudo: for nobody's reading
        kept = self.sudo().accepted_differences or {}
        return {int(line_id): amount for line_id, amount in kept.items()}

    def _get_price_differences(self, lines):
        """{order line: billed above what its price says}, whatever was accepted."""
        lines = lines.filtered(lambda line: not line.is_downpayment)
        found = {}
        for line, billed in self._get_billed(lines).items():
            difference = billed.amount - line._get_untaxed(billed.quantity)
            if not self._is_rounding(difference, line, billed.documents):
                found[line] = line.currency_id.round(difference)
        return found

    def _get_corrected_lines(self):
        """The lines that the final invoice puts to the price of the order."""
        # sudo: a step field; see _in_settlement
        chosen = self.sudo().corrected_line_ids
        return chosen.browse().union(*self._get_price_differences(chosen))

    def _choose_prices(self, corrected, accepted, reason):
        """Remember what becomes of prices that differ; chosen in the preview only."""
        self.ensure_one()
        if not self._is_manager():
            self._refuse_if(self._get_invoice_obstacles())
        if accepted and not (reason or "").strip():
            raise UserError(
                self.env._(
                    "Write why another price is left for %(lines)s.",
                    lines=self._name_some(accepted),
                )
            )
        corrected.sudo()._refuse_other_currencies()
        differences = self._get_price_differences(accepted.sudo())
        # sudo: step fields
        self.sudo().write(
            {
                "corrected_line_ids": [Command.set(corrected.ids)],
                "accepted_differences": {
                    str(line.id): amount for line, amount in differences.items()
                }
                or False,
                "price_reason": reason if differences else False,
            }
        )
        if differences:
            self._note(
                self.env._(
                    "Left as billed: %(lines)s.",
                    lines=self._describe_deviations(differences),
                ),
                reason,
            )
