from collections.abc import Callable
from typing import NamedTuple

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

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


class GateCheck(NamedTuple):
    """One kind of thing that may still be open with a customer.

    `get_domain(company)` says what is open; each of `paths` leads to the customer.
    `ways` are the verbs that settle it: {"finish" | "hand_over" | "drop": method},
    called with the exit, the records and the settling wizard.
    """

    code: str
    label: str
    meaning: str
    model: str
    get_domain: Callable
    paths: tuple = ("partner_id.commercial_partner_id",)
    # The field that names what is opened, and its model where it is another one
    target: str = "id"
    target_model: str = ""
    ways: dict = {}
    # What to do about it, where that is not settling at the gate
    advice: str = ""

    @property
    def opens(self):
        """The model of the records that the check opens."""
        return self.target_model or self.model


def in_company(company, path="company_id"):
    """Of this company, or of none in particular."""
    return Domain(path, "in", [company.id, False])


class CustomerExit(models.Model):
    """What may be left open with a customer: one check per kind of record."""

    _inherit = "customer.exit"

    def _get_gate_checks(self):
        """Hook: the checks of the gate, in the order in which they are shown."""
        return [
            *self._get_money_checks(),
            *self._get_sales_checks(),
            *self._get_work_checks(),
            *self._get_access_checks(),
        ]

    def _get_money_checks(self):
        return [
            GateCheck(
                "unbilled_time",
                self.env._("Unbilled time"),
                self.env._(
                    "Hours sold by time that no invoice holds: the final invoice does."
                ),
                "account.analytic.line",
                lambda company: Domain(
                    [
                        ("project_id", "!=", False),
                        ("timesheet_invoice_type", "=", "billable_time"),
                        ("timesheet_invoice_id", "=", False),
                        ("so_line.qty_to_invoice", "!=", 0),
                        ("order_id.state", "=", "sale"),
                        ("company_id", "=", company.id),
                    ]
                ),
                paths=("order_id.partner_id.commercial_partner_id",),
            ),
            GateCheck(
                "delivered_uninvoiced",
                self.env._("Delivered, not invoiced"),
                self.env._(
                    "Order lines to be billed or refunded: the final invoice does both."
                ),
                "sale.order.line",
                self._get_delivered_domain,
                paths=("order_id.partner_id.commercial_partner_id",),
            ),
            GateCheck(
                "draft_invoices",
                self.env._("Draft invoices"),
                self.env._("Prepared and never sent: post them, or drop them."),
                "account.move",
                lambda company: Domain(
                    [
                        ("move_type", "in", ("out_invoice", "out_refund")),
                        ("state", "=", "draft"),
                        ("company_id", "=", company.id),
                    ]
                ),
                paths=("commercial_partner_id",),
                ways={"drop": self._drop_draft_invoices},
            ),
            GateCheck(
                "unpaid_invoices",
                self.env._("Unpaid invoices"),
                self.env._(
                    "Have them paid, or decide what becomes of what stays unpaid."
                ),
                "account.move",
                lambda company: (
                    Domain(self._get_unpaid_invoices_domain())
                    & Domain("company_id", "=", company.id)
                ),
                paths=("commercial_partner_id",),
                advice=self.env._(
                    "Have them paid, or decide that they are written off or left open, "
                    "with a reason."
                ),
            ),
            GateCheck(
                "unallocated_payments",
                self.env._("Payments not allocated"),
                self.env._("Received, and settling no invoice yet."),
                "account.move.line",
                lambda company: (
                    Domain(self._get_unallocated_domain())
                    & Domain("company_id", "=", company.id)
                ),
                advice=self.env._("Reconcile them with an invoice, or pay them back."),
            ),
            GateCheck(
                "down_payments",
                self.env._("Unused down payments"),
                self.env._(
                    "Paid in advance and not deducted: the final invoice deducts them."
                ),
                "sale.order.line",
                lambda company: Domain(
                    [
                        ("is_downpayment", "=", True),
                        ("display_type", "=", False),
                        ("qty_to_invoice", "<", 0),
                        ("company_id", "=", company.id),
                    ]
                ),
                paths=("order_id.partner_id.commercial_partner_id",),
            ),
            GateCheck(
                "unsettled",
                self.env._("No longer settled"),
                self.env._(
                    "Delivered, billed or credited since the final invoice, or a "
                    "document of theirs was cancelled."
                ),
                "sale.order.line",
                self._get_unsettled_domain,
                paths=("order_id.partner_id.commercial_partner_id",),
                advice=self.env._(
                    "Go back to the wrap-up: the next final invoice bills or credits "
                    "this and nothing else. Or waive it with a reason."
                ),
            ),
        ]

    def _get_delivered_domain(self, company):
        """Time is left to its own check; undelivered lines owe nobody anything."""
        return Domain(
            [
                ("state", "=", "sale"),
                ("display_type", "=", False),
                ("is_downpayment", "=", False),
                ("qty_delivered_method", "!=", "timesheet"),
                ("qty_to_invoice", "!=", 0),
                "|",
                ("qty_delivered", "!=", 0),
                ("qty_invoiced", "!=", 0),
                ("company_id", "=", company.id),
            ]
        )

    def _get_sales_checks(self):
        return [
            GateCheck(
                "quotations",
                self.env._("Open quotations"),
                self.env._("The customer could still accept them."),
                "sale.order",
                lambda company: Domain(
                    [
                        ("state", "in", ("draft", "sent")),
                        ("company_id", "=", company.id),
                    ]
                ),
                ways={"drop": self._drop_quotations},
            ),
            GateCheck(
                "leads",
                self.env._("Open leads"),
                self.env._("Someone may still be selling to this customer."),
                "crm.lead",
                lambda company: (
                    Domain("won_status", "=", "pending")
                    & Domain("active", "=", True)
                    & in_company(company)
                ),
                ways={"hand_over": self._hand_over_leads, "drop": self._drop_leads},
            ),
        ]

    def _get_work_checks(self):
        return [
            GateCheck(
                "tasks",
                self.env._("Open tasks"),
                self.env._("Work not done: finish it, hand it over, or drop it."),
                "project.task",
                lambda company: (
                    Domain("is_closed", "=", False)
                    & Domain("active", "=", True)
                    & Domain("has_template_ancestor", "=", False)
                    & in_company(company)
                ),
                paths=(
                    "partner_id.commercial_partner_id",
                    "project_id.partner_id.commercial_partner_id",
                ),
                ways={
                    "finish": self._finish_tasks,
                    "hand_over": self._hand_over_tasks,
                    "drop": self._drop_tasks,
                },
            ),
            GateCheck(
                "milestones",
                self.env._("Open milestones"),
                self.env._(
                    "Promised and not reached. A reached milestone can be billed."
                ),
                "project.milestone",
                lambda company: (
                    Domain("is_reached", "=", False)
                    & Domain("project_id.active", "=", True)
                    & in_company(company, "project_id.company_id")
                ),
                paths=("project_id.partner_id.commercial_partner_id",),
                ways={"finish": self._finish_milestones},
            ),
            GateCheck(
                "meetings",
                self.env._("Planned meetings"),
                self.env._("Somebody of theirs is invited to what is still to come."),
                "calendar.attendee",
                lambda _company: (
                    Domain("event_id.stop", ">=", fields.Datetime.now())
                    & Domain("event_id.active", "=", True)
                ),
                target="event_id",
                target_model="calendar.event",
                ways={"drop": self._drop_meetings},
            ),
        ]

    def _get_access_checks(self):
        by_link = self.env._("Whoever has the link can open them.")
        portal = self.env.ref("base.group_portal")
        return [
            GateCheck(
                "portal_users",
                self.env._("Portal users"),
                self.env._(
                    "They can log in and see what is shared with their company."
                ),
                "res.users",
                lambda _company: (
                    Domain("active", "=", True) & Domain("group_ids", "in", portal.ids)
                ),
                ways={"drop": self._drop_access},
            ),
            GateCheck(
                "shared_orders",
                self.env._("Orders shared by link"),
                by_link,
                "sale.order",
                lambda company: HAS_LINK & Domain("company_id", "=", company.id),
                ways={"drop": self._drop_access},
            ),
            GateCheck(
                "shared_invoices",
                self.env._("Invoices shared by link"),
                by_link,
                "account.move",
                self._get_shared_invoices_domain,
                paths=("commercial_partner_id",),
                ways={"drop": self._drop_access},
            ),
            GateCheck(
                "shared_projects",
                self.env._("Projects shared by link"),
                by_link,
                "project.project",
                lambda company: HAS_LINK & in_company(company),
                ways={"drop": self._drop_access},
            ),
            GateCheck(
                "shared_tasks",
                self.env._("Tasks shared by link"),
                by_link,
                "project.task",
                lambda company: HAS_LINK & in_company(company),
                paths=(
                    "partner_id.commercial_partner_id",
                    "project_id.partner_id.commercial_partner_id",
                ),
                ways={"drop": self._drop_access},
            ),
            GateCheck(
                "collaborators",
                self.env._("Collaborators on our projects"),
                self.env._("They can work on projects that were shared with them."),
                "project.collaborator",
                lambda company: in_company(company, "project_id.company_id"),
                ways={"drop": self._drop_access},
            ),
            GateCheck(
                "followers",
                self.env._("Subscriptions"),
                self.env._(
                    "Their people follow our documents and are written to about them."
                ),
                "mail.followers",
                self._get_followers_domain,
                ways={"drop": self._drop_access},
            ),
        ]

    def _get_shared_invoices_domain(self, company):
        """What is still to be paid stays open to the customer who has to pay it."""
        return (
            HAS_LINK
            & Domain("company_id", "=", company.id)
            & ~(Domain("state", "=", "posted") & Domain("amount_residual", "!=", 0))
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
