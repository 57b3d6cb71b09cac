from odoo import Command, fields

from .common import ToxicityCommon

FEW, MANY = 5, 50


class TestScopeChangeCost(ToxicityCommon):
    """What we add to a save, in queries: the same however many lines there are."""

    def make_lines(self, count):
        units = self.hour + self.env.ref("uom.product_uom_day")
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "user_id": self.salesperson.id,
                "order_line": [
                    Command.create(
                        {
                            **self._prepare_order_line_vals(self.service_ordered, 2),
                            "product_uom_id": units[index % 2].id,
                        }
                    )
                    for index in range(count)
                ],
            }
        )

    def count(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.env.cr.sql_log_count - start

    def count_extra(self, order, edited, quantities):
        """Queries of saves by a salesperson, less those of the same unnoticed."""
        extra = []
        for quantity, unnoticed in quantities:
            commands = (
                [
                    Command.update(line.id, {"product_uom_qty": number})
                    for line in order.order_line[:edited]
                ]
                for number in (unnoticed, quantity)
            )
            silent = order.with_context(install_mode=True).with_user(self.salesperson)
            plain, noted = (
                self.count(lambda save=save: save[0].write({"order_line": save[1]}))
                for save in zip(
                    (silent, order.with_user(self.salesperson)), commands, strict=True
                )
            )
            extra.append(noted - plain)
        return extra

    def test_edits_cost_the_same_for_few_lines_and_for_many(self):
        # The first edit of the day, and two that go on with it
        quantities = [(4, 3), (6, 5), (8, 7)]

        def count(lines, edited):
            order = self.make_lines(lines)
            order.action_confirm()
            return self.count_extra(order, edited, quantities)

        count(2, 2)
        for few, many in (
            (count(FEW, FEW), count(MANY, MANY)),
            (count(FEW, 1), count(MANY, 1)),
        ):
            for first, second in zip(few, many, strict=True):
                self.assertLessEqual(second, first + 2)

    def test_what_moves_nothing_costs_nothing_more(self):
        order = self.make_lines(FEW)
        order.action_confirm()
        change = self.env["scope.change"]
        reads = []
        self.patch(
            type(change),
            "_record_line_changes",
            lambda self, moves, totals: reads.append(moves),
        )
        for vals in (
            {"order_line": [Command.update(order.order_line[0].id, {"name": "Work"})]},
            {
                "order_line": [
                    Command.update(order.order_line[0].id, {"product_uom_qty": 2})
                ]
            },
            {"client_order_ref": "PO 17"},
        ):
            order.with_user(self.salesperson).write(vals)
        self.assertEqual(reads, [])
        order.order_line[0].with_user(self.salesperson).product_uom_qty = 3
        self.assertEqual(len(reads), 1)

    def test_confirming_costs_the_same_for_few_lines_and_for_many(self):
        def count(lines):
            order = self.make_lines(lines)
            # As it is within a confirmation, which has read the lines
            order.order_line.mapped("product_uom_qty")
            order.amount_untaxed  # noqa: B018
            self.env.flush_all()
            start = self.env.cr.sql_log_count
            order._set_baseline()
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        count(1)
        self.assertLessEqual(count(MANY), count(FEW) + 1)

    def test_invoicing_notes_nothing_and_asks_nothing_of_the_register(self):
        order = self.make_lines(FEW)
        order.action_confirm()
        order.order_line.qty_delivered = 2
        asked = []
        self.patch(
            type(self.env["scope.change"]),
            "_record_line_changes",
            lambda self, moves, totals: asked.append(moves),
        )
        self.patch(
            type(self.env["scope.change"]),
            "_record_events",
            lambda self, events: asked.append(events),
        )
        invoice = order._create_invoices()
        invoice.invoice_date = fields.Date.today()
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(asked, [])
