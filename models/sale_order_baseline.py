from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, html2plaintext

from .copied_field import copy_if_readable
from .scope_context import QUIET
from .scope_event import Watch

READ_GROUP = "toxic_customer_exit.group_toxicity_user"
BASELINE_FIELDS = {
    "baseline_amount",
    "baseline_hours",
    "baseline_commitment_date",
    "baseline_objectives",
    "date_baseline",
    "is_baseline_reconstructed",
}
WATCHED_FIELDS = ("commitment_date", "objectives")
# Read together, by whoever compares: orders are read more often than that.
PREFETCH = "scope_baseline"


class SaleOrder(models.Model):
    """What was agreed when the customer ordered, and how far it has moved since."""

    _inherit = "sale.order"

    # For users of Customer Exit only, who may also edit the order: on their own
    # orders customers read all other fields, and what we think they are after is not
    # always what they would like to read. Whoever edits it makes a scope change.
    objectives = fields.Html(
        copy=False,
        groups=READ_GROUP,
        help="What the customer wants to reach with this; kept when it orders.",
    )
    baseline_amount = fields.Monetary(
        readonly=True,
        copy=False,
        prefetch=PREFETCH,
        groups=READ_GROUP,
        help="Untaxed amount when the customer ordered; never rewritten.",
    )
    baseline_hours = fields.Float(
        readonly=True, copy=False, prefetch=PREFETCH, groups=READ_GROUP
    )
    baseline_commitment_date = fields.Datetime(
        readonly=True, copy=False, prefetch=PREFETCH, groups=READ_GROUP
    )
    baseline_objectives = fields.Html(
        readonly=True, copy=False, prefetch=PREFETCH, groups=READ_GROUP
    )
    date_baseline = fields.Datetime(readonly=True, copy=False, groups=READ_GROUP)
    is_baseline_reconstructed = fields.Boolean(
        "Reconstructed",
        readonly=True,
        copy=False,
        prefetch=PREFETCH,
        groups=READ_GROUP,
        help="The order was confirmed before this was kept: the amount is what its "
        "history says, the rest is as it was when it was read from there.",
    )
    ordered_hours = fields.Float(
        compute="_compute_baseline_drift", compute_sudo=True, groups=READ_GROUP
    )
    baseline_amount_drift = fields.Monetary(
        "Amount Since Then",
        compute="_compute_baseline_drift",
        compute_sudo=True,
        groups=READ_GROUP,
    )
    baseline_hours_drift = fields.Float(
        "Hours Since Then",
        compute="_compute_baseline_drift",
        compute_sudo=True,
        groups=READ_GROUP,
    )
    baseline_days_drift = fields.Integer(
        "Days Since Then",
        compute="_compute_baseline_drift",
        compute_sudo=True,
        groups=READ_GROUP,
    )
    has_other_objectives = fields.Boolean(
        compute="_compute_baseline_drift", compute_sudo=True, groups=READ_GROUP
    )

    @api.depends(
        "date_baseline",
        "amount_untaxed",
        "commitment_date",
        "objectives",
        "order_line.product_uom_qty",
        "order_line.product_uom_id",
    )
    def _compute_baseline_drift(self):
        for order in self:
            kept, hours = bool(order.date_baseline), order._get_ordered_hours()
            dates = (order.baseline_commitment_date, order.commitment_date)
            texts = [
                html2plaintext(text or "").strip()
                for text in (order.baseline_objectives, order.objectives)
            ]
            order.ordered_hours = hours
            order.baseline_amount_drift = kept and (
                order.amount_untaxed - order.baseline_amount
            )
            order.baseline_hours_drift = kept and hours - order.baseline_hours
            order.baseline_days_drift = (
                kept and all(dates) and dates[1].toordinal() - dates[0].toordinal()
            )
            order.has_other_objectives = kept and texts[0] != texts[1]

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        return copy_if_readable(self, vals_list, "objectives")

    @api.model_create_multi
    def create(self, vals_list):
        # An order may be created as confirmed: its lines are the agreement itself.
        quiet = self.with_context(scope_change_skip=QUIET)
        orders = super(SaleOrder, quiet).create(vals_list).with_env(self.env)
        confirmed = orders.filtered(lambda order: order.state == "sale")
        # Odoo confirms some of them itself while creating them.
        confirmed.filtered(lambda order: not order.sudo().date_baseline)._set_baseline()
        return orders

    def write(self, vals):
        """Note all that one save changes on confirmed orders as scope changes."""
        self._refuse_new_baseline(vals)
        if "order_line" not in vals and vals.keys().isdisjoint(WATCHED_FIELDS):
            return super().write(vals)
        # Detection must not depend on what the editing user may read.
        confirmed = self.sudo().filtered(lambda order: order.state == "sale")
        watches = confirmed._watch_agreement(vals)
        changes = self.env["scope.change"]
        edit = changes._join_line_edit() if "order_line" in vals else None
        if edit is None:
            result = super().write(vals)
        else:
            # Before a line is touched, from when on it would be computed anew.
            edit.remember(confirmed)
            quiet = self.with_context(scope_change_skip=edit)
            result = super(SaleOrder, quiet).write(vals)
            self.env["sale.order.line"]._end_line_edit(edit)
        self._detect_moved_agreement(watches)
        return result

    def _watch_agreement(self, vals):
        if self.env["scope.change"]._is_silent():
            return []
        return [Watch(self, name) for name in WATCHED_FIELDS if name in vals]

    def _detect_moved_agreement(self, watches):
        events = [
            watch.get_event(order, order, old, new, {})
            for watch in watches
            for order, old, new in watch.get_moves()
            # Objectives written down for the first time change none.
            if old or watch.name != "objectives"
        ]
        if events:
            # Who edits the order may not know scope changes; they are noted anyway.
            self.env["scope.change"].sudo()._record_events(events)

    def _refuse_new_baseline(self, vals):
        if BASELINE_FIELDS.isdisjoint(vals):
            return
        # Read as superuser: who writes here may be outside the fields' group.
        if order := self.sudo().filtered("date_baseline")[:1]:
            raise ValidationError(
                self.env._(
                    "The baseline of %(order)s says what was agreed and stays as it "
                    "is: write down a scope change instead.",
                    order=order.name,
                )
            )

    def _action_confirm(self):
        quiet = self.with_context(scope_change_skip=QUIET)
        result = super(SaleOrder, quiet)._action_confirm()
        self._set_baseline()
        return result

    def _set_baseline(self):
        """Keep what was agreed; what a second confirmation moved is a change of it.

        A cancelled order that is reset, edited and confirmed again was agreed anew.
        Its baseline stays, so that what customers first signed remains comparable;
        the difference becomes one agreed scope change.
        """
        # Whoever confirms, the portal customer too, is outside the fields' group.
        orders = self.sudo()
        first = orders.filtered(lambda order: not order.date_baseline)
        # Odoo computes this last of all, after a query for which the lines were
        # written, and writes them again: that costs more than keeping the baseline.
        first.order_line.mapped("untaxed_amount_to_invoice")
        for order in first:
            order._keep_baseline()
        if again := orders - first:
            self.env["scope.change"].sudo()._record_confirmed_again(again)

    def _keep_baseline(self):
        """Write the baseline with what the order is written for anyway.

        As ``write`` would, without its overrides: confirming does not wait for these
        to look a second time at an order whose state they have just seen.
        """
        vals = self._prepare_baseline_vals()
        with self.env.protecting([self._fields[name] for name in vals], self):
            for name, value in vals.items():
                self[name] = value
        self.modified(vals)

    def _prepare_baseline_vals(self):
        self.ensure_one()
        return {
            "baseline_amount": self.amount_untaxed,
            "baseline_hours": self._get_ordered_hours(),
            "baseline_commitment_date": self.commitment_date,
            "baseline_objectives": self.objectives,
            "date_baseline": fields.Datetime.now(),
        }

    def _get_ordered_hours(self):
        self.ensure_one()
        timed = self.env["uom.uom"]._get_hours_by_unit()
        return sum(
            line._get_hours(line.product_uom_qty)
            for line in self.order_line
            # First what is asked quickest: confirming an order goes through all lines.
            if line.product_uom_id.id in timed and line._is_part_of_order()
        )

    def _is_rounded_as_a_whole(self):
        """Whether the untaxed total may differ from the sum of the lines by cents."""
        self.ensure_one()
        if self.company_id.tax_calculation_rounding_method != "round_per_line":
            return True
        taxes = self.order_line.tax_ids.flatten_taxes_hierarchy()
        return any(taxes.mapped("price_include"))

    def action_reconstruct_baseline(self):
        """Give confirmed orders without a baseline the one their history tells."""
        # The baseline is for users of Customer Exit; the button's method is public.
        self.env["scope.change"].check_access("read")
        self.check_access("write")
        if order := self.filtered(lambda o: o.state != "sale" or o.date_baseline)[:1]:
            raise UserError(
                self.env._(
                    "%(order)s is not confirmed or has its baseline already: choose "
                    "confirmed orders without one.",
                    order=order.name,
                )
            )
        self._reconstruct_baselines()

    def _reconstruct_baselines(self):
        """Set the baseline of confirmed orders that have none; of all when empty.

        In SQL, because installing meets all the orders of a company. The amount is
        the one that the first tracked change since the confirmation started from;
        nothing else of the agreement is tracked by Odoo, and stands as it is now.
        """
        self.env.flush_all()
        self.env.cr.execute(self._get_reconstruction_sql())
        self.env["sale.order"].invalidate_model([*BASELINE_FIELDS])

    def _get_reconstruction_sql(self):
        chosen = SQL("AND sale.id IN %s", tuple(self.ids)) if self else SQL()
        get_id = self.env["ir.model.fields"]._get_ids("sale.order").get
        hour_id = self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_hour")
        return SQL(
            """
            WITH missing AS (
                SELECT sale.id, sale.amount_untaxed, sale.date_order,
                       sale.commitment_date, sale.objectives
                  FROM sale_order sale
                 WHERE sale.state = 'sale' AND sale.date_baseline IS NULL %(chosen)s
            ), moved AS (
                SELECT message.res_id AS id, message.id AS message_id, message.date,
                       tracking.id AS tracking_id, tracking.field_id,
                       tracking.new_value_char AS label,
                       tracking.old_value_float AS amount
                  FROM mail_tracking_value tracking
                  JOIN mail_message message ON message.id = tracking.mail_message_id
                  JOIN missing ON missing.id = message.res_id
                 WHERE message.model = 'sale.order'
                   AND tracking.field_id IN (%(state_id)s, %(amount_id)s)
            ), confirmed AS (
                SELECT id, MIN(message_id) AS message_id, MIN(date) AS date
                  FROM moved
                 WHERE field_id = %(state_id)s AND label IN %(confirmed)s
              GROUP BY id
            ), first_move AS (
                SELECT DISTINCT ON (moved.id) moved.id, moved.amount
                  FROM moved
                  JOIN missing ON missing.id = moved.id
             LEFT JOIN confirmed ON confirmed.id = moved.id
                 WHERE moved.field_id = %(amount_id)s
                   AND CASE WHEN confirmed.id IS NULL
                            THEN moved.date > missing.date_order
                            ELSE moved.message_id > confirmed.message_id
                       END
              ORDER BY moved.id, moved.tracking_id
            ), sold AS (
                SELECT line.order_id AS id,
                       SUM(line.product_uom_qty * unit.factor / hour.factor) AS hours
                  FROM sale_order_line line
                  JOIN missing ON missing.id = line.order_id
                  JOIN uom_uom unit ON unit.id = line.product_uom_id
                  JOIN uom_uom hour ON hour.id = %(hour_id)s
                 WHERE line.display_type IS NULL
                   AND NOT COALESCE(line.is_downpayment, FALSE)
                   AND NOT COALESCE(line.is_expense, FALSE)
                   AND split_part(unit.parent_path, '/', 1)
                       = split_part(hour.parent_path, '/', 1)
              GROUP BY line.order_id
            )
            UPDATE sale_order sale
               SET baseline_amount = COALESCE(first_move.amount,
                                              missing.amount_untaxed),
                   baseline_hours = COALESCE(sold.hours, 0),
                   baseline_commitment_date = missing.commitment_date,
                   baseline_objectives = missing.objectives,
                   date_baseline = COALESCE(confirmed.date, missing.date_order),
                   is_baseline_reconstructed = TRUE
              FROM missing
         LEFT JOIN confirmed ON confirmed.id = missing.id
         LEFT JOIN first_move ON first_move.id = missing.id
         LEFT JOIN sold ON sold.id = missing.id
             WHERE sale.id = missing.id
            """,
            chosen=chosen,
            state_id=get_id("state"),
            amount_id=get_id("amount_untaxed"),
            confirmed=self._get_confirmed_labels(),
            hour_id=hour_id,
        )

    def _get_confirmed_labels(self):
        """How tracking wrote that an order was confirmed, in each language."""
        labels = {
            dict(
                self.with_context(lang=code)
                ._fields["state"]
                ._description_selection(self.with_context(lang=code).env)
            )["sale"]
            for code, _name in self.env["res.lang"].get_installed()
        }
        return tuple(labels)
