"""The stories of settlement_world.py, lived in Odoo, and the books kept meanwhile."""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from odoo import Command

from .settlement_books import HUNDREDTH, Page, Rebate, exact, rounded
from .settlement_setting import SettlementSetting
from .settlement_world import MAX_ADVANCES


def get_day(period):
    """When the work of a period was done; periods are a month apart."""
    return date.today() - timedelta(days=90 - 30 * period)


class Case(NamedTuple):
    """What one exit settles: the orders of a customer in one company."""

    told: object
    customer: object
    company: object
    orders: object


class SettlementStage(SettlementSetting):
    """Mixin of a test: the stories of a world, lived through period by period."""

    def live(self, world):
        """Return a Case for each customer and company."""
        self.pages, self.stories = {}, {}
        cases = self.make_customers(world)
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
        return cases

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
        cases = []
        for told, customer, _address in parts:
            orders = {next(all_orders): story for story in told.orders}
            self.stories |= orders
            together = self.env["sale.order"].union(*orders)
            cases += [
                Case(told, customer, company, theirs)
                for company, theirs in together.grouped("company_id").items()
            ]
        return cases

    def prepare_order(self, story, customer, address):
        company = self.elsewhere if story.is_elsewhere else self.home
        vals = {
            "partner_id": customer.id,
            "partner_invoice_id": customer.id,
            "company_id": company.id,
        }
        if story.has_own_address:
            vals["partner_invoice_id"] = address.id
        if story.is_foreign:
            vals["pricelist_id"] = self.foreign_prices.id
        if story.is_exempt:
            vals["fiscal_position_id"] = self.exempt[company].id
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
            page = self.pages[line] = Page(story.price, story.discount, tax)
            page.ordered = self.get_ordered(line.order_id, story)
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
            "product_uom_qty": float(self.get_ordered(order, story)),
            "price_unit": float(story.price),
            "discount": float(story.discount),
        }
        if self.is_option(order, story):
            vals["sequence"] = 13
        if story.plans:
            vals["analytic_distribution"] = self.distributions[story.plans]
        if story.kind == "expense":
            vals["is_expense"] = True
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

    def is_option(self, order, story):
        """Whether it is below the optional section; a combo is not taken apart."""
        return self.stories[order].has_texts and story.option and story.kind != "combo"

    def get_ordered(self, order, story):
        is_left = self.is_option(order, story) and story.option == "left"
        return Decimal(0) if is_left or story.kind == "expense" else story.quantity

    def give_rebates(self):
        for order, story in self.stories.items():
            # There is nothing to take off an order for expenses alone.
            if not story.rebate or not order.amount_total:
                continue
            before, share = order.order_line, float(story.rebate) / 100
            amount = {"discount_type": "amount"}
            amount["discount_amount"] = round(order.amount_total * share, 2)
            percent = {"discount_type": "so_discount", "discount_percentage": share}
            self.env["sale.order.discount"].create(
                {
                    "sale_order_id": order.id,
                    **(amount if story.is_rebate_fixed else percent),
                }
            ).action_apply_discount()
            for line in order.order_line - before:
                tax = "included" if "included" in (line.tax_ids.name or "") else "none"
                self.pages[line] = Rebate(
                    exact(line.price_unit),
                    Decimal(0),
                    tax,
                    printed=exact(line.price_subtotal),
                )

    def plan_work(self):
        """A project with a task for each line that is billed by logged time."""
        self.projects = {
            company: self.env["project.project"].create(
                {
                    "name": "Works",
                    "allow_billable": True,
                    "allow_milestones": True,
                    "company_id": company.id,
                }
            )
            for company in self.companies
        }
        timed = [line for line, told in self.told.items() if told.kind == "hours"]
        tasks = self.env["project.task"].create(
            [
                {
                    "name": "Work",
                    "project_id": self.projects[line.company_id].id,
                    "partner_id": line.order_id.partner_id.id,
                    "sale_line_id": line.id,
                }
                for line in timed
            ]
        )
        self.tasks = dict(zip(timed, tasks, strict=True))

    def pay_in_advance(self):
        for number in range(MAX_ADVANCES):
            moves = self.env["account.move"]
            for order, story in self.stories.items():
                # Of an order for expenses alone there is nothing to pay in advance.
                advances = story.advances if order.amount_total else ()
                for method, share in advances[number : number + 1]:
                    name = "amount" if method == "percentage" else "fixed_amount"
                    moves |= self.make_down_payment(
                        order,
                        post=False,
                        advance_payment_method=method,
                        **{name: float(share)},
                    )
            moves.action_post()

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
                vals = self.prepare_time(line, told, done)
                vals |= {"date": get_day(period), "company_id": line.company_id.id}
                times += [vals] if done else []
            elif done:
                line.qty_delivered = float(delivered)
        self.env["project.milestone"].create(milestones)
        self.env["account.analytic.line"].create(times)
        # As at the end of a request: what is only computed while somebody reads may
        # empty the cache under the reader, which then misses a record that is there.
        self.env.flush_all()

    def prepare_milestones(self, line, told, period):
        """A stage reached, if one is; more than all of them there is not."""
        before = min(told.progress[period - 1], Decimal(1)) if period else 0
        share = min(told.progress[period], Decimal(1))
        self.pages[line].delivered = rounded(self.pages[line].ordered * share)
        if share == before:
            return []
        return [
            {
                "name": "Stage",
                "project_id": self.projects[line.company_id].id,
                "sale_line_id": line.id,
                "quantity_percentage": float(share - before),
                "is_reached": True,
            }
        ]

    def prepare_time(self, line, told, done):
        if told.kind == "hours":
            return {
                "name": "Work",
                "project_id": self.projects[line.company_id].id,
                "task_id": self.tasks[line].id,
                "unit_amount": float(done),
                "employee_id": self.employees[line.company_id].id,
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
        groups = self.orders.grouped(
            lambda order: (
                order.company_id,
                self.stories[order].is_by_period,
                self.stories[order].interim[period : period + 1],
            )
        )
        for (company, is_by_period, told), orders in groups.items():
            if told in ((True,), (False,)):
                orders = orders.with_company(company).with_context(
                    raise_if_nothing_to_invoice=False
                )
                bill = self.bill_period if is_by_period else self.bill_all
                moves = bill(orders, period, *told)
                # Whoever looks at a bill with nothing on it does not send it.
                moves.filtered(lambda move: move.amount_total <= 0).unlink()
                moves = moves.exists()
                moves.action_post()
                self.note(moves)
                self.credit(moves, period)

    def bill_all(self, orders, _period, is_final):
        return orders._create_invoices(grouped=True, final=is_final)

    def bill_period(self, orders, period, is_final):
        """Of hours, those of the period alone; the rest as usual."""
        half = timedelta(days=14)
        wizard = orders.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(orders.ids)],
                "advance_payment_method": "delivered",
                "deduct_down_payments": is_final,
                "consolidated_billing": False,
                "date_start_invoice_timesheet": get_day(period) - half,
                "date_end_invoice_timesheet": get_day(period) + half,
            }
        )
        return wizard._create_invoices(orders)

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
                # Coins are rounded to an account that each company has of its own.
                self.env["account.move.reversal"]
                .with_company(company_moves.company_id)
                .with_context(active_model="account.move", active_ids=company_moves.ids)
                .create({"journal_id": company_moves.journal_id.id})
            )
            reversal.refund_moves()
            notes = reversal.new_move_ids
            for note in notes:
                # All at once: each write would balance the whole note again.
                note.invoice_line_ids = [
                    Command.update(item.id, {"quantity": self.get_credited(item)})
                    for item in note.invoice_line_ids.filtered("product_id")
                ]
            notes.filtered(lambda note: note.amount_total <= 0).unlink()
            notes = notes.exists()
            notes.action_post()
            self.note(notes, is_goodwill=True)

    def get_credited(self, item):
        told = self.told.get(item.sale_line_ids)
        part = told.credit if told else Decimal(0)
        return float((exact(item.quantity) * part).quantize(HUNDREDTH))

    def lock(self):
        self.orders.filtered(lambda order: self.stories[order].is_locked).action_lock()

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
                ordered += page.ordered * value
                delivered += page.delivered * value
        return min(Decimal(1), delivered / ordered) if ordered else Decimal(0)
