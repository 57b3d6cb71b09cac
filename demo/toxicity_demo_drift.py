from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.tools import SQL

from ..models.scope_context import QUIET


class ToxicityDemoDrift(models.AbstractModel):
    """Orders from before this module was there: Odoo's tracking alone knows more."""

    _inherit = "toxicity.demo"

    @api.model
    def _sell_unnoted(self, customer, days, lines, edits, name=None):
        """An order that drifted unseen; edits: (days ago, product, new terms).

        They are real ones, so that tracking is Odoo's own, and are then dated back.
        """
        order = self._sell(customer, days, lines, name)
        for at, product, terms in edits:
            line = self._get_order_line(order, product)
            vals = {"price_unit": line.price_unit, "discount": line.discount, **terms}
            self._write_unnoted(
                order, at, {"order_line": [Command.update(line.id, vals)]}
            )
        self._forget_baseline(order)
        return order

    @api.model
    def _write_unnoted(self, record, days, vals):
        # What was made in this transaction is not tracked before its end.
        self.env.flush_all()
        self.env.cr.flush()
        record.invalidate_recordset(["message_ids"])
        messages = record.message_ids
        # As the salesperson, whom the history will name.
        editor = record.with_user(self._get_salesperson()).sudo()
        editor = editor.with_context(
            tracking_disable=False, mail_notrack=False, scope_change_skip=QUIET
        )
        editor.write(vals)
        # What is computed is tracked as whoever flushes it; Odoo writes it down when
        # the transaction ends.
        editor.env.flush_all()
        self.env.cr.flush()
        record.invalidate_recordset(["message_ids"])
        (record.message_ids - messages).date = self._at(days, 15)

    @api.model
    def _forget_baseline(self, order):
        """Nothing but SQL rewrites one; it is then read from the history."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE sale_order SET date_baseline = NULL WHERE id = %s", order.id)
        )
        order.invalidate_recordset()
        order._reconstruct_baselines()

    @api.model
    def _move_deadline_unnoted(self, order, days, first, last):
        """The project was to end so many days ago, and ends later."""
        project = order.project_ids[:1]
        project.write({"date_start": self._day(days + 30), "date": self._day(first)})
        self._write_unnoted(
            project,
            days,
            {"date": fields.Date.today() - timedelta(days=last)},
        )
