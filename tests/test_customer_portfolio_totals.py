from contextlib import closing

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings

from odoo.tests import tagged

from .demo_common import DemoCommon
from .measure_stage import MeasureStage
from .measure_world import MOMENTS, WorldBuilder, worlds
from .portfolio_common import PortfolioCommon

WORLDS = 2


@tagged("post_install", "-at_install")
class TestCustomerPortfolioWorlds(PortfolioCommon, MeasureStage):
    """Of generated customers in two companies of different currencies."""

    def test_totals_agree_with_odoo_and_rows_with_their_records(self):
        # Shrinking would build hundreds of worlds; a disagreement names its row.
        @settings(
            max_examples=WORLDS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(worlds(MOMENTS[0]))
        def agree(world):
            with closing(self.env.cr.savepoint()), freeze_time(world.now):
                WorldBuilder(self, world).build()
                self.compare()

        agree()

    def compare(self):
        both = self.companies
        for companies in (both, both[::-1], both[0], both[1]):
            self.env.invalidate_all()
            self.assertSameTotals(self.reader, companies)
        rows = self.as_reader("customer.portfolio", self.reader, both).search([])
        self.assertGreater(len(rows), 40)
        self.assertGreater(len(rows.commercial_partner_id), 10)
        self.assertEqual(len({*rows.ids}), len(rows))
        self.assertRowsMadeOfRecords(rows)


@tagged("post_install", "-at_install")
class TestCustomerPortfolioDemo(PortfolioCommon, DemoCommon):
    """Of the demo's customers."""

    def test_totals_agree_with_odoo_and_rows_with_their_records(self):
        reader = self.make_user(
            "reader",
            "sales_team.group_sale_manager,project.group_project_manager,"
            "hr_timesheet.group_timesheet_manager,account.group_account_manager",
        )
        self.assertSameTotals(reader, self.company)
        rows = self.as_reader("customer.portfolio", reader, self.company).search([])
        self.assertGreater(len(rows), 10)
        self.assertRowsMadeOfRecords(rows)
