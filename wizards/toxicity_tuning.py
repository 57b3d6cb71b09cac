import json
import math

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.res_company import MAX_WINDOW_DAYS
from ..models.toxicity_internal_thread import MANAGER_GROUP
from ..models.toxicity_weight import MAX_WEIGHT

# What is tuned beside the weights: our field -> the company's.
SETTINGS = {
    "watch_threshold": "toxicity_watch_threshold",
    "strained_threshold": "toxicity_strained_threshold",
    "toxic_threshold": "toxicity_toxic_threshold",
    "window_days": "toxicity_window_days",
    "claim_tolerance": "claim_tolerance",
}
MAX_TOLERANCE = 100


class ToxicityTuning(models.TransientModel):
    """Other thresholds and weights of a company, looked at before they hold.

    A proposal changes nothing. Its preview applies it just as publishing does, has the
    engine grade everyone, and undoes it all (see toxicity_tuning_preview.py). Only what
    was previewed can be published.
    """

    _name = "toxicity.tuning"
    _description = "Tuning of the scoring"
    # An afternoon's work outlives Odoo's one hour.
    _transient_max_hours = 24.0

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    watch_threshold = fields.Integer(string="Watch from")
    strained_threshold = fields.Integer(string="Strained from")
    toxic_threshold = fields.Integer(string="Toxic from")
    window_days = fields.Integer(
        string="Window (days)", help="How many days back the measures look."
    )
    claim_tolerance = fields.Float(
        string="Tolerance of claims (%)",
        help="A claim may exceed what was found by so much and still holds.",
    )
    watch_now = fields.Integer(
        related="company_id.toxicity_watch_threshold", string="Watch from, now"
    )
    strained_now = fields.Integer(
        related="company_id.toxicity_strained_threshold", string="Strained from, now"
    )
    toxic_now = fields.Integer(
        related="company_id.toxicity_toxic_threshold", string="Toxic from, now"
    )
    window_now = fields.Integer(
        related="company_id.toxicity_window_days", string="Window, now"
    )
    tolerance_now = fields.Float(
        related="company_id.claim_tolerance", string="Tolerance, now"
    )
    line_ids = fields.One2many("toxicity.tuning.line", "tuning_id", string="Weights")
    began_with = fields.Char(
        readonly=True,
        help="The settings in force when the proposal was begun, as JSON.",
    )
    is_changed = fields.Boolean(compute="_compute_problems")
    problems = fields.Html(compute="_compute_problems", sanitize=False)

    @api.depends("company_id")
    def _compute_display_name(self):
        for tuning in self:
            tuning.display_name = self.env._(
                "Scoring of %(company)s", company=tuning.company_id.name
            )

    @api.depends_context("lang")
    @api.depends(*SETTINGS, "line_ids.weight", "began_with")
    def _compute_problems(self):
        for tuning in self:
            tuning.is_changed = tuning._get_proposal() != tuning.began_with
            tuning.problems = self.env["customer.exit"]._render_obstacles(
                tuning._get_problems()
            )

    # -- begin ---------------------------------------------------------------------

    @api.model
    def action_open(self):
        """Begin with the settings in force in the current company."""
        self._check_manager()
        tuning = self.create({})
        tuning._begin()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Tune the scoring"),
            "res_model": self._name,
            "res_id": tuning.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.model
    def _check_manager(self):
        if not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(
                self.env._("Managers of customer exits tune the scoring: ask one.")
            )

    def _begin(self):
        """Fill in the settings in force, and forget what was proposed."""
        self.ensure_one()
        # sudo: managers grade customers, and need not administer companies
        company = self.company_id.sudo()
        self.write({name: company[column] for name, column in SETTINGS.items()})
        self.line_ids = [Command.clear()] + [
            Command.create({"indicator_id": indicator.id, "weight": weight})
            for indicator, weight in self._get_weights_now().items()
        ]
        self.began_with = self._get_proposal()

    def _get_weights_now(self):
        indicators = self.env["toxicity.indicator"].search([("active", "=", True)])
        return self.env["toxicity.weight"]._get_weights(self.company_id, indicators)

    def action_discard(self):
        """Back to the settings in force."""
        self.ensure_one()
        self._begin()

    def action_default_weights(self):
        self.ensure_one()
        self.line_ids.action_default()

    # -- the proposal --------------------------------------------------------------

    def _get_proposal(self):
        """All values that are proposed, as one text."""
        self.ensure_one()
        weights = {line.indicator_id.id: line.weight for line in self.line_ids}
        return self._describe({name: self[name] for name in SETTINGS}, weights)

    def _get_settings_now(self):
        """All values that are in force, as _get_proposal says them."""
        # sudo: as in _begin
        company = self.company_id.sudo()
        return self._describe(
            {name: company[column] for name, column in SETTINGS.items()},
            {record.id: weight for record, weight in self._get_weights_now().items()},
        )

    def _describe(self, values, weights):
        return json.dumps([values, sorted(weights.items())], sort_keys=True)

    def _get_problems(self):
        """Hook: what is wrong with the proposal, as sentences for the manager."""
        self.ensure_one()
        problems = [*self._get_setting_problems(), *self._get_weight_problems()]
        if self.began_with and self.began_with != self._get_settings_now():
            problems.append(
                self.env._(
                    "The settings of %(company)s have changed since you began: discard "
                    "and begin again from what holds now.",
                    company=self.company_id.name,
                )
            )
        return problems

    def _get_setting_problems(self):
        thresholds = [
            self.watch_threshold,
            self.strained_threshold,
            self.toxic_threshold,
        ]
        if not 0 < thresholds[0] < thresholds[1] < thresholds[2] < 100:
            yield self.env._(
                "The thresholds %(watch)s, %(strained)s and %(toxic)s do not rise from "
                "Watch over Strained to Toxic between 1 and 99: put them in order.",
                watch=thresholds[0],
                strained=thresholds[1],
                toxic=thresholds[2],
            )
        if not 0 < self.window_days <= MAX_WINDOW_DAYS:
            yield self.env._(
                "The measures cannot look back over %(days)s days: choose between 1 "
                "and %(most)s.",
                days=self.window_days,
                most=MAX_WINDOW_DAYS,
            )
        if not 0 <= self.claim_tolerance <= MAX_TOLERANCE:
            yield self.env._(
                "Claims cannot be tolerated up to %(tolerance)s %%: choose between 0 "
                "and 100.",
                tolerance=self.claim_tolerance,
            )

    def _get_weight_problems(self):
        for line in self.line_ids:
            # NaN is neither below nor above anything.
            if math.isnan(line.weight) or not 0 <= line.weight <= MAX_WEIGHT:
                yield self.env._(
                    "%(indicator)s cannot weigh %(weight)s: choose between 0, which "
                    "takes it out, and %(most)s.",
                    indicator=line.indicator_id.name,
                    weight=line.weight,
                    most=MAX_WEIGHT,
                )

    def _refuse_problems(self):
        if problems := self._get_problems():
            raise UserError("\n".join(problems))

    # -- publish -------------------------------------------------------------------

    def action_publish(self):
        """Put the proposal in force; scores follow in the background."""
        self.ensure_one()
        self._check_manager()
        self._refuse_problems()
        self._refuse_unseen()
        self._apply()
        self.env["toxicity.score"]._schedule_rescore()
        company = self.company_id.name
        self.unlink()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "toxic_customer_exit.res_partner_action_risk"
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Published for %(company)s. The scores follow in the background, "
                    "mostly within some minutes.",
                    company=company,
                ),
                # Nothing leads back to a proposal that is gone.
                "next": {**action, "target": "main"},
            },
        }

    def _apply(self):
        """Write what differs from the settings in force, all at once.

        Everybody is to be rescored afterwards, so nobody is on the way.
        """
        with self.env["toxicity.score"]._gather_rescores():
            # sudo: as in _begin
            company = self.company_id.sudo()
            company.write(
                {
                    column: self[name]
                    for name, column in SETTINGS.items()
                    if self[name] != company[column]
                }
            )
            now = self._get_weights_now()
            self.env["toxicity.weight"].sudo()._set_weights(
                company,
                {
                    line.indicator_id: line.weight
                    for line in self.line_ids
                    if line.weight != now.get(line.indicator_id)
                },
            )
