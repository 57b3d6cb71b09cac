"""Where the stories of settlement_world.py happen: two companies and what they sell."""

from odoo import Command

TAXES = ("excluded", "included")
POLICIES = {
    "ordered": ("ordered_prepaid", {}),
    "delivered": ("delivered_manual", {}),
    "hours": ("delivered_timesheet", {}),
    "stages": ("delivered_manual", {"service_type": "milestones"}),
    "paid stages": ("ordered_prepaid", {"service_type": "milestones"}),
    "expense": ("ordered_prepaid", {"expense_policy": "cost"}),
    "combo": ("ordered_prepaid", {}),
}
# What documents of the other company are rounded to.
COIN = 0.05


class SettlementSetting:
    """Mixin of a test: what is there before anything is sold.

    The other company rounds its documents in cash, and sells the same products.
    """

    @classmethod
    def set_stage(cls):
        cls.home, cls.elsewhere = cls.env.company, cls.make_other_company()
        cls.companies = cls.home | cls.elsewhere
        cls.manager.sudo().company_ids = cls.companies
        cls.make_products()
        cls.combos = {tax: cls.make_combo(tax) for tax in ("none", *TAXES)}
        cls.exempt = {
            company: cls.env["account.fiscal.position"].create(
                {"name": "Exempt", "company_id": company.id}
            )
            for company in cls.companies
        }
        cls.foreign = cls.setup_other_currency("CHF", rates=[("1900-01-01", 3.0)])
        cls.foreign_prices = cls.env["product.pricelist"].create(
            {"name": "CHF", "currency_id": cls.foreign.id, "company_id": False}
        )
        cls.employees = {
            company: cls.env["hr.employee"]
            .sudo()
            .create({"name": "Ada", "company_id": company.id})
            for company in cls.companies
        }
        cls.make_plans()
        cls.round_in_cash()

    @classmethod
    def make_other_company(cls):
        company = cls.setup_other_company(name="Elsewhere")["company"]
        company.currency_id = cls.env.company.currency_id
        return company

    @classmethod
    def make_products(cls):
        taxes = {
            tax: cls.env["account.tax"].union(
                *(cls.make_tax(tax, company) for company in cls.companies)
            )
            for tax in TAXES
        }
        cls.products = {}
        for kind, (policy, values) in POLICIES.items():
            for tax in ("none", *TAXES):
                product = cls.make_service(f"{kind} {tax}", policy)
                product.write(values)
                product.taxes_id = taxes.get(tax, cls.env["account.tax"])
                cls.products[kind, tax] = product

    @classmethod
    def make_tax(cls, tax, company):
        return (
            cls.env["account.tax"]
            .with_company(company)
            .create(
                {
                    "name": f"21 {tax}",
                    "amount": 21,
                    "type_tax_use": "sale",
                    "price_include_override": f"tax_{tax}",
                    "company_id": company.id,
                }
            )
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

    @classmethod
    def make_plans(cls):
        """Accounts of two plans, and how lines are spread over one or both."""
        plans = cls.env["account.analytic.plan"].create(
            [{"name": "Departments"}, {"name": "Regions"}]
        )
        # What is charged on is on an account of Odoo's own plan.
        first = cls.env["account.analytic.plan"].search(
            [("id", "not in", plans.ids)], limit=1
        )
        advice, training, north, south, cls.travel = cls.env[
            "account.analytic.account"
        ].create(
            [
                {"name": name, "plan_id": plan.id, "company_id": False}
                for name, plan in (
                    ("Advice", plans[0]),
                    ("Training", plans[0]),
                    ("North", plans[1]),
                    ("South", plans[1]),
                    ("Travel", first),
                )
            ]
        )
        cls.distributions = (
            {},
            {str(advice.id): 100.0},
            {
                f"{advice.id},{north.id}": 60.0,
                f"{training.id},{south.id}": 40.0,
            },
        )

    @classmethod
    def round_in_cash(cls):
        accounts = cls.env["account.account"].with_company(cls.elsewhere)
        account = accounts.search(
            [("account_type", "=", "income"), ("company_ids", "=", cls.elsewhere.id)],
            limit=1,
        )
        cash = (
            cls.env["account.cash.rounding"]
            .with_company(cls.elsewhere)
            .create(
                {
                    "name": "Coins",
                    "rounding": COIN,
                    "strategy": "add_invoice_line",
                    "profit_account_id": account.id,
                    "loss_account_id": account.id,
                }
            )
        )
        cls.env["ir.default"].sudo().set(
            "account.move",
            "invoice_cash_rounding_id",
            cash.id,
            company_id=cls.elsewhere.id,
        )
