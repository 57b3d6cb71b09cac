"""What a change adds to the creep of its contract, and what follows from that."""

from odoo import api, fields, models

from .scope_change import OPEN_STATES

ACTIVITY_TYPE = "toxic_customer_exit.mail_activity_type_creep"
# What a person changes by which the creep moves; items see to it when they settle.
CREEP_FIELDS = {"state", "amount", "gift_amount", "order_id"}


class ScopeChange(models.Model):
    """Creep = (given away + undecided) ÷ baseline; see sale_order_creep.py."""

    _inherit = "scope.change"

    creep_amount = fields.Monetary(
        "Creep",
        compute="_compute_creep_amount",
        store=True,
        help="What this change adds to the creep of its order. Absorbed: what was "
        "given away, at list price. Undecided: what the customer gets more, at list "
        "price, whether the order bills it or not. Otherwise nothing.",
    )
    crossed_threshold = fields.Boolean(
        "Renegotiate First",
        readonly=True,
        copy=False,
        help="With this change the creep of the order reached the company's "
        "threshold: renegotiate before going on.",
    )

    # The few that count among years of changes; all creep is read through it.
    _creep_idx = models.Index("(order_id) WHERE creep_amount > 0")

    @api.depends(
        "state",
        "amount",
        "gift_amount",
        "item_ids.what",
        "item_ids.amount",
        "item_ids.gift_amount",
        "item_ids.order_line_id",
    )
    def _compute_creep_amount(self):
        for change in self:
            if change.state == "absorbed":
                change.creep_amount = max(0.0, change.gift_amount)
            elif change.state in OPEN_STATES:
                change.creep_amount = change._get_undecided_amount()
            else:
                change.creep_amount = 0.0

    def _get_undecided_amount(self):
        """What the customer would get more; what it gets less offsets nothing."""
        items = self._get_asked_items()
        added = max(0.0, self.amount)
        if items:
            on_lines = items.filtered("order_line_id").grouped("order_line_id")
            added = sum(
                group._get_added_worth()
                for group in [
                    *on_lines.values(),
                    *items.filtered(lambda item: not item.order_line_id),
                ]
            )
        return max(added, self.gift_amount)

    @api.model_create_multi
    def create(self, vals_list):
        changes = super().create(vals_list)
        # What an edited order makes is empty yet, and settles when it is not.
        changes.filtered("creep_amount")._follow_creep()
        return changes

    def write(self, vals):
        moved = not CREEP_FIELDS.isdisjoint(vals)
        orders = self.sudo().order_id if moved else self.env["sale.order"]
        result = super().write(vals)
        if moved:
            (orders | self.sudo().order_id)._follow_creep()
        return result

    def unlink(self):
        orders = self.sudo().order_id
        result = super().unlink()
        orders._follow_creep()
        return result

    def _follow_creep(self):
        # sudo: whoever edits an order moves its creep, and need not know of it
        self.sudo().order_id._follow_creep()

    # -- asking to renegotiate, once each time the threshold is reached --------------

    def _ask_to_renegotiate(self):
        """One activity on each of these changes, for who answers for the order.

        On the change, not on the order or the project, where colleagues outside the
        group would read it. Called as superuser.
        """
        self.crossed_threshold = True
        activity_type = self.env.ref(ACTIVITY_TYPE, raise_if_not_found=False)
        if not activity_type:
            return
        # An edit of an order is not an assignment: no mail.
        quiet = self._as_members().with_context(mail_activity_quick_update=True)
        for change in quiet:
            if user := change._get_creep_user():
                change.activity_schedule(
                    ACTIVITY_TYPE, activity_type._get_date_deadline(), user_id=user.id
                )

    def _get_creep_user(self):
        """Hook: who is to renegotiate, of those who may read about it."""
        self.ensure_one()
        order, project = self.order_id, self.project_id
        known = order.user_id | self.user_id | project.user_id
        return self._pick_member(known, self.company_id) or self.manager_id

    def _cease_to_renegotiate(self):
        """The creep fell below the threshold again; called as superuser."""
        self.crossed_threshold = False
        self._as_members().activity_unlink([ACTIVITY_TYPE])
