from odoo import fields, models

from .copied_field import copy_if_readable
from .scope_event import Watch

READ_GROUP = "toxic_customer_exit.group_toxicity_user"
WATCHED_FIELDS = ("date", "allocated_hours", "objectives")


class ProjectProject(models.Model):
    _inherit = "project.project"

    scope_change_ids = fields.One2many(
        "scope.change", "project_id", "Scope Changes", groups=READ_GROUP
    )
    scope_change_count = fields.Integer(
        compute="_compute_scope_change_count", groups=READ_GROUP
    )

    # As on the order: customers read all other fields of projects shared with them.
    objectives = fields.Html(
        copy=False,
        groups=READ_GROUP,
        help="What the customer wants to reach; taken over from the order.",
    )

    def _compute_scope_change_count(self):
        counts = dict(
            self.env["scope.change"]._read_group(
                [("project_id", "in", self.ids)], ["project_id"], ["__count"]
            )
        )
        for project in self:
            project.scope_change_count = counts.get(project._origin, 0)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        return copy_if_readable(self, vals_list, "objectives")

    def write(self, vals):
        """Note a moved deadline, more hours or other objectives as a scope change."""
        watches = self._watch_agreement(vals)
        result = super().write(vals)
        self._detect_moved_agreement(watches)
        return result

    def _watch_agreement(self, vals):
        names = [name for name in WATCHED_FIELDS if name in vals]
        if not names or self.env["scope.change"]._is_silent():
            return []
        # Detection must not depend on what the editing user may read.
        watched = self.sudo().filtered(lambda project: project._get_scope_target())
        return [Watch(watched, name) for name in names]

    def _detect_moved_agreement(self, watches):
        moves = [(watch, *move) for watch in watches for move in watch.get_moves()]
        lowered = (
            self.sudo()
            .browse()
            .union(
                *(
                    project
                    for watch, project, old, new in moves
                    if watch.name == "allocated_hours" and new < old
                )
            )
        )
        kept = lowered - lowered._filter_raised_today()
        events = [
            watch.get_event(
                project._get_scope_target(),
                project,
                old,
                new,
                {"project_id": project.id},
            )
            for watch, project, old, new in moves
            # A first deadline or objective is planning, and so are fewer hours, unless
            # they take back those of this day.
            if (project not in kept if watch.name == "allocated_hours" else old)
        ]
        if events:
            # Who runs the project may not know scope changes; they are noted anyway.
            self.env["scope.change"].sudo()._record_events(events)

    def _filter_raised_today(self):
        """Those whose hours were raised today by a change still undecided."""
        if not self:
            return self
        items = (
            self.env["scope.change.item"]
            .sudo()
            .search(
                [
                    ("project_id", "in", self.ids),
                    ("what", "=", "allocated_hours"),
                    ("change_id.date", "=", fields.Date.today()),
                    ("change_id.state", "=", "detected"),
                ]
            )
        )
        return items.project_id

    def _get_sold_hours(self, lines):
        """The hours of those order lines that are for this project, if any say so."""
        own = lines.filtered(
            lambda line: (
                self in (line.project_id | line.task_id.project_id)
                or line == self.sale_line_id
            )
        )
        return sum(
            line._get_hours(line.product_uom_qty)
            for line in own or lines
            if line._is_part_of_order()
        )

    def _get_scope_target(self):
        """The order that this project's changes belong to, or the project itself.

        None for what is not done for a customer.
        """
        self.ensure_one()
        if not self.allow_billable or self.is_template:
            return None
        # sudo: who runs a project need not read the orders behind it
        project = self.sudo()
        orders = project.sale_line_id.order_id | project.reinvoiced_sale_order_id
        sold = orders.filtered(lambda order: order.state == "sale")[:1]
        if sold:
            return sold._get_contract_root()
        return project if project.partner_id else None

    def action_view_scope_changes(self):
        """Open the scope changes of this project."""
        self.ensure_one()
        # Who runs a project may not be allowed to read the order it is sold by.
        order = self.sudo().sale_line_id.order_id
        return self.env["scope.change"]._get_action_for(
            [("project_id", "=", self.id)],
            {
                "default_project_id": self.id,
                "default_order_id": order.id,
                "default_partner_id": (self.partner_id or order.partner_id).id,
            },
        )

    def _get_stat_buttons(self):
        buttons = super()._get_stat_buttons()
        if self.env.user.has_group(READ_GROUP):
            buttons.append(
                {
                    "icon": "exchange",
                    "text": self.env._("Scope Changes"),
                    "number": self.scope_change_count,
                    "action_type": "object",
                    "action": "action_view_scope_changes",
                    "show": self.allow_billable,
                    "sequence": 29,
                }
            )
        return buttons
