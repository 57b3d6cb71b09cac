from collections.abc import Callable
from typing import NamedTuple

from odoo import Command, models
from odoo.fields import Domain

# Nobody is told by mail, and the documents' own logs, which customers follow, are
# silent: what was done is remembered on the exit.
SILENT = {
    "tracking_disable": True,
    "mail_notrack": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_activity_automation_skip": True,
    "no_reset_password": True,
}
LINK_CODES = ("shared_orders", "shared_invoices", "shared_projects", "shared_tasks")


class DeedKind(NamedTuple):
    """One kind of deed of walking away, all in sudo.

    `find()` gives the records it is still to be done to, `do(records)` does it and
    gives {record: what was before}, `undo(record, before)` puts that back. `note()` is
    added to the names of the records.
    """

    sentence: str
    find: Callable
    do: Callable
    undo: Callable
    note: Callable = str

    def describe(self, name):
        return f"{name} ({note})" if (note := self.note()) else name


class CustomerExit(models.Model):
    """What is done on walking away, kind by kind, and how each is undone."""

    _inherit = "customer.exit"

    def _get_deed_kinds(self):
        """Hook: {kind: DeedKind}, in the order in which they are done."""
        return {
            "lock_order": DeedKind(
                self.env._("Confirmed orders are locked"),
                self._find_unlocked_orders,
                self._lock_orders,
                lambda order, _before: order.exists().action_unlock(),
            ),
            "cancel_quotation": DeedKind(
                self.env._("Open quotations are cancelled"),
                lambda: self._find_at_gate("sale.order", "quotations"),
                self._cancel_quotations,
                self._uncancel_quotation,
            ),
            # Before what they stand on is archived
            "settle_activity": DeedKind(
                self.env._("Planned activities are taken off the list"),
                self._find_activities,
                self._settle_activities,
                lambda activity, _before: activity.exists().write({"active": True}),
            ),
            "lose_lead": DeedKind(
                self.env._("Open leads are lost: the relationship ended"),
                lambda: self._find_at_gate("crm.lead", "leads"),
                self._lose_leads,
                self._win_back_lead,
            ),
            "close_project": DeedKind(
                self.env._("Projects without open work are archived"),
                self._find_finished_projects,
                self._close_projects,
                self._reopen_project,
            ),
            **self._get_access_deed_kinds(),
        }

    def _get_access_deed_kinds(self):
        return {
            "revoke_portal": DeedKind(
                self.env._("Portal access is revoked"),
                lambda: self._find_at_gate("res.users", "portal_users"),
                self._revoke_portal,
                self._grant_portal,
            ),
            "revoke_link": DeedKind(
                self.env._("Links to shared documents stop working"),
                self._find_links,
                self._revoke_links,
                self._restore_link,
            ),
            "remove_collaborator": DeedKind(
                self.env._("They no longer work on our projects"),
                lambda: self._find_at_gate("project.collaborator", "collaborators"),
                self._remove_rows,
                self._restore_row,
            ),
            "remove_follower": DeedKind(
                self.env._("They no longer follow our documents"),
                lambda: self._find_at_gate("mail.followers", "followers"),
                self._remove_rows,
                self._restore_row,
            ),
            "leave_shared": DeedKind(
                self.env._("Left alone, as another company of ours still needs it"),
                self._find_left_alone,
                lambda records: dict.fromkeys(records, {}),
                lambda _record, _before: None,
                note=self._name_sisters,
            ),
        }

    def _find_at_gate(self, model, *codes):
        """What the gate shows; what was waived there is left alone."""
        gate = self._get_gate()[self]
        ids = [id_ for code in codes for id_ in gate.get(code, ())]
        return self.env[model].sudo().browse(ids)

    # Orders and quotations

    def _find_unlocked_orders(self):
        return self._get_settlement_orders().filtered(lambda order: not order.locked)

    def _lock_orders(self, orders):
        orders.action_lock()
        return dict.fromkeys(orders, {})

    def _cancel_quotations(self, orders):
        """Odoo's cancelling; it declines the scope changes that they offer."""
        before = {
            order: {
                "state": order.state,
                "changes": [
                    [change.id, change.state, change.reason]
                    for change in order.amended_change_ids
                ],
            }
            for order in orders
        }
        orders._action_cancel()
        return before

    def _uncancel_quotation(self, order, before):
        """Unless somebody went on with it, or with a scope change, since."""
        cancelled = order.exists().filtered(lambda order: order.state == "cancel")
        cancelled.write({"state": before["state"]})
        for change_id, state, reason in before["changes"] if cancelled else ():
            change = self.env["scope.change"].sudo().browse(change_id).exists()
            if change.state == "declined" != state:
                change.write({"state": "detected"})
                change.write({"state": state, "reason": reason})

    # Activities

    def _find_activities(self):
        """Planned on their contacts and on what is theirs; not on what they owe."""
        activities = self.env["mail.activity"].sudo()
        domains = [
            Domain("res_model", "=", model)
            & Domain("res_id", "in", self._query_documents(model, path, domain))
            for model, path, domain in self._get_activity_places()
        ]
        found = activities.search(Domain.OR(domains))
        if not self._get_spared(self.company_id):
            return found
        # What a sister company's people plan with the customer's people is theirs.
        return found.filtered(
            lambda activity: (
                activity.res_model != "res.partner"
                or activity.user_id.company_id == self.company_id
            )
        )

    def _get_activity_places(self):
        """(model, path to the customer, which of them)."""
        ours = Domain("company_id", "in", [self.company_id.id, False])
        path = "partner_id.commercial_partner_id"
        return [
            ("res.partner", "commercial_partner_id", ours),
            ("sale.order", path, ours),
            ("crm.lead", path, ours),
            ("project.project", path, ours),
            ("project.task", path, ours),
            ("project.task", f"project_id.{path}", ours),
            (
                "account.move",
                "commercial_partner_id",
                ours & Domain("amount_residual", "=", 0),
            ),
        ]

    def _query_documents(self, model, path, domain):
        theirs = domain & Domain(path, "=", self.commercial_partner_id.id)
        return self.env[model].sudo().with_context(active_test=False)._search(theirs)

    def _settle_activities(self, activities):
        # Odoo's "done" would write into the documents' logs.
        activities.write({"active": False})
        return dict.fromkeys(activities, {})

    # Leads and projects

    def _lose_leads(self, leads):
        reason = self.env.ref("toxic_customer_exit.lost_reason_relationship_ended")
        before = {
            lead: {
                "probability": lead.probability,
                "automated_probability": lead.automated_probability,
                "lost_reason_id": lead.lost_reason_id.id,
            }
            for lead in leads
        }
        leads.action_set_lost(lost_reason_id=reason.id)
        return before

    def _win_back_lead(self, lead, before):
        lead.exists().write({"active": True, **before})

    def _find_finished_projects(self):
        """Archiving hides open tasks: projects that have some stay.

        Those too that were handed over or waived: somebody still works on them.
        """
        sudo, customer = self.env(su=True), self.commercial_partner_id
        busy = sudo["project.project"]
        for code in ("tasks", "milestones"):
            check = self._get_check(code)
            ids = self._find_open(check, customer, self.company_id)[customer.id]
            ids = ids - self._get_dropped_ids(check)
            busy |= sudo[check.opens].browse(ids).project_id
        theirs = Domain("company_id", "in", [self.company_id.id, False])
        theirs &= Domain(
            "partner_id.commercial_partner_id", "=", self.commercial_partner_id.id
        )
        projects = sudo["project.project"].search(theirs)
        return projects.filtered(lambda project: not project.is_template) - busy

    def _get_dropped_ids(self, check):
        """What stays open though nobody will ever do it."""
        if "drop" not in check.keeps_open:
            return set()
        # sudo: a decision counts the same, whoever looks
        dropped = self.sudo().waiver_ids.filtered(
            lambda waiver: waiver.code == check.code and waiver.decision == "dropped"
        )
        return set(dropped.mapped("res_id"))

    def _close_projects(self, projects):
        """Odoo archives the tasks too: remember which were archived before."""
        tasks = projects.env["project.task"].with_context(active_test=False)
        archived = dict(
            tasks._read_group(
                [("project_id", "in", projects.ids), ("active", "=", False)],
                ["project_id"],
                ["id:array_agg"],
            )
        )
        projects.action_archive()
        return {
            project: {"archived": archived.get(project, [])} for project in projects
        }

    def _reopen_project(self, project, before):
        project.exists().action_unarchive()
        tasks = project.env["project.task"].browse(before["archived"])
        tasks.exists().action_archive()

    # Access

    def _revoke_portal(self, users):
        """As Odoo's wizard does, which archives the user and ends the sessions."""
        before = {user: {} for user in users}
        wizard = users.env["portal.wizard"].create(
            {"partner_ids": [Command.set(users.partner_id.ids)]}
        )
        for line in wizard.user_ids.filtered(lambda line: line.user_id in users):
            line.action_revoke_access()
        return before

    def _grant_portal(self, user, _before):
        """Without the wizard, which would write to the customer."""
        portal = self.env.ref("base.group_portal")
        public = self.env.ref("base.group_public")
        user.exists().write(
            {
                "active": True,
                "group_ids": [Command.unlink(public.id), Command.link(portal.id)],
            }
        )

    def _find_links(self):
        """Documents of several models: a list of recordsets, each of one model."""
        found = [
            self._find_at_gate(self._get_check(code).model, code) for code in LINK_CODES
        ]
        return [documents for documents in found if documents]

    def _revoke_links(self, documents):
        before = {
            document: {"access_token": document.access_token} for document in documents
        }
        documents.write({"access_token": False})
        return before

    def _restore_link(self, document, before):
        """Unless a newer one was given out since."""
        document.exists().filtered(lambda found: not found.access_token).write(before)

    def _remove_rows(self, rows):
        """Followers and collaborators are rows of their own: keep what they said."""
        before = {row: self._read_row(row) for row in rows}
        rows.unlink()
        return before

    def _read_row(self, row):
        if row._name == "mail.followers":
            return {
                "res_model": row.res_model,
                "res_id": row.res_id,
                "partner_id": row.partner_id.id,
                "subtype_ids": row.subtype_ids.ids,
            }
        return {
            "project_id": row.project_id.id,
            "partner_id": row.partner_id.id,
            "limited_access": row.limited_access,
        }

    def _restore_row(self, row, before):
        """Unless they are back already, or they, or what they followed, are gone."""
        owner = self.env[before.get("res_model", "project.project")].sudo()
        owner = owner.browse(before.get("res_id") or before["project_id"]).exists()
        partner = self.env["res.partner"].sudo().browse(before["partner_id"]).exists()
        key = {name: value for name, value in before.items() if name in ROW_KEY}
        domain = [(name, "=", value) for name, value in key.items()]
        if owner and partner and not row.search_count(domain, limit=1):
            row.create(before)


# What identifies a follower, or a collaborator
ROW_KEY = {"res_model", "res_id", "project_id", "partner_id"}
