from odoo import models
from odoo.exceptions import UserError


class ProjectTask(models.Model):
    """The wrap-up list of a customer who leaves: finish, hand over or drop tasks.

    The buttons' methods are public: whoever may not read exits is refused.
    """

    _inherit = "project.task"

    def action_wrap_up_finish(self):
        """Say that these are done."""
        self._settle_at_gate("finish")

    def action_wrap_up_drop(self):
        """End these without doing them."""
        self._settle_at_gate("drop")

    def action_wrap_up_decide(self):
        """Ask to whom they go, or why they are waived."""
        exit_case = self._get_wrap_up_exit()
        return self.env["customer.exit.settle"]._open_for(exit_case, "tasks", self.ids)

    def _settle_at_gate(self, verb):
        exit_case = self._get_wrap_up_exit()
        exit_case._settle(exit_case._get_check("tasks"), verb, self.ids)

    def _get_wrap_up_exit(self):
        """The exit that the list was opened from; its gate knows the tasks."""
        self.env["customer.exit"].check_access("read")
        exit_id = self.env.context.get("exit_id")
        exits = self.env["customer.exit"].browse(
            exit_id if isinstance(exit_id, int) and 0 < exit_id < 2**31 else ()
        )
        if not exits.exists():
            raise UserError(
                self.env._("Open the wrap-up list from the exit of the customer.")
            )
        return exits
