from functools import cache, partial

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .customer_exit_gate_checks import GateCheck
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

    def _get_access_checks(self, spare=True):
        """Whom a sister company serves keeps what is not of this company alone."""
        spared = cache(lambda company: self._get_spared(company) if spare else [])
        ours = partial(self._in_company_or_theirs, spared)
        return [
            self._get_portal_users_check(spared),
            *self._get_link_checks(ours),
            self._get_collaborators_check(ours),
            self._get_followers_check(spared),
        ]

    def _in_company_or_theirs(
        self,
        spared,
        company,
        path="partner_id.commercial_partner_id",
        company_path="company_id",
    ):
        """Of this company; of none in particular too, but for spared customers."""
        of_none = Domain(company_path, "=", False) & Domain(
            path, "not in", spared(company)
        )
        return Domain(company_path, "=", company.id) | of_none

    def _get_portal_users_check(self, spared):
        portal = self.env.ref("base.group_portal")
        return GateCheck(
            "portal_users",
            self.env._("Portal users"),
            self.env._("They can log in and see what is shared with their company."),
            "res.users",
            lambda company: (
                Domain("active", "=", True)
                & Domain("group_ids", "in", portal.ids)
                & Domain("partner_id.commercial_partner_id", "not in", spared(company))
            ),
            ways={"drop": self._drop_access},
            get_obstacles=self._get_access_obstacles,
        )

    # Documents that are shared by link

    def _get_link_checks(self, ours):
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
                lambda company: HAS_LINK & ours(company),
            ),
            self._get_link_check(
                "shared_tasks",
                self.env._("Tasks shared by link"),
                "project.task",
                lambda company: (
                    HAS_LINK
                    & ours(company)
                    & ours(company, "project_id.partner_id.commercial_partner_id")
                ),
                paths=BY_TASK_OR_PROJECT,
            ),
        ]

    def _get_link_check(self, code, label, model, get_domain, **options):
        meaning = self.env._("Whoever has the link can open them.")
        return GateCheck(
            code,
            label,
            meaning,
            model,
            get_domain,
            ways={"drop": self._drop_access},
            get_obstacles=self._get_access_obstacles,
            **options,
        )

    def _get_shared_invoices_domain(self, company):
        """What is still to be paid stays open to the customer who has to pay it."""
        return (
            HAS_LINK
            & Domain("company_id", "=", company.id)
            & ~(Domain("state", "=", "posted") & Domain("amount_residual", "!=", 0))
        )

    # Who works or reads along

    def _get_collaborators_check(self, ours):
        return GateCheck(
            "collaborators",
            self.env._("Collaborators on our projects"),
            self.env._("They can work on projects that were shared with them."),
            "project.collaborator",
            lambda company: ours(company, company_path="project_id.company_id"),
            ways={"drop": self._drop_access},
            get_obstacles=self._get_access_obstacles,
        )

    def _get_followers_check(self, spared):
        return GateCheck(
            "followers",
            self.env._("Subscriptions"),
            self.env._(
                "Their people follow our documents and are written to about them."
            ),
            "mail.followers",
            lambda company: self._get_followers_domain(company, spared(company)),
            ways={"drop": self._drop_access},
            get_obstacles=self._get_access_obstacles,
        )

    def _get_followers_domain(self, company, spared):
        """Subscriptions to what is of this company, or of none in particular.

        Those of spared customers to what is of this company alone.
        """
        here = self._get_followed_domain(company, company.id)
        if not spared:
            return here
        path = "partner_id.commercial_partner_id"
        return here & (
            Domain(path, "not in", spared) | self._get_followed_domain(company, 0)
        )

    def _get_followed_domain(self, company, of_none):
        """`of_none` is the company that what is of none counts for."""

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
                    of_none,
                    company.id,
                )
                for name in FOLLOWED_MODELS
            )
            return SQL("(%s)", followed)

        for name in FOLLOWED_MODELS:
            self.env[name].flush_model(["company_id"])
        return Domain.custom(to_sql=is_in_company)
