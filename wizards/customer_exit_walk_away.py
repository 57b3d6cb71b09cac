from collections import Counter

from odoo import api, fields, models

from ..models.customer_exit_waiver import WAIVED

# Noted among the deeds, though nothing is done
LEFT_KINDS = ("leave_shared",)


class CustomerExitWalkAway(models.TransientModel):
    """What walking away would do, named before anything is done."""

    _name = "customer.exit.walk.away"
    _description = "Preview of walking away"

    exit_id = fields.Many2one("customer.exit", required=True, readonly=True)
    obstacles = fields.Html(compute="_compute_preview", sanitize=False)
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    left = fields.Html(compute="_compute_preview", sanitize=False)
    can_walk_away = fields.Boolean(compute="_compute_preview")
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
            left = {code: shown.pop(code) for code in LEFT_KINDS if code in shown}
            wizard.can_walk_away = bool(shown or left)
            wizard.obstacles = exit_case._render_obstacles(obstacles)
            wizard.preview = exit_case._render_obstacles(wizard._get_sentences(shown))
            wizard.left = exit_case._render_obstacles(
                [] if obstacles else wizard._get_left_sentences(left)
            )
            wizard.warnings = exit_case._render_obstacles(warnings)

    def _get_sentences(self, deeds):
        kinds = self.exit_id._get_deed_kinds()
        return [
            self._get_sentence(kinds[code], self.exit_id._split(records))
            for code, records in deeds.items()
        ]

    def _get_left_sentences(self, deeds):
        """What stays: needed by a sister company, or waived at the gate."""
        waivers = self.exit_id.waiver_ids
        waived = Counter(
            waivers.filtered(lambda waiver: waiver.decision == WAIVED).mapped("label")
        )
        return self._get_sentences(deeds) + [
            self.env._(
                "Waived at the gate: %(label)s (%(count)s)", label=label, count=n
            )
            for label, n in waived.items()
        ]

    def _get_sentence(self, kind, found_by_model):
        """What is private is counted and not named."""
        names = ", ".join(
            filter(
                None,
                (
                    self.exit_id._name_readable(found.sudo(False))
                    for found in found_by_model
                ),
            )
        )
        values = {
            "sentence": kind.describe(kind.sentence),
            "count": sum(len(found) for found in found_by_model),
        }
        if not names:
            return self.env._("%(sentence)s: %(count)s.", **values)
        return self.env._("%(sentence)s: %(count)s (%(names)s).", names=names, **values)

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
        if exit_case.commercial_partner_id.supplier_rank:
            warnings.append(
                self.env._(
                    "%(customer)s is a vendor too. Bills stay, and so does what is "
                    "waived at the gate first: portal users, say, who look at your "
                    "purchases.",
                    customer=exit_case.commercial_partner_id.display_name,
                )
            )
        return warnings

    def action_walk_away(self):
        """Do what the preview names."""
        self.ensure_one()
        self.exit_id.action_walk_away()
        return {"type": "ir.actions.act_window_close"}
