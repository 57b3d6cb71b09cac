from collections.abc import Callable
from typing import NamedTuple

from odoo import models
from odoo.fields import Domain

BY_ORDER = ("order_id.partner_id.commercial_partner_id",)


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
    # After these verbs the record stays open, and stops counting
    keeps_open: tuple = ("hand_over",)
    # These verbs take a reason
    because: tuple = ()
    # What to do about it, where that is not settling at the gate
    advice: str = ""
    # Why it cannot be settled by any of these verbs now, as {code: sentence}
    get_obstacles: Callable = dict

    @property
    def opens(self):
        """The model of the records that the check opens."""
        return self.target_model or self.model


def in_company(company, path="company_id"):
    """Of this company, or of none in particular."""
    return Domain(path, "in", [company.id, False])


class CustomerExit(models.Model):
    """What may be left open with a customer, of money and sales: a method a check.

    Work and access: customer_exit_gate_work.py, customer_exit_gate_access.py.
    """

    _inherit = "customer.exit"

    def _get_gate_checks(self):
        """Hook: the checks of the gate, in the order in which they are shown."""
        return [
            *self._get_billing_checks(),
            *self._get_payment_checks(),
            self._get_quotations_check(),
            self._get_leads_check(),
            *self._get_work_checks(),
            *self._get_access_checks(),
        ]

    # What is to be billed

    def _get_billing_checks(self):
        return [
            self._get_unbilled_time_check(),
            self._get_delivered_check(),
            self._get_down_payments_check(),
            self._get_unsettled_check(),
        ]

    def _get_unbilled_time_check(self):
        return GateCheck(
            "unbilled_time",
            self.env._("Unbilled time"),
            self.env._(
                "Hours sold by time that no invoice holds: the final invoice does."
            ),
            "account.analytic.line",
            self._get_unbilled_time_domain,
            paths=BY_ORDER,
        )

    def _get_unbilled_time_domain(self, company):
        return Domain(
            [
                ("project_id", "!=", False),
                ("timesheet_invoice_type", "=", "billable_time"),
                ("timesheet_invoice_id", "=", False),
                ("so_line.qty_to_invoice", "!=", 0),
                ("order_id.state", "=", "sale"),
                ("company_id", "=", company.id),
            ]
        )

    def _get_delivered_check(self):
        return GateCheck(
            "delivered_uninvoiced",
            self.env._("Delivered, not invoiced"),
            self.env._(
                "Order lines to be billed or refunded: the final invoice does both."
            ),
            "sale.order.line",
            self._get_delivered_domain,
            paths=BY_ORDER,
        )

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

    def _get_down_payments_check(self):
        return GateCheck(
            "down_payments",
            self.env._("Unused down payments"),
            self.env._(
                "Paid in advance and not deducted: the final invoice deducts them."
            ),
            "sale.order.line",
            self._get_down_payments_domain,
            paths=BY_ORDER,
        )

    def _get_down_payments_domain(self, company):
        return Domain(
            [
                ("is_downpayment", "=", True),
                ("display_type", "=", False),
                ("qty_to_invoice", "<", 0),
                ("company_id", "=", company.id),
            ]
        )

    def _get_unsettled_check(self):
        return GateCheck(
            "unsettled",
            self.env._("No longer settled"),
            self.env._(
                "Delivered, billed or credited since the final invoice, or a document "
                "of theirs was cancelled."
            ),
            "sale.order.line",
            self._get_unsettled_domain,
            paths=BY_ORDER,
            advice=self.env._(
                "Go back to the wrap-up: the next final invoice bills or credits this "
                "and nothing else. Or waive it with a reason."
            ),
        )

    # What is to be paid

    def _get_payment_checks(self):
        return [
            self._get_draft_invoices_check(),
            self._get_unpaid_invoices_check(),
            self._get_unallocated_payments_check(),
        ]

    def _get_draft_invoices_check(self):
        return GateCheck(
            "draft_invoices",
            self.env._("Draft invoices"),
            self.env._("Prepared and never sent: post them, or drop them."),
            "account.move",
            self._get_draft_invoices_domain,
            paths=("commercial_partner_id",),
            ways={"drop": self._drop_draft_invoices},
        )

    def _get_draft_invoices_domain(self, company):
        return Domain(
            [
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "=", "draft"),
                ("company_id", "=", company.id),
            ]
        )

    def _get_unpaid_invoices_check(self):
        return GateCheck(
            "unpaid_invoices",
            self.env._("Unpaid invoices"),
            self.env._("Have them paid, or decide what becomes of what stays unpaid."),
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
        )

    def _get_unallocated_payments_check(self):
        return GateCheck(
            "unallocated_payments",
            self.env._("Payments not allocated"),
            self.env._("Received, and settling no invoice yet."),
            "account.move.line",
            lambda company: (
                Domain(self._get_unallocated_domain())
                & Domain("company_id", "=", company.id)
            ),
            advice=self.env._("Reconcile them with an invoice, or pay them back."),
        )

    # What is still being sold

    def _get_quotations_check(self):
        return GateCheck(
            "quotations",
            self.env._("Open quotations"),
            self.env._("The customer could still accept them."),
            "sale.order",
            lambda company: (
                Domain("state", "in", ("draft", "sent"))
                & Domain("company_id", "=", company.id)
            ),
            ways={"drop": self._drop_quotations},
        )

    def _get_leads_check(self):
        return GateCheck(
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
        )
