"""The stories of settlement_world.py, lived in Odoo, and the books kept meanwhile.

The books say what has to be billed in the end. They know deliveries, bills and credit
notes as they happen, never what Odoo or the module made of them.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from odoo import Command

CENT = HUNDREDTH = Decimal("0.01")
ORDERED = {"ordered", "combo", "paid stages"}


def rounded(value):
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def exact(value):
    """A float as the decimal a person would write."""
    return Decimal(str(round(value, 6)))


@dataclass
class Page:
    """What the books hold about one order line."""

    price: Decimal
    discount: Decimal
    tax: str
    delivered: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    bills: list = field(default_factory=list)

    @property
    def net(self):
        return sum(self.bills, Decimal(0))

    def worth(self, quantity, price=None):
        """What a quantity comes to on one document, untaxed and rounded."""
        amount = quantity * (self.price if price is None else price)
        amount *= 1 - self.discount / 100
        if self.tax == "included":
            amount /= Decimal("1.21")
        return rounded(amount)

    def due(self, is_rebilled):
        forgiven = min(self.credited, max(Decimal(0), self.delivered - self.net))
        last = self.delivered - (0 if is_rebilled else forgiven) - self.net
        return sum(map(self.worth, [*self.bills, last]))


@dataclass
class Rebate(Page):
    """A discount on the whole order: due like what was delivered of the order."""

    # What the order prints, to which Odoo has already shared out its rounding
    printed: Decimal = Decimal(0)

    def worth(self, quantity, price=None):
        is_whole = price is None or price == self.price
        if is_whole and abs(quantity) == 1:
            return self.printed * quantity
        return super().worth(quantity, price)

    def due_for(self, share):
        if self.bills:
            last = (share.quantize(HUNDREDTH) if share else Decimal(0)) - self.net
            return sum(map(self.worth, [*self.bills, last]))
        return self.worth(Decimal(1), self.price * share)


class SettlementStage:
    """Mixin of a test: make_world, then live through its periods."""

    @classmethod
    def set_stage(cls):
        cls.products = {}
        taxes = {
            tax: cls.env["account.tax"].create(
                {
                    "name": f"21 {tax}",
                    "amount": 21,
                    "type_tax_use": "sale",
                    "price_include_override": f"tax_{tax}",
                }
            )
            for tax in ("excluded", "included")
        }
        policies = {
            "ordered": ("ordered_prepaid", {}),
            "delivered": ("delivered_manual", {}),
            "hours": ("delivered_timesheet", {}),
            "stages": ("delivered_manual", {"service_type": "milestones"}),
            "paid stages": ("ordered_prepaid", {"service_type": "milestones"}),
            "expense": ("ordered_prepaid", {"expense_policy": "cost"}),
            "combo": ("ordered_prepaid", {}),
        }
        for kind, (policy, values) in policies.items():
            for tax in ("none", "excluded", "included"):
                product = cls.make_service(f"{kind} {tax}", policy)
                product.write(values)
                product.taxes_id = taxes.get(tax, cls.env["account.tax"])
                cls.products[kind, tax] = product
        cls.combos = {tax: cls.make_combo(tax) for tax in ("none", *taxes)}
        cls.exempt = cls.env["account.fiscal.position"].create({"name": "Exempt"})
        cls.foreign = cls.setup_other_currency("CHF", rates=[("1900-01-01", 3.0)])
        cls.foreign_prices = cls.env["product.pricelist"].create(
            {"name": "CHF", "currency_id": cls.foreign.id}
        )
        cls.employee = cls.env["hr.employee"].sudo().create({"name": "Ada"})
        plan = cls.env["account.analytic.plan"].search([], limit=1)
        cls.travel = cls.env["account.analytic.account"].create(
            {"name": "Travel", "plan_id": plan.id}
        )

    @classmethod
    def make_combo(cls, tax):
        item = cls.products["combo", tax]
        combo = cls.env["product.combo"].create(
            {"name": tax, "combo_item_ids": [Command.create({"product_id": item.id})]}
        )
        menu = cls.env["product.product"].create(
            {"name": "Menu", "type": "combo", "combo_ids": [Command.link(combo.id)]}
        )
        return menu, combo.combo_item_ids

    def live(self, world):
        """Return [(customer story, customer, {order: {line: Page}})]."""
        self.pages, self.stories = {}, {}
        lived = self.make_customers(world)
        self.orders = self.env["sale.order"].union(*self.stories)
        self.make_lines()
        self.give_rebates()
        self.orders.action_confirm()
        self.plan_work()
        self.pay_in_advance()
        for period in range(2):
            self.deliver(period)
            self.bill(period)
        self.deliver(2)
        self.lock()
        return lived

    def make_customers(self, world):
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {n}", "is_company": True} for n in range(len(world))]
        )
        addresses = self.env["res.partner"].create(
            [
                {"name": "Accounts", "type": "other", "parent_id": customer.id}
                for customer in customers
            ]
        )
        parts = list(zip(world, customers, addresses, strict=True))
        all_orders = iter(
            self.env["sale.order"].create(
                [
                    self.prepare_order(story, customer, address)
                    for told, customer, address in parts
                    for story in told.orders
                ]
            )
        )
        lived = []
        for told, customer, _address in parts:
            orders = {next(all_orders): story for story in told.orders}
            self.stories |= orders
            lived.append((told, customer, self.env["sale.order"].union(*orders)))
        return lived

    def prepare_order(self, story, customer, address):
        vals = {"partner_id": customer.id, "partner_invoice_id": customer.id}
        if story.has_own_address:
            vals["partner_invoice_id"] = address.id
        if story.is_foreign:
            vals["pricelist_id"] = self.foreign_prices.id
        if story.is_exempt:
            vals["fiscal_position_id"] = self.exempt.id
        return vals

    def make_lines(self):
        """All lines of all orders; combos and texts first, for what hangs on them."""
        vals_list, told = [], []
        for order, story in self.stories.items():
            if story.has_texts:
                self.add_texts(order)
            for line in story.lines:
                vals_list.append(self.prepare_line(order, line))
                told.append((line, "none" if story.is_exempt else line.tax))
        lines = self.env["sale.order.line"].create(vals_list)
        for line, (story, tax) in zip(lines, told, strict=True):
            self.pages[line] = Page(story.price, story.discount, tax)
        self.told = dict(zip(lines, (story for story, _tax in told), strict=True))

    def add_texts(self, order):
        texts = [
            {"display_type": "line_section", "name": "Works", "sequence": 1},
            {"display_type": "line_note", "name": "As discussed", "sequence": 11},
            {
                "display_type": "line_section",
                "name": "Optional",
                "is_optional": True,
                "sequence": 12,
            },
        ]
        order.order_line = [Command.create(vals) for vals in texts]

    def prepare_line(self, order, story):
        vals = {
            "order_id": order.id,
            "product_id": self.products[story.kind, story.tax].id,
            "product_uom_qty": float(story.quantity),
            "price_unit": float(story.price),
            "discount": float(story.discount),
        }
        if story.kind == "expense":
            vals |= {"product_uom_qty": 0, "is_expense": True}
        if story.kind == "combo":
            menu, item = self.combos[story.tax]
            parent = self.env["sale.order.line"].create(
                {
                    "order_id": order.id,
                    "product_id": menu.id,
                    "product_uom_qty": float(story.quantity),
                }
            )
            vals |= {"linked_line_id": parent.id, "combo_item_id": item.id}
        return vals

    def give_rebates(self):
        for order, story in self.stories.items():
            if not story.rebate or all(line.kind == "expense" for line in story.lines):
                continue
            self.env["sale.order.discount"].create(
                {
                    "sale_order_id": order.id,
                    "discount_type": "so_discount",
                    "discount_percentage": float(story.rebate) / 100,
                }
            ).action_apply_discount()
            for line in order.order_line.filtered(lambda line: line.price_unit < 0):
                tax = "included" if "included" in (line.tax_ids.name or "") else "none"
                self.pages[line] = Rebate(
                    exact(line.price_unit),
                    Decimal(0),
                    tax,
                    printed=exact(line.price_subtotal),
                )

    def plan_work(self):
        """A project with a task for each line that is billed by logged time."""
        self.project = self.env["project.project"].create(
            {"name": "Works", "allow_billable": True, "allow_milestones": True}
        )
        timed = [line for line, told in self.told.items() if told.kind == "hours"]
        tasks = self.env["project.task"].create(
            [
                {
                    "name": "Work",
                    "project_id": self.project.id,
                    "partner_id": line.order_id.partner_id.id,
                    "sale_line_id": line.id,
                }
                for line in timed
            ]
        )
        self.tasks = dict(zip(timed, tasks, strict=True))

    def pay_in_advance(self):
        for order, story in self.stories.items():
            # Of an order for expenses alone there is nothing to pay in advance.
            for method, number in story.advances if order.amount_total else ():
                name = "amount" if method == "percentage" else "fixed_amount"
                self.make_down_payment(
                    order, advance_payment_method=method, **{name: float(number)}
                )

    def deliver(self, period):
        milestones, times = [], []
        for line, told in self.told.items():
            if "stages" in told.kind:
                milestones += self.prepare_milestones(line, told, period)
                continue
            page = self.pages[line]
            delivered = (told.quantity * told.progress[period]).quantize(HUNDREDTH)
            done, page.delivered = delivered - page.delivered, delivered
            if told.kind in ("hours", "expense"):
                times += [self.prepare_time(line, told, done)] if done else []
            elif done:
                line.qty_delivered = float(delivered)
        self.env["project.milestone"].create(milestones)
        self.env["account.analytic.line"].create(times)

    def prepare_milestones(self, line, told, period):
        """A stage reached, if one is; more than all of them there is not."""
        before = min(told.progress[period - 1], Decimal(1)) if period else 0
        share = min(told.progress[period], Decimal(1))
        delivered = told.quantity * share
        self.pages[line].delivered = rounded(delivered)
        if share == before:
            return []
        return [
            {
                "name": "Stage",
                "project_id": self.project.id,
                "sale_line_id": line.id,
                "quantity_percentage": float(share - before),
                "is_reached": True,
            }
        ]

    def prepare_time(self, line, told, done):
        if told.kind == "hours":
            return {
                "name": "Work",
                "project_id": self.project.id,
                "task_id": self.tasks[line].id,
                "unit_amount": float(done),
                "employee_id": self.employee.id,
            }
        return {
            "name": "Train",
            "account_id": self.travel.id,
            "product_id": line.product_id.id,
            "product_uom_id": line.product_uom_id.id,
            "unit_amount": float(done),
            "amount": -float(done * told.price),
            "so_line": line.id,
        }

    def bill(self, period):
        """Interim bills of the period, and goodwill credit notes over some of them."""
        for is_final in (True, False):
            chosen = self.orders.filtered(
                lambda order, is_final=is_final: (
                    self.stories[order].interim[period : period + 1] == (is_final,)
                )
            )
            moves = chosen.with_context(
                raise_if_nothing_to_invoice=False
            )._create_invoices(grouped=True, final=is_final)
            # Whoever looks at a bill with nothing on it does not send it.
            idle = moves.filtered(lambda move: move.amount_total <= 0)
            idle.unlink()
            moves = moves.exists()
            moves.action_post()
            self.note(moves)
            self.credit(moves, period)

    def note(self, moves, is_goodwill=False):
        for move in moves:
            sign = 1 if move.move_type == "out_invoice" else -1
            for item in move.invoice_line_ids.filtered("product_id"):
                page = self.pages[item.sale_line_ids]
                quantity = exact(item.quantity)
                page.bills.append(sign * quantity)
                if is_goodwill:
                    page.credited += quantity

    def credit(self, moves, period):
        chosen = moves.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and self.stories[move.line_ids.sale_line_ids.order_id].credited
                == period
            )
        )
        for company_moves in chosen.grouped("currency_id").values():
            reversal = (
                self.env["account.move.reversal"]
                .with_context(active_model="account.move", active_ids=company_moves.ids)
                .create({"journal_id": company_moves.journal_id.id})
            )
            reversal.refund_moves()
            notes = reversal.new_move_ids
            for item in notes.invoice_line_ids.filtered("product_id"):
                told = self.told.get(item.sale_line_ids)
                part = told.credit if told else Decimal(0)
                item.quantity = float((exact(item.quantity) * part).quantize(HUNDREDTH))
            notes.filtered(lambda note: note.amount_total <= 0).unlink()
            notes = notes.exists()
            notes.action_post()
            self.note(notes, is_goodwill=True)

    def get_credited(self, item):
        told = self.told.get(item.sale_line_ids)
        part = told.credit if told else Decimal(0)
        return float((exact(item.quantity) * part).quantize(HUNDREDTH))

    def lock(self):
        for order, story in self.stories.items():
            if story.is_locked:
                order.action_lock()

    def due(self, order, is_rebilled):
        """What has to be billed of an order in all, by the books."""
        lines = [line for line in self.pages if line.order_id == order]
        share = self.get_share(lines)
        pages = [self.pages[line] for line in lines]
        return sum(
            page.due_for(share) if isinstance(page, Rebate) else page.due(is_rebilled)
            for page in pages
        )

    def get_share(self, lines):
        """Which part of the agreed value was delivered."""
        ordered = delivered = Decimal(0)
        for line in lines:
            told, page = self.told.get(line), self.pages[line]
            if told and told.kind != "expense":
                value = page.price * (1 - page.discount / 100)
                ordered += told.quantity * value
                delivered += page.delivered * value
        return min(Decimal(1), delivered / ordered) if ordered else Decimal(0)
