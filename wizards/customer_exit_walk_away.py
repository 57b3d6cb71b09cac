from odoo import api, fields, models


class CustomerExitWalkAway(models.TransientModel):
    """What walking away would do, named before anything is done."""

    _name = "customer.exit.walk.away"
    _description = "Preview of walking away"

    exit_id = fields.Many2one("customer.exit", required=True, readonly=True)
    obstacles = fields.Html(compute="_compute_preview", sanitize=False)
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    warnings = fields.Html(compute="_compute_preview", sanitize=False)

    @api.model
    def _open_for(self, exit_case):
        exit_case.check_access("read")
        wizard = self.create({"exit_id": exit_case.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Walk away"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    @api.depends_context("uid", "lang")
    @api.depends("exit_id")
    def _compute_preview(self):
        for wizard in self:
            exit_case = wizard.exit_id
            obstacles = exit_case._get_walk_away_obstacles()
            shown = {} if obstacles else exit_case._get_deeds_to_do()
            warnings = [] if obstacles else wizard._get_warnings()
            wizard.obstacles = exit_case._render_obstacles(obstacles)
            wizard.preview = exit_case._render_obstacles(wizard._get_sentences(shown))
            wizard.warnings = exit_case._render_obstacles(warnings)

    def _get_sentences(self, deeds):
        kinds = self.exit_id._get_deed_kinds()
        return [
            self.env._(
                "%(sentence)s: %(count)s (%(names)s).",
                sentence=kinds[code].sentence,
                count=sum(len(found) for found in found_by_model),
                names=", ".join(
                    self.exit_id._name_some(found, limit=3) for found in found_by_model
                ),
            )
            for code, records in deeds.items()
            for found_by_model in [self.exit_id._split(records)]
        ]

    def _get_warnings(self):
        """Hook: what deserves a look before walking away, as sentences."""
        exit_case, warnings = self.exit_id, []
        gate = exit_case._get_gate()[exit_case]
        if gate.get("tasks") or gate.get("milestones"):
            warnings.append(
                self.env._(
                    "Projects with open tasks or milestones stay open: settle those at "
                    "the gate, then walk away once more."
                )
            )
        if gate.get("portal_users") and (others := self._get_other_companies()):
            warnings.append(
                self.env._(
                    "%(companies)s works for this customer too, whose people cannot "
                    "log in there either any more.",
                    companies=", ".join(others.mapped("name")),
                )
            )
        return warnings

    def _get_other_companies(self):
        # sudo: what a sister company sells is not for everyone, that it does is
        orders = (
            self.env["sale.order"]
            .sudo()
            ._read_group(
                [
                    (
                        "partner_id.commercial_partner_id",
                        "=",
                        self.exit_id.commercial_partner_id.id,
                    ),
                    ("state", "=", "sale"),
                    ("company_id", "!=", self.exit_id.company_id.id),
                ],
                ["company_id"],
            )
        )
        return self.env["res.company"].sudo().union(*(company for (company,) in orders))

    def action_walk_away(self):
        """Do what the preview names."""
        self.ensure_one()
        self.exit_id.action_walk_away()
        return {"type": "ir.actions.act_window_close"}
