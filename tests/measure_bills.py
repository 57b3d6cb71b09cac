"""What customers of a generated world are billed, and how they pay."""

from collections import defaultdict
from datetime import timedelta

from odoo import Command


class Bills:
    """The part of `Facts` that knows invoices, credit notes and payments."""

    def _tell_bills(self):
        for _bill in range(self.pick(1, 1, 2, 3)):
            billed_on = self.day()
            ours = self.customer.story.is_ours
            self.told["bills"].append(
                {
                    "company": self.company,
                    "payments": [
                        (self.pick(0.2, 0.5, 1), self.pick(-40, 0, 1, 30, 31, 75))
                        for _payment in range(self.pick(0, 1, 1, 2))
                    ],
                    "settles": not ours and self.maybe(0.08),
                    "keep_draft": self.maybe(0.08),
                    "vals": self._prepare_bill("out_invoice", billed_on),
                }
            )
            if self.maybe(0.35):
                self.told["bills"].append(
                    {
                        "company": self.company,
                        "payments": [],
                        "settles": not ours and self.maybe(0.08),
                        "keep_draft": self.maybe(0.05),
                        "vals": self._prepare_bill("out_refund", self.day()),
                        "credits": self.maybe(0.6),
                    }
                )

    def _prepare_bill(self, move_type, billed_on):
        foreign = self.maybe(0.3)
        return {
            "move_type": move_type,
            "partner_id": self.person(),
            "company_id": self.company.id,
            "invoice_date": billed_on,
            "currency_id": (
                self.stage.currency if foreign else self.company.currency_id
            ).id,
            **self._prepare_due(billed_on),
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": "Advice",
                        "quantity": 1,
                        "price_unit": self._pick_price(move_type),
                        "tax_ids": [Command.set(self._pick_taxes())],
                    }
                )
            ],
        }

    def _pick_price(self, move_type):
        """Most credit notes are smaller than invoices: customers yield something."""
        if self.maybe(0.05):
            return 0
        share = self.pick(0.1, 0.3, 1) if move_type == "out_refund" else 1
        return round(self.amount() * share, 2)

    def _pick_taxes(self):
        return self.stage.taxes[self.company].ids if self.maybe(0.3) else []

    def _prepare_due(self, billed_on):
        if self.maybe(0.4):
            return {"invoice_payment_term_id": self.stage.instalments.id}
        due_in = self.pick(0, 14, 30, (self.today - billed_on).days)
        return {
            "invoice_payment_term_id": False,
            "invoice_date_due": billed_on + timedelta(max(0, due_in)),
        }

    def _record_bills(self):
        for company in self.stage.companies:
            told = [bill for bill in self.told["bills"] if bill["company"] == company]
            bills = self.make("account.move", [bill["vals"] for bill in told], company)
            posted = bills.browse(
                move.id
                for move, bill in zip(bills, told, strict=True)
                if not bill["keep_draft"]
            )
            posted._post(soft=False)
            plan, payments = [], defaultdict(list)
            for move, bill in zip(bills, told, strict=True):
                if bill["settles"]:
                    self.update(move, exit_id=self._get_exit(move).id)
                if move in posted:
                    for share, delay in bill["payments"]:
                        self._pay(move, share, delay, payments)
                    if bill.get("credits"):
                        plan.append(bills[bills.ids.index(move.id) - 1] | move)
            # Credit notes first: what is paid before may leave nothing to credit.
            self._reconcile(
                [get_receivable(pair.line_ids) for pair in plan if pair <= posted]
                + self._record_payments(company, payments)
            )

    def _get_exit(self, move):
        key = move.partner_id.commercial_partner_id, move.company_id
        if key not in self.exits:
            customer, company = key
            self.exits[key] = self.make(
                "customer.exit",
                [{"partner_id": customer.id, "company_id": company.id}],
            )
            self.update(self.exits[key], state="closed")
        return self.exits[key]

    def _pay(self, move, share, delay, payments):
        """Note a payment on one of the lines: instalments are paid apart.

        All payments of half a month come on one day: one entry costs as much as ten.
        """
        line = self.chance.choice(get_receivable(move.line_ids))
        amount = move.currency_id.round(line.amount_currency * share)
        paid_on = min(self.today, move.invoice_date + timedelta(delay))
        paid_on = paid_on.replace(day=1 if paid_on.day < 15 else 15)
        if amount:
            payments[paid_on].append((line, amount))

    def _record_payments(self, company, payments):
        entries = self.make(
            "account.move",
            [
                self._prepare_payment(company, paid_on, paid)
                for paid_on, paid in payments.items()
            ],
            company,
        )
        entries._post(soft=False)
        return [
            line | entry_line
            for entry, paid in zip(entries, payments.values(), strict=True)
            for (line, _amount), entry_line in zip(
                paid, get_receivable(entry.line_ids).sorted("id"), strict=True
            )
        ]

    def _prepare_payment(self, company, paid_on, paid):
        return {
            "move_type": "entry",
            "date": paid_on,
            "journal_id": self.stage.journals[company].id,
            "line_ids": [
                Command.create(
                    {
                        "name": "Payment",
                        "currency_id": line.currency_id.id,
                        "account_id": account.id,
                        "partner_id": line.partner_id.id,
                        "amount_currency": sign * amount,
                    }
                )
                for line, amount in paid
                for sign, account in (
                    (-1, line.account_id),
                    (1, self.stage.banks[company]),
                )
            ],
        }

    def _reconcile(self, plan):
        plan = [lines for lines in plan if all(lines.mapped("balance"))]
        self.env["account.move.line"]._reconcile_plan(plan)


def get_receivable(lines):
    return lines.filtered(
        lambda line: line.account_id.account_type == "asset_receivable"
    )
