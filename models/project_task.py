from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from .scope_event import ScopeEvent

READ_GROUP = "toxic_customer_exit.group_toxicity_user"


class ProjectTask(models.Model):
    _inherit = "project.task"

    is_out_of_scope = fields.Boolean(
        readonly=True,
        copy=False,
        groups=READ_GROUP,
        help="This was not part of what the customer ordered: see its scope change.",
    )

    # The form of an order counts its tasks with each save and onchange, by a link that
    # Odoo has no index on: with it a save gains more than its scope change takes.
    _scope_order_idx = models.Index("(sale_order_id) WHERE sale_order_id IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        """Note what customers open on their project as a scope change."""
        tasks = super().create(vals_list)
        if self.env.user.share:
            tasks._detect_customer_tasks(self.env.user.partner_id)
        return tasks

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        task = super().message_new(msg_dict, custom_values=custom_values)
        author = self.env["res.partner"].sudo().browse(msg_dict.get("author_id"))
        if not any(not user.share for user in author.user_ids):
            task._detect_customer_tasks(author)
        return task

    def _detect_customer_tasks(self, author):
        # sudo: the customer knows nothing of this
        customer = author.sudo().commercial_partner_id
        self.sudo().filtered(
            lambda task: task._get_customer() == customer
        )._record_scope_events("customer_task")

    def _get_customer(self):
        self.ensure_one()
        target = self.project_id and self.project_id._get_scope_target()
        return target.partner_id.commercial_partner_id if target else None

    def action_flag_out_of_scope(self):
        """Say that this was not ordered, which makes a scope change of it."""
        # The button's method is public, and customers can read their tasks.
        self.env["scope.change"].check_access("write")
        self.check_access("read")
        for task in self:
            if not task.project_id or task.project_id._get_scope_target() is None:
                raise UserError(
                    self.env._(
                        "%(task)s is on no project that is billed to a customer: "
                        "nothing was agreed that it could be outside of.",
                        task=task.display_name,
                    )
                )
        flagged = self.sudo().filtered(lambda task: not task.is_out_of_scope)
        flagged.is_out_of_scope = True
        flagged._record_scope_events("task")

    def action_unflag_out_of_scope(self):
        """Take the flag back, and its scope change while nobody has decided on it."""
        self.env["scope.change"].check_access("write")
        self.check_access("read")
        tasks = self.sudo()
        tasks.is_out_of_scope = False
        items = (
            self.env["scope.change.item"]
            .sudo()
            .search(
                [
                    ("task_id", "in", tasks.ids),
                    ("what", "=", "task"),
                    ("change_id.state", "=", "detected"),
                ]
            )
        )
        changes = items.change_id
        items.unlink()
        changes._settle_detection()

    def _record_scope_events(self, what):
        if self.env["scope.change"]._is_silent():
            return
        events = [
            ScopeEvent(
                target=task.project_id._get_scope_target(),
                what=what,
                name=task.name,
                links={"task_id": task.id},
                new_value=formatLang(self.env, hours),
                new_number=hours,
                hours=hours,
            )
            for task in self
            for hours in [max(task.allocated_hours, task.effective_hours)]
        ]
        if events:
            self.env["scope.change"].sudo()._record_events(events)
