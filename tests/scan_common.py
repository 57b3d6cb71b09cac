from contextlib import contextmanager
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from odoo import Command
from odoo.tests import freeze_time
from odoo.tools import SQL

from .common import ToxicityCommon

ON_ORDER = (
    *("line", "quantity", "uom", "price", "discount"),
    *("order", "untaxed", "moved"),
)


class ScanCommon(ToxicityCommon):
    """Orders edited for real, with Odoo's tracking, on days of the past."""

    @classmethod
    def default_env_context(cls):
        # What a scan reads is what Odoo tracks.
        return {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start = date.today() - timedelta(days=100)

    @contextmanager
    def on_day(self, day):
        """One save of somebody, so many days after the first order."""
        with freeze_time(f"{self.start + timedelta(days=day)} 10:00:00"):
            yield
            self.save()

    def save(self):
        self.env.flush_all()
        self.env.cr.flush()

    def sell(self, *lines, day=0, **values):
        with self.on_day(day):
            order = self.make_order(
                *(lines or [(self.service_ordered, 10)]), confirm=False, **values
            )
        with self.on_day(day):
            order.action_confirm()
        return order

    def forget_baselines(self, orders):
        """As if they had been confirmed before the module was there."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE sale_order
                   SET date_baseline = NULL, baseline_amount = NULL,
                       is_baseline_reconstructed = FALSE
                 WHERE id IN %s
                """,
                tuple(orders.ids),
            )
        )
        self.env.invalidate_all()

    def edit(self, order, day, user=None, silent=True, line=0, **values):
        """Edit a line, unseen by live detection unless it is not silent."""
        line = order.order_line[line]
        values = {
            "price_unit": line.price_unit,
            "discount": line.discount,
            **values,
        }
        with self.on_day(day):
            saved = order.with_user(user or self.env.user)
            if silent:
                saved = saved.with_context(install_mode=True)
            saved.write({"order_line": [Command.update(line.id, values)]})

    def sell_project(self):
        product = self.make_service(
            "Project", "ordered_prepaid", service_tracking="project_only"
        )
        order = self.sell((product, 20))
        return order, order.project_ids

    def write_silently(self, records, day, **values):
        with self.on_day(day):
            records.with_context(install_mode=True).write(values)

    def scan(self, orders, user=None):
        """The result that the user is told."""
        action = orders.with_user(user or self.salesperson).action_scan_history()
        return action["params"]["message"]

    def get_proposals(self, orders, state=None):
        proposals = (
            self.env["scope.change.proposal"]
            .with_user(self.salesperson)
            .search([("order_id", "in", orders.ids)], order="date, id")
        )
        return proposals.filtered(lambda p: not state or p.state == state)

    def assert_the_law(self, order):
        """Baseline + what the register holds = the order as it is."""
        noted = self.env["scope.change.item"].search(
            [("order_id", "=", order.id), ("what", "in", ON_ORDER)]
        )
        self.assertAlmostEqual(
            order.baseline_amount + sum(noted.mapped("amount")),
            self.get_untaxed(order.order_line),
            places=2,
        )

    def get_untaxed(self, lines):
        """What lines come to, to the cent, as the company rounds."""
        cent = Decimal("0.01")
        exact = [
            Decimal(str(line.product_uom_qty))
            * Decimal(str(line.price_unit))
            * (100 - Decimal(str(line.discount)))
            / 100
            for line in lines
        ]
        if self.company.tax_calculation_rounding_method == "round_per_line":
            exact = [amount.quantize(cent, ROUND_HALF_UP) for amount in exact]
        return float(sum(exact).quantize(cent, ROUND_HALF_UP))
