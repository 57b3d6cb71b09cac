from odoo import Command, fields, models
from odoo.exceptions import UserError

from .customer_exit import DECIDED_STATES

VERBS = {"finish": "finished", "hand_over": "handed_over", "drop": "dropped"}


class CustomerExit(models.Model):
    """How what is open at the gate is settled, by Odoo's own fields.

    With the rights of whoever decides: who may not end a task cannot end it here.
    """

    _inherit = "customer.exit"

    def _get_gate_refusals(self):
        """Why nothing can be settled at the gate now, as {code: sentence}."""
        self.ensure_one()
        if self.state in DECIDED_STATES:
            return {}
        return {
            "no_gate": self.env._(
                "%(exit)s is %(state)s: its gate opens with the approval and shuts "
                "when it is closed.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        }

    def _get_waiving_obstacles(self):
        """Hook: why nothing can be waived at the gate now, as {code: sentence}."""
        obstacles = self._get_gate_refusals()
        if not self.env.su and not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "Only a manager of customer exits waives what is open."
            )
        return obstacles

    def _settle(self, check, verb, ids, to_user=None, reason=None):
        """Finish, hand over or drop what is still open of these, and remember it."""
        self.ensure_one()
        self.check_access("read")
        self._refuse_if(self._get_gate_refusals())
        if verb not in check.ways:
            raise UserError(
                self.env._(
                    "%(label)s cannot be settled like that: open them, or waive them "
                    "with a reason.",
                    label=check.label,
                )
            )
        if verb == "hand_over" and not to_user:
            raise UserError(
                self.env._("%(label)s: say to whom.", label=check.label),
            )
        if verb in check.because and not (reason or "").strip():
            raise UserError(
                self.env._("%(label)s: say why they are dropped.", label=check.label)
            )
        self._refuse_if(check.get_obstacles())
        still_open = set(self._get_gate()[self].get(check.code, ()))
        records = self.env[check.opens].browse(id_ for id_ in ids if id_ in still_open)
        names = {record: record.sudo().display_name for record in records}
        check.ways[verb](records, to_user)
        self._remember_decisions(check, names, VERBS[verb], to_user, reason)

    def _remember_decisions(self, check, names, decision, to_user=None, reason=None):
        """Note {record: name} as decided; the acting user's rights were checked."""
        # sudo: users finish and hand over, and write no decisions directly
        self.env["customer.exit.waiver"].sudo().create(
            [
                {
                    "exit_id": self.id,
                    "code": check.code,
                    "res_id": record.id,
                    "name": name,
                    "decision": decision,
                    "to_user_id": to_user.id if to_user else False,
                    "reason": reason,
                }
                for record, name in names.items()
            ]
        )

    # Work

    def _finish_tasks(self, tasks, _to_user):
        tasks.write({"state": "1_done"})

    def _hand_over_tasks(self, tasks, to_user):
        tasks.write({"user_ids": [Command.set(to_user.ids)]})

    def _drop_tasks(self, tasks, _to_user):
        tasks.write({"state": "1_canceled"})

    def _finish_milestones(self, milestones, _to_user):
        milestones.write({"is_reached": True})

    def _hand_over_milestones(self, milestones, to_user):
        """Odoo's milestones are nobody's: their open tasks go, and a to-do says so."""
        milestones.check_access("write")
        tasks = milestones.task_ids.filtered(lambda task: not task.is_closed)
        self._hand_over_tasks(tasks, to_user)
        for milestone in milestones:
            # sudo: whoever may change a milestone need not edit its project
            milestone.project_id.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                milestone.deadline or fields.Date.context_today(self),
                summary=self.env._("Milestone: %(name)s", name=milestone.name),
                user_id=to_user.id,
            )

    def _drop_milestones(self, milestones, _to_user):
        # Whoever could reach them may say that nobody will.
        milestones.check_access("write")

    def _drop_meetings(self, meetings, _to_user):
        # Nobody is written to by the gate: tell them first.
        quiet = meetings.with_context(dont_notify=True, no_mail_to_attendees=True)
        quiet.write({"active": False})

    # Sales

    def _drop_draft_invoices(self, invoices, _to_user):
        invoices.button_cancel()

    def _hand_over_leads(self, leads, to_user):
        leads.write({"user_id": to_user.id})

    def _drop_quotations(self, orders, _to_user):
        orders.check_access("write")
        self._do_deeds("cancel_quotation", orders)

    def _drop_leads(self, leads, _to_user):
        leads.check_access("write")
        self._do_deeds("lose_lead", leads)

    # Access

    def _get_access_obstacles(self):
        """Hook: why their access cannot be ended now, as {code: sentence}."""
        obstacles = {}
        if not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits ends the access of %(customer)s.",
                customer=self.commercial_partner_id.display_name,
            )
        return {**obstacles, **self._get_early_obstacles()}

    def _drop_access(self, records, _to_user):
        kinds = {
            "res.users": "revoke_portal",
            "project.collaborator": "remove_collaborator",
            "mail.followers": "remove_follower",
        }
        self._do_deeds(kinds.get(records._name, "revoke_link"), records)
