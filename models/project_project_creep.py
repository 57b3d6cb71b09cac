from odoo import fields, models
from odoo.tools import SQL, formatLang

from .scope_creep import search_creep, search_high_creep

READ_GROUP = "toxic_customer_exit.group_toxicity_user"


class ProjectProject(models.Model):
    """A project is as far off what was agreed as the order that it is sold by.

    It shows the creep of that contract, the same number as the order does, so that
    whoever runs the project and whoever sold it talk about one thing; where an order
    has several projects, each shows the whole. A project that no order stands behind
    shows what its changes come to, and no percentage. The amount is in the currency
    of the company.
    """

    _inherit = "project.project"

    scope_creep = fields.Float(
        "Creep (%)",
        digits=(16, 2),
        compute="_compute_scope_creep",
        search="_search_scope_creep",
        aggregator=None,
        groups=READ_GROUP,
        help="Changes of its order given away (at list price) or still undecided, in "
        "percent of what was agreed originally.",
    )
    scope_creep_amount = fields.Monetary(
        "Creep",
        compute="_compute_scope_creep",
        groups=READ_GROUP,
        help="Changes given away, at list price, or still undecided.",
    )
    is_scope_creep_high = fields.Boolean(
        "Creep above Threshold",
        compute="_compute_scope_creep",
        search="_search_is_scope_creep_high",
        groups=READ_GROUP,
    )

    def _compute_scope_creep(self):
        # sudo: who runs a project need not read its orders. All in one go: asked one
        # by one, each project would fetch its own.
        projects = self._origin.sudo()
        orders = projects.sale_line_id.order_id | projects.reinvoiced_sale_order_id
        orders.amended_order_id.mapped("state")
        targets = {project: project._get_scope_target() for project in self._origin}
        orders = self.env["sale.order"].union(
            *(
                target
                for target in targets.values()
                if target and target._name == "sale.order"
            )
        )
        of_orders, of_projects = orders._get_scope_creep(), self._get_own_creep()
        for project in self:
            target = targets.get(project._origin)
            if target and target._name == "sale.order":
                row = of_orders.get(target.id, {})
            else:
                row = of_projects.get(project._origin.id, {})
            project.scope_creep = row.get("percent", 0.0)
            project.scope_creep_amount = row.get("company_amount", 0.0)
            project.is_scope_creep_high = row.get("is_high", False)

    def _get_own_creep(self):
        """{project id: {company_amount}} of changes that no order is behind."""
        # sudo: a number of the project, as the orders' is; the field has the group
        rows = (
            self.env["scope.change"]
            .sudo()
            ._read_group(
                [
                    ("project_id", "in", self.ids),
                    ("order_id", "=", False),
                    ("creep_amount", ">", 0),
                ],
                ["project_id"],
                ["creep_amount:sum"],
            )
        )
        return {project.id: {"company_amount": amount} for project, amount in rows}

    def _search_scope_creep(self, operator, value):
        self._check_field_access(self._fields["scope_creep"], "read")
        return search_creep(self._get_creep_by_project_sql(), "id", operator, value)

    def _search_is_scope_creep_high(self, operator, value):
        self._check_field_access(self._fields["is_scope_creep_high"], "read")
        found = self._get_creep_by_project_sql()
        return search_high_creep(found, "id", operator, value)

    def _get_creep_by_project_sql(self):
        """SQL: id, percent, is_high of projects by the order they are sold by.

        As _get_scope_target finds it.
        """
        self.flush_model(
            [
                "sale_line_id",
                "reinvoiced_sale_order_id",
                "allow_billable",
                "is_template",
            ]
        )
        self.env["sale.order.line"].flush_model(["order_id"])
        return SQL(
            """
            SELECT project.id, contract.percent, contract.is_high
              FROM project_project project
         LEFT JOIN sale_order_line line ON line.id = project.sale_line_id
         LEFT JOIN sale_order sold ON sold.id = line.order_id AND sold.state = 'sale'
              JOIN sale_order part
                ON part.id = COALESCE(sold.id, project.reinvoiced_sale_order_id)
               AND part.state = 'sale'
              JOIN (%s) contract
                ON contract.contract_id = COALESCE(part.amended_order_id, part.id)
             WHERE project.allow_billable AND project.is_template IS NOT TRUE
            """,
            self.env["sale.order"]._get_creep_sql(),
        )

    # -- what the project shows ------------------------------------------------------

    def action_view_scope_creep(self):
        """Open the changes that make the creep of this project."""
        self.ensure_one()
        self.env["scope.change"].check_access("read")
        target = self._get_scope_target()
        if target and target._name == "sale.order":
            return target.sudo(False).action_view_scope_creep()
        return {
            **self.action_view_scope_changes(),
            "domain": [("project_id", "=", self.id), ("creep_amount", ">", 0)],
        }

    def get_panel_data(self):
        data = super().get_panel_data()
        if data and self.env.user.has_group(READ_GROUP) and self.scope_creep_amount:
            data["scope_creep"] = self._get_creep_panel()
        return data

    def _get_creep_panel(self):
        """What the panel beside the project's updates says, ready to be read."""
        return {
            "percent": formatLang(self.env, self.scope_creep, digits=0),
            "has_percent": bool(self.scope_creep),
            "amount": formatLang(
                self.env, self.scope_creep_amount, currency_obj=self.currency_id
            ),
            "is_high": self.is_scope_creep_high,
        }
