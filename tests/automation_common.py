from odoo.tools import SQL

from .common import ToxicityCommon

# What rules look at when they wait for a date, per model.
DATES = {
    "scope_change": ("create_date", "write_date", "date"),
    "toxicity_score": ("date_band",),
    "customer_claim": ("create_date", "write_date", "date"),
    "base_automation": ("last_run",),
}


class AutomationCommon(ToxicityCommon):
    """Rules that wait, and a clock for them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who is asked at once, by the threshold, is not what rules are about.
        cls.company.scope_creep_threshold = 1000

    def let_pass(self, interval):
        """Put all that rules look at back in time, and have Odoo look for what is due.

        The clock itself cannot be moved: Odoo asks the database for it.
        """
        self.env.flush_all()
        for table, columns in DATES.items():
            for column in columns:
                self.env.cr.execute(
                    SQL(
                        "UPDATE %(table)s SET %(column)s = %(column)s - %(interval)s"
                        "::interval",
                        table=SQL.identifier(table),
                        column=SQL.identifier(column),
                        interval=interval,
                    )
                )
        self.env.invalidate_all()
        cron = self.env.ref("base_automation.ir_cron_data_base_automation_check")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def get_activities(self, records):
        return (
            self.env["mail.activity"]
            .sudo()
            .search([("res_model", "=", records._name), ("res_id", "in", records.ids)])
        )

    def get_changes(self, order):
        return self.env["scope.change"].search([("order_id", "=", order.id)])
