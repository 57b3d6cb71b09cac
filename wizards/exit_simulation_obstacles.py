from odoo import api, fields, models

from ..models.margin_replacement import HORIZON

# What an assumption can be at most; none is below 0.
LIMITS = {
    "margin_per_hour": 1e12,
    "margin_rate": 1.0,
    "hours_share": 1.0,
    "pipeline_weight": 1e3,
}


class ExitSimulation(models.TransientModel):
    """Why there is nothing to simulate, as {code: sentence}.

    One source for the banner of the form, the refusals of the actions and the tests.
    """

    _inherit = "exit.simulation"

    obstacles = fields.Html(compute="_compute_obstacles", sanitize=False)
    is_empty = fields.Boolean(compute="_compute_obstacles")

    @api.depends_context("lang")
    @api.depends("partner_ids", "company_id", "horizon", "notice", *LIMITS)
    def _compute_obstacles(self):
        for simulation in self:
            found = simulation._get_obstacles()
            simulation.is_empty = "none" in found
            simulation.obstacles = bool(found) and self.env["ir.qweb"]._render(
                "toxic_customer_exit.customer_exit_obstacles",
                {"obstacles": list(found.values())},
            )

    def _get_obstacles(self):
        """Hook: why there is nothing to simulate, as {code: sentence}."""
        self.ensure_one()
        if not self.partner_ids:
            return {
                "none": self.env._(
                    "Choose the customers to simulate %(company)s without.",
                    company=self.company_id.name,
                )
            }
        return {
            **self._get_customer_obstacles(),
            **self._get_everybody_obstacles(),
            **self._get_assumption_obstacles(),
        }

    def _get_customer_obstacles(self):
        obstacles = {}
        exits = self.env["customer.exit"]
        customers = self.customer_ids._origin
        if own := self.env["toxicity.score"]._get_own_partners(customers):
            obstacles["own"] = self.env._(
                "Your own, and no customer: %(names)s. Leave it out.",
                names=exits._name_some(own),
            )
        # sudo: the company that another one's customer belongs to is to be named
        foreign = customers.sudo().filtered(
            lambda customer: customer.company_id - self.company_id
        )
        if foreign:
            obstacles["company"] = self.env._(
                "%(names)s belongs to %(other)s, whose books and currency are not "
                "those of %(company)s: simulate it there.",
                names=exits._name_some(foreign),
                other=exits._name_some(foreign.company_id),
                company=self.company_id.name,
            )
        return obstacles

    def _get_everybody_obstacles(self):
        if not self.all_count:
            return {
                "nothing": self.env._(
                    "Nothing was invoiced to or worked for a customer of %(company)s "
                    "in the last 365 days, so there is nothing to simulate.",
                    company=self.company_id.name,
                )
            }
        if self.others_count:
            return {}
        return {
            "everybody": self.env._(
                "These are all customers of %(company)s: without them nothing is left "
                "to replace anything. Leave out at least one who did business in the "
                "last 365 days.",
                company=self.company_id.name,
            )
        }

    def _get_assumption_obstacles(self):
        if not 0 <= self.notice < self.horizon <= HORIZON:
            return {
                "horizon": self.env._(
                    "A notice of %(notice)s and a horizon of %(horizon)s months do not "
                    "go together: the horizon is longer than the notice, and at most "
                    "%(most)s months.",
                    notice=self.notice,
                    horizon=self.horizon,
                    most=HORIZON,
                )
            }
        # NaN is neither below nor above anything.
        wrong = [name for name, most in LIMITS.items() if not 0 <= self[name] <= most]
        if not wrong:
            return {}
        labels = self.fields_get(wrong, ["string"]).values()
        return {
            "assumption": self.env._(
                "%(names)s cannot be below 0, nor a part above 100 %%.",
                names=", ".join(label["string"] for label in labels),
            )
        }
