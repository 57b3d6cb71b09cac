from datetime import date, timedelta

from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.toxic_customer_exit.models.toxicity_internal_thread import (
    MANAGER_GROUP,
    USER_GROUP,
)

__all__ = ["DECISION", "MANAGER_GROUP", "USER_GROUP", "ToxicityCommon"]

# What a manager writes down before approving an exit.
DECISION = {
    "approval_reason": "Enough",
    "ethics_checked": True,
    "few_options_reason": "Nothing else is left to try",
}


@tagged("post_install", "-at_install")
class ToxicityCommon(AccountTestInvoicingCommon):
    """A services company with one user per level, and factories for its records."""

    @classmethod
    def get_default_groups(cls):
        # The user who prepares the records; tests act as the users below.
        return (
            super().get_default_groups()
            | cls.quick_ref("sales_team.group_sale_manager")
            | cls.quick_ref("project.group_project_manager")
        )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.customer = cls.make_customer()
        cls.salesperson = cls.make_user(
            "salesperson", "sales_team.group_sale_salesman_all_leads"
        )
        cls.manager = cls.make_user(
            "manager", "sales_team.group_sale_manager,account.group_account_invoice"
        )
        cls.outsider = cls.make_user("outsider", "base.group_user")
        cls.hour = cls.env.ref("uom.product_uom_hour")
        cls.service_ordered = cls.make_service("Ordered advice", "ordered_prepaid")
        cls.service_delivered = cls.make_service("Delivered advice", "delivered_manual")

    @classmethod
    def make_user(cls, login, groups, **values):
        return new_test_user(
            cls.env,
            login=login,
            groups=groups,
            company_id=cls.env.company.id,
            company_ids=[Command.set(cls.env.company.ids)],
            **values,
        )

    @classmethod
    def make_clerk(cls, login="clerk", models=("sale.order", "sale.order.line")):
        """A colleague outside our groups who works on records of these models."""
        cls.env["ir.model.access"].sudo().create(
            [
                {
                    "name": f"{login} on {model}",
                    "model_id": cls.env["ir.model"]._get_id(model),
                    "group_id": cls.env.ref("base.group_user").id,
                    "perm_read": True,
                    "perm_write": True,
                    "perm_create": True,
                }
                for model in models
            ]
        )
        return cls.make_user(login, "base.group_user")

    @classmethod
    def make_customer(cls, **values):
        return cls.env["res.partner"].create(
            {"name": "Difficult Ltd", "is_company": True, **values}
        )

    @classmethod
    def make_service(cls, name, service_policy, **values):
        """A service sold by the hour at 100; policies as in sale_timesheet."""
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "service_policy": service_policy,
                "uom_id": cls.hour.id,
                "list_price": 100.0,
                "taxes_id": [Command.clear()],
                **values,
            }
        )

    @classmethod
    def make_order(cls, *lines, confirm=True, **values):
        """A sales order; each line is (product, quantity[, price[, discount]])."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "order_line": [
                    Command.create(cls._prepare_order_line_vals(*line))
                    for line in lines
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def _prepare_order_line_vals(cls, product, quantity, price=100.0, discount=0.0):
        return {
            "product_id": product.id,
            "product_uom_qty": quantity,
            "price_unit": price,
            "discount": discount,
        }

    @classmethod
    def make_signal(cls, code, user=None, **values):
        """A signal of the shipped indicator; serious and of today unless said."""
        return (
            cls.env["toxicity.signal"]
            .with_user(user or cls.salesperson)
            .create(
                {
                    "partner_id": cls.customer.id,
                    "indicator_id": cls.indicator(code).id,
                    "description": "Said so in the meeting.",
                    **values,
                }
            )
        )

    @classmethod
    def make_claim(cls, claimed=5_000_000, user=None, **values):
        """A claim of today, in a number unless the claim is a text."""
        field = "claimed_text" if isinstance(claimed, str) else "claimed_value"
        return (
            cls.env["customer.claim"]
            .with_user(user or cls.salesperson)
            .create(
                {
                    "partner_id": cls.customer.id,
                    "topic": "revenue",
                    field: claimed,
                    **values,
                }
            )
        )

    @classmethod
    def make_weight(cls, code, weight, company=None):
        """What the indicator weighs in the company; nobody is rescored by this."""
        return (
            cls.env["toxicity.weight"]
            .sudo()
            .create(
                {
                    "company_id": (company or cls.env.company).id,
                    "indicator_id": cls.indicator(code).id,
                    "weight": weight,
                }
            )
        )

    @classmethod
    def indicator(cls, code):
        return cls.env.ref(f"toxic_customer_exit.indicator_{code}")

    @classmethod
    def make_invoice(cls, amount, invoiced_on, due_on, customer=None, **values):
        """A posted customer invoice of one untaxed line."""
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (customer or cls.customer).id,
                "invoice_date": invoiced_on,
                "invoice_date_due": due_on,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Advice",
                            "quantity": 1,
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        move.action_post()
        return move

    @classmethod
    def pay(cls, invoice, amount, paid_on):
        """Pay a part of the invoice through Odoo's payment wizard."""
        cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount, "payment_date": paid_on})._create_payments()

    @classmethod
    def get_score(cls, customer=None, company=None):
        return cls.env["toxicity.score"].search(
            [
                ("partner_id", "=", (customer or cls.customer).id),
                ("company_id", "=", (company or cls.env.company).id),
            ]
        )

    @classmethod
    def rescore(cls, customers=None):
        cls.env["toxicity.score"]._rescore(customers or cls.customer)
        return cls.get_score(customers)

    @classmethod
    def days_ago(cls, days):
        return date.today() - timedelta(days=days)

    @classmethod
    def make_work(cls, hours, customer=None, cost=40.0, worked_on=None, user=None):
        """A timesheet on a project of the customer, at that cost an hour."""
        customer = customer or cls.customer
        project = cls.env["project.project"].search(
            [("partner_id", "=", customer.id), ("name", "=", "Advice")], limit=1
        ) or cls.env["project.project"].create(
            {
                "name": "Advice",
                "partner_id": customer.id,
                "company_id": cls.company.id,
                "allow_billable": True,
            }
        )
        return (
            cls.env["account.analytic.line"]
            .sudo()
            .create(
                {
                    "name": "Worked",
                    "project_id": project.id,
                    "employee_id": cls.get_employee(user, cost).id,
                    "unit_amount": hours,
                    "date": worked_on or date.today(),
                }
            )
        )

    @classmethod
    def get_employee(cls, user, cost):
        """The employee of the user, or another one, with that cost an hour."""
        user = user or cls.env["res.users"]
        employees = cls.env["hr.employee"].sudo()
        domain = [("user_id", "=", user.id), ("hourly_cost", "=", cost)]
        return employees.search(domain, limit=1) or employees.create(
            {
                "name": user.name or f"At {cost}",
                "user_id": user.id,
                "hourly_cost": cost,
                "company_id": cls.company.id,
            }
        )

    @classmethod
    def make_exit(cls, customer=None, state="wrap_up", is_told=True, **values):
        """An exit asked for by the salesperson, as far as `state` says.

        Once approved it takes effect at once, and the customer has been written to.
        """
        if state != "draft":
            values.setdefault("notice_days", 0)
        exit_case = (
            cls.env["customer.exit"]
            .with_user(cls.salesperson)
            .create({"partner_id": (customer or cls.customer).id, **values})
        )
        if state != "draft":
            exit_case = exit_case.with_user(cls.manager)
            exit_case.write(DECISION)
            exit_case.action_approve()
        if state == "wrap_up":
            exit_case.action_start_wrap_up()
            if is_told:
                # sudo: noted by the letter itself
                exit_case.sudo().date_closing_letter = date.today()
        return exit_case

    @classmethod
    def make_quarantine(cls, customer=None, state="active", **values):
        """A quarantine decided on by the manager, the salesperson being the contact."""
        quarantine = (
            cls.env["customer.quarantine"]
            .with_user(cls.manager)
            .create(
                {
                    "partner_id": (customer or cls.customer).id,
                    "reason": "Takes all our time",
                    "user_id": cls.salesperson.id,
                    **values,
                }
            )
        )
        if state in ("active", "review"):
            quarantine.action_start()
        if state == "review":
            quarantine.action_review()
        return quarantine

    @classmethod
    def close_exit(cls, exit_case):
        """Settle what has nothing to bill and close it; what is unpaid stays open."""
        exit_case = exit_case.with_user(cls.manager)
        exit_case.settlement_reason = "Nothing left"
        exit_case.action_settle_without_invoice()
        exit_case.write(
            {"open_amount_decision": "left_open", "open_amount_reason": "Promised"}
        )
        exit_case.action_close()
        return exit_case

    @classmethod
    def make_invoices(cls, orders, final=False):
        """Odoo's own invoicing of what is to invoice, posted."""
        moves = orders._create_invoices(final=final)
        moves.action_post()
        return moves

    @classmethod
    def make_credit_note(cls, invoice, quantities):
        """A posted credit note over part of an invoice: {product: quantity}."""
        reversal = (
            cls.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        reversal.refund_moves()
        credit_note = reversal.new_move_ids
        for line in credit_note.invoice_line_ids.filtered("product_id"):
            line.quantity = quantities.get(line.product_id, 0)
        credit_note.action_post()
        return credit_note

    @classmethod
    def make_down_payment(cls, order, post=True, **values):
        """A down payment through Odoo's wizard; `amount` is a percentage."""
        wizard = (
            cls.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "percentage", **values})
        )
        invoice = wizard._create_invoices(order)
        if post:
            invoice.action_post()
        return invoice
