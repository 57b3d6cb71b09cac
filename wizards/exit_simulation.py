from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

MANAGER_GROUP = "toxic_customer_exit.group_toxicity_manager"
DEFAULT_HORIZON = 12
# Whatever the user may choose, and may have computed again.
ASSUMPTIONS = {
    "margin_per_hour": "usual_margin_per_hour",
    "margin_rate": "usual_margin_rate",
    "hours_share": "usual_hours_share",
    "pipeline_weight": "usual_pipeline_weight",
    "horizon": "usual_horizon",
    "notice": "usual_notice",
}


class ExitSimulation(models.TransientModel):
    """What the company would be without some customers, before anything is decided.

    Nothing is decided or written anywhere by it. The figures are those of the impact
    of an exit, for a set of customers: exit_simulation_year.py. What will be is in
    exit_simulation_forecast.py.
    """

    _name = "exit.simulation"
    _description = "Simulation of exits"
    # Looked at in a meeting, and after lunch again.
    _transient_max_hours = 24.0

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_ids = fields.Many2many(
        "res.partner",
        string="Without",
        context={"active_test": False},
        help="The customers to simulate the company without. A contact stands for the "
        "customer it belongs to.",
    )
    customer_ids = fields.Many2many(
        "res.partner",
        compute="_compute_customer_ids",
        string="Customers",
        context={"active_test": False},
    )
    # Assumptions, and what was computed for them: also in exit_simulation_year.py

    usual_hours_share = fields.Float(compute="_compute_usual")
    usual_pipeline_weight = fields.Float(compute="_compute_usual")
    usual_horizon = fields.Integer(compute="_compute_usual")
    usual_notice = fields.Integer(compute="_compute_usual")
    margin_per_hour = fields.Monetary(
        "Margin per freed hour",
        compute="_compute_margin_per_hour",
        store=True,
        readonly=False,
        help="What an hour leaves at other customers. Computed: the others who are "
        "neither strained nor toxic and took at least 20 hours in the year. Where it "
        "is 0, not known, the freed hours set no limit.",
    )
    margin_rate = fields.Float(
        "Margin of the pipeline",
        compute="_compute_margin_rate",
        store=True,
        readonly=False,
        help="Which part of the revenue is left after the cost of the hours. Computed "
        "from the same customers.",
    )
    hours_share = fields.Float(
        "Freed hours that find demand",
        default=1.0,
        help="Which part of the freed hours other customers will take.",
    )
    pipeline_weight = fields.Float(
        "Weight of the pipeline",
        default=1.0,
        help="How much of the weighted pipeline to count on: expected revenue × "
        "probability of the others' open opportunities with an expected closing.",
    )
    horizon = fields.Integer(
        "Horizon (months)",
        default=DEFAULT_HORIZON,
        help="So far ahead what is lost has to be replaced.",
    )
    notice = fields.Integer(
        "Notice (months)",
        default=lambda self: self._default_notice(),
        help="Until then they bring what they brought, and none of their hours is "
        "free. Computed from the notice period of the settings.",
    )
    is_edited = fields.Boolean(compute="_compute_is_edited")

    @api.model
    def _default_notice(self):
        return self._get_usual_notice(self.env.company)

    @api.model
    def _get_usual_notice(self, company):
        """The months begun of the company's notice period."""
        # sudo: a setting of the company that managers do not read themselves
        return -(-company.sudo().exit_notice_days // 31)

    @api.model_create_multi
    def create(self, vals_list):
        simulations = super().create(vals_list)
        simulations._refuse_foreign_companies()
        return simulations

    def write(self, vals):
        result = super().write(vals)
        self._refuse_foreign_companies()
        return result

    @api.depends("partner_ids")
    def _compute_display_name(self):
        for simulation in self:
            simulation.display_name = self.env._("Exit simulation")

    @api.depends("partner_ids.commercial_partner_id")
    def _compute_customer_ids(self):
        for simulation in self:
            simulation.customer_ids = simulation.partner_ids.commercial_partner_id

    @api.depends("company_id")
    def _compute_usual(self):
        for simulation in self:
            simulation._refuse_foreign_companies()
            simulation.usual_hours_share = 1.0
            simulation.usual_pipeline_weight = 1.0
            simulation.usual_horizon = DEFAULT_HORIZON
            simulation.usual_notice = self._get_usual_notice(simulation.company_id)

    @api.depends("usual_margin_per_hour")
    def _compute_margin_per_hour(self):
        for simulation in self:
            simulation.margin_per_hour = simulation.usual_margin_per_hour

    @api.depends("usual_margin_rate")
    def _compute_margin_rate(self):
        for simulation in self:
            simulation.margin_rate = simulation.usual_margin_rate

    @api.depends(*ASSUMPTIONS, *ASSUMPTIONS.values())
    def _compute_is_edited(self):
        for simulation in self:
            simulation.is_edited = any(
                abs(simulation[name] - simulation[usual]) > 1e-6
                for name, usual in ASSUMPTIONS.items()
            )

    def action_reset(self):
        """Take the computed assumptions again."""
        for simulation in self:
            simulation.write(
                {name: simulation[usual] for name, usual in ASSUMPTIONS.items()}
            )

    def _refuse_foreign_companies(self):
        """The sums below are made in sudo: of one's own companies only."""
        # Stored figures are computed in sudo: ask as the user, whom Odoo checks.
        env = self.sudo(False).env
        if not env.su and self.company_id - env.companies:
            raise AccessError(
                env._(
                    "You do not work for that company at present: choose it at the top "
                    "of the screen first, or another one for this simulation."
                )
            )

    # Opening

    @api.model
    def action_open(self):
        """Begin with nobody chosen."""
        return self._open_for(self.env["res.partner"], self.env.company)

    @api.model
    def _open_for_records(self, records):
        """The simulation without the customers of these records of ours."""
        customers, companies = records.commercial_partner_id, records.company_id
        if not customers:
            raise UserError(
                self.env._(
                    "Nothing that is selected is about a customer: select a row that "
                    "names one."
                )
            )
        if len(companies) > 1:
            raise UserError(
                self.env._(
                    "%(companies)s do not share books and currency: choose customers "
                    "of one company.",
                    companies=", ".join(companies.mapped("name")),
                )
            )
        return self._open_for(customers, companies)

    @api.model
    def _open_for(self, partners, company):
        """An action on a new simulation; refuses what cannot be simulated."""
        self._check_manager()
        simulation = self.create(
            {
                "company_id": company.id,
                "partner_ids": partners.commercial_partner_id.ids,
                "notice": self._get_usual_notice(company),
            }
        )
        obstacles = simulation._get_obstacles()
        obstacles.pop("none", None)
        if obstacles:
            raise UserError("\n".join(obstacles.values()))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Exit simulation"),
            "res_model": self._name,
            "res_id": simulation.id,
            "views": [(False, "form")],
        }

    @api.model
    def _check_manager(self):
        if not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(
                self.env._("Managers of customer exits simulate them: ask one.")
            )
