from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .customer_exit_gate_checks import GateCheck, in_company
from .customer_exit_gate_work import BY_TASK_OR_PROJECT

# What customers may follow, and so be written to about.
FOLLOWED_MODELS = (
    "sale.order",
    "account.move",
    "crm.lead",
    "project.project",
    "project.task",
    "res.partner",
)

HAS_LINK = Domain("access_token", "not in", [False, ""])


class CustomerExit(models.Model):
    """By which ways a customer may still see, or hear, what is ours."""

    _inherit = "customer.exit"

    def _get_access_checks(self):
        return [
            self._get_portal_users_check(),
            *self._get_link_checks(),
            self._get_collaborators_check(),
            self._get_followers_check(),
        ]

    def _get_portal_users_check(self):
        portal = self.env.ref("base.group_portal")
        return GateCheck(
            "portal_users",
            self.env._("Portal users"),
            self.env._("They can log in and see what is shared with their company."),
            "res.users",
            lambda _company: (
                Domain("active", "=", True) & Domain("group_ids", "in", portal.ids)
            ),
            ways={"drop": self._drop_access},
        )

    # Documents that are shared by link

    def _get_link_checks(self):
        return [
            self._get_link_check(
                "shared_orders",
                self.env._("Orders shared by link"),
                "sale.order",
                lambda company: HAS_LINK & Domain("company_id", "=", company.id),
            ),
            self._get_link_check(
                "shared_invoices",
                self.env._("Invoices shared by link"),
                "account.move",
                self._get_shared_invoices_domain,
                paths=("commercial_partner_id",),
            ),
            self._get_link_check(
                "shared_projects",
                self.env._("Projects shared by link"),
                "project.project",
                lambda company: HAS_LINK & in_company(company),
            ),
            self._get_link_check(
                "shared_tasks",
                self.env._("Tasks shared by link"),
                "project.task",
                lambda company: HAS_LINK & in_company(company),
                paths=BY_TASK_OR_PROJECT,
            ),
        ]

    def _get_link_check(self, code, label, model, get_domain, **options):
        meaning = self.env._("Whoever has the link can open them.")
        ways = {"drop": self._drop_access}
        return GateCheck(code, label, meaning, model, get_domain, ways=ways, **options)

    def _get_shared_invoices_domain(self, company):
        """What is still to be paid stays open to the customer who has to pay it."""
        return (
            HAS_LINK
            & Domain("company_id", "=", company.id)
            & ~(Domain("state", "=", "posted") & Domain("amount_residual", "!=", 0))
        )

    # Who works or reads along

    def _get_collaborators_check(self):
        return GateCheck(
            "collaborators",
            self.env._("Collaborators on our projects"),
            self.env._("They can work on projects that were shared with them."),
            "project.collaborator",
            lambda company: in_company(company, "project_id.company_id"),
            ways={"drop": self._drop_access},
        )

    def _get_followers_check(self):
        return GateCheck(
            "followers",
            self.env._("Subscriptions"),
            self.env._(
                "Their people follow our documents and are written to about them."
            ),
            "mail.followers",
            self._get_followers_domain,
            ways={"drop": self._drop_access},
        )

    def _get_followers_domain(self, company):
        """Subscriptions to what is of this company, or of none in particular."""

        def is_in_company(model, alias, _query):
            # SQL: what is followed is a model's name and an id, which the ORM cannot
            # join; looked up row by row, as customers follow few of all documents.
            followed = SQL(" OR ").join(
                SQL(
                    "%s = %s AND EXISTS (SELECT FROM %s AS document"
                    " WHERE document.id = %s"
                    " AND COALESCE(document.company_id, %s) = %s)",
                    model._field_to_sql(alias, "res_model"),
                    name,
                    SQL.identifier(self.env[name]._table),
                    model._field_to_sql(alias, "res_id"),
                    company.id,
                    company.id,
                )
                for name in FOLLOWED_MODELS
            )
            return SQL("(%s)", followed)

        for name in FOLLOWED_MODELS:
            self.env[name].flush_model(["company_id"])
        return Domain.custom(to_sql=is_in_company)
