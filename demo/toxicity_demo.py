import logging
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Scores are remembered as they were before the signals younger than this.
HISTORY_DAYS = 30


class ToxicityDemo(models.AbstractModel):
    """Builds the demo stories through Odoo's own steps, dated relative to today.

    Real confirmations, invoices, payments and timesheets cannot be written as
    records. So the demo's XML holds who and what there is, and calls ``_load`` for
    what happened. All methods are private: nobody reaches them from outside.
    """

    _name = "toxicity.demo"
    _description = "Demo stories"

    @api.model
    def _load(self):
        """Tell every story, once."""
        customers = self._get_customers()
        if self.env["sale.order"].search_count(
            [
                ("partner_id", "in", customers.ids),
                ("company_id", "=", self.env.company.id),
            ],
            limit=1,
        ):
            return
        if not self._has_chart():
            _logger.info(
                "%s has no chart of accounts: the demo is without invoices.",
                self.env.company.name,
            )
        # No mail goes out, and nothing needs to be logged on fifty documents.
        quiet = self.with_context(tracking_disable=True, no_mail_to_attendees=True)
        customers.user_id = self._get_salesperson()
        for story in quiet._get_stories():
            story()
        # Once more, now that there is a past to compare with.
        self.env["toxicity.score"]._rescore(customers)

    @api.model
    def _get_stories(self):
        """Hook: the methods that each tell the story of one customer."""
        return []

    # -- who -----------------------------------------------------------------------

    @api.model
    def _get(self, model, name):
        """The demo record of that model and name."""
        table = model.replace(".", "_")
        return self.env.ref(f"toxic_customer_exit.{table}_demo_{name}")

    @api.model
    def _get_customers(self):
        """The customers of the demo, in the order of its file."""
        names = self.env["ir.model.data"].search(
            [
                ("module", "=", "toxic_customer_exit"),
                ("name", "=like", r"res\_partner\_demo\_%"),
            ]
        )
        partners = self.env["res.partner"].browse(
            names.sorted("res_id").mapped("res_id")
        )
        return partners.filtered("is_company")

    @api.model
    def _get_product(self, name):
        return self.env.ref(f"toxic_customer_exit.product_demo_{name}")

    @api.model
    def _get_salesperson(self):
        return self.env.ref("base.user_demo", False) or self._get_manager()

    @api.model
    def _get_manager(self):
        return self.env.ref("base.user_admin")

    @api.model
    def _has_chart(self):
        return bool(self.env.company.chart_template)

    # -- when ----------------------------------------------------------------------

    @api.model
    def _day(self, days):
        """A working day about so many days ago; in the future when negative."""
        day = fields.Date.today() - timedelta(days=days)
        return day - timedelta(days=max(0, day.weekday() - 4))

    @api.model
    def _at(self, days, hour):
        """That day at that hour, in UTC."""
        return fields.Datetime.to_datetime(self._day(days)) + timedelta(hours=hour)

    # -- selling -------------------------------------------------------------------

    @api.model
    def _quote(self, customer, lines, **values):
        """A quotation; lines are (product, quantity[, discount])."""
        return self.env["sale.order"].create(
            {
                "partner_id": customer.id,
                "user_id": self._get_salesperson().id,
                "order_line": [
                    Command.create(self._prepare_line_vals(*line)) for line in lines
                ],
                **values,
            }
        )

    @api.model
    def _prepare_line_vals(self, product, quantity, discount=0.0):
        return {
            "product_id": self._get_product(product).id,
            "product_uom_qty": quantity,
            "discount": discount,
        }

    @api.model
    def _sell(self, customer, days, lines, name=None):
        """A quotation confirmed so many days ago; its project gets the name."""
        order = self._quote(customer, lines)
        order.action_confirm()
        order.date_order = self._at(days, 10)
        if name:
            order.project_ids.name = f"{customer.name}: {name}"
        return order

    @api.model
    def _open_opportunity(self, customer, name, revenue, meeting_in):
        contact = customer.child_ids[:1]
        self.env["crm.lead"].create(
            {
                "name": name,
                "type": "opportunity",
                "partner_id": contact.id,
                "user_id": self._get_salesperson().id,
                "expected_revenue": revenue,
            }
        )
        if meeting_in:
            self._meet(contact, meeting_in, 1, f"{customer.name}: {name}")

    @api.model
    def _get_order_line(self, order, product):
        product = self._get_product(product)
        return order.order_line.filtered(lambda line: line.product_id == product)[:1]

    # -- working -------------------------------------------------------------------

    @api.model
    def _work(self, order, product, entries):
        """Timesheets on the task of an order line: (days ago, who, hours, what)."""
        task = self._get_order_line(order, product).task_id
        return self.env["account.analytic.line"].create(
            [
                {
                    "project_id": task.project_id.id,
                    "task_id": task.id,
                    "employee_id": self._get("hr.employee", who).id,
                    "date": self._day(days),
                    "unit_amount": hours,
                    "name": what,
                }
                for days, who, hours, what in entries
            ]
        )

    @api.model
    def _meet(self, contact, days, hours, subject):
        """A meeting of the salesperson with somebody of a customer."""
        salesperson = self._get_salesperson()
        start = self._at(days, 14)
        self.env["calendar.event"].create(
            {
                "name": subject,
                "user_id": salesperson.id,
                "partner_ids": [
                    Command.set((contact | salesperson.partner_id).ids),
                ],
                "start": start,
                "stop": start + timedelta(hours=hours),
            }
        )

    # -- billing -------------------------------------------------------------------

    @api.model
    def _bill(self, order, days, paid_after=None):
        """Invoice what is to invoice; paid so many days after the invoice."""
        if self._has_chart():
            self._post(order._create_invoices(), days, paid_after)

    @api.model
    def _bill_down_payment(self, order, percentage, days, paid_after=None):
        if not self._has_chart():
            return
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "percentage", "amount": percentage})
        )
        self._post(wizard._create_invoices(order), days, paid_after)

    @api.model
    def _post(self, invoice, days, paid_after):
        invoice.invoice_date = self._day(days)
        invoice.action_post()
        if paid_after is not None:
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({"payment_date": self._day(days - paid_after)})._create_payments()

    # -- noticing ------------------------------------------------------------------

    @api.model
    def _signals(self, source, signals, contact=None):
        """Record (days ago, indicator, severity, what happened[, by manager]).

        In between the scores are kept as of a month ago, so that there is a trend:
        everything is computed as of today, only the younger signals are not there.
        """
        customer = source.partner_id.commercial_partner_id
        recorded = self.env["toxicity.signal"]
        past = [signal for signal in signals if signal[0] > HISTORY_DAYS]
        recent = [signal for signal in signals if signal[0] <= HISTORY_DAYS]
        vals = {
            "partner_id": customer.id,
            "contact_id": contact.id if contact else False,
            "company_id": self.env.company.id,
            "res_model": source._name,
            "res_id": source.id,
        }
        recorded += recorded.create([self._prepare_signal_vals(vals, *s) for s in past])
        self._remember(customer)
        recorded += recorded.create(
            [self._prepare_signal_vals(vals, *s) for s in recent]
        )
        return recorded

    @api.model
    def _prepare_signal_vals(self, vals, days, code, severity, description, by=None):
        return {
            **vals,
            "indicator_id": self.env.ref(f"toxic_customer_exit.indicator_{code}").id,
            "date": self._day(days),
            "severity": severity,
            "description": description,
            "user_id": (by or self._get_salesperson()).id,
        }

    @api.model
    def _claim(self, source, contact, **values):
        """What somebody of a customer claimed when the order was agreed on."""
        return self.env["customer.claim"].create(
            {
                "partner_id": source.partner_id.commercial_partner_id.id,
                "contact_id": contact.id,
                "company_id": source.company_id.id,
                "user_id": self._get_salesperson().id,
                "res_model": source._name,
                "res_id": source.id,
                **values,
            }
        )

    @api.model
    def _remember(self, customer):
        self.env["toxicity.score"]._rescore(customer)
        self.env["toxicity.score.snapshot"]._take(
            SQL("score.partner_id = %s", customer.id), self._day(HISTORY_DAYS)
        )

    # -- offering to go on otherwise -------------------------------------------------

    @api.model
    def _offer_options(self, case, days, kinds):
        """Options that were offered that many days ago, without a mail of course."""
        offer = (
            self.env["customer.exit.offer"]
            .sudo()
            .create(
                {
                    "exit_id": case.id,
                    "partner_id": case.partner_id.id,
                    "date_sent": self._at(days, 9),
                }
            )
        )
        options = self.env["customer.exit.option"].sudo()
        for kind in kinds:
            template = self.env.ref(
                f"toxic_customer_exit.customer_exit_option_template_{kind}"
            )
            options |= options.create(
                {
                    "exit_id": case.id,
                    "offer_id": offer.id,
                    "template_id": template.id,
                    "date_answer_by": self._day(days - template.answer_days),
                    "is_feasible": True,
                    "is_realistic": True,
                    "state": "offered",
                }
            )
        case.sudo()._move_to("options")
        return options

    @api.model
    def _decline_options(self, options, words):
        options.write(
            {
                "state": "declined",
                "answer_comment": words,
                "date_answered": fields.Datetime.now(),
            }
        )
