from odoo import api, fields, models

from .band_news import FROM_THE_FIRST, NEWS, NOTHING
from .toxicity_internal_thread import MANAGER_GROUP
from .toxicity_score import BANDS


class ToxicityScore(models.Model):
    """When a band changed, and whose customer it is: what reactions go by."""

    _inherit = "toxicity.score"
    # Who is to look at a score says so on it, and reads it only.
    _mail_post_access = "read"

    date_band = fields.Datetime(
        "Band changed on",
        readonly=True,
        copy=False,
        help="Empty for a first band that nobody's word made, and where settings "
        "moved the customer: that is no news of the customer.",
    )
    previous_band = fields.Selection(
        BANDS, "Band before", readonly=True, copy=False, help="Until it changed."
    )
    account_manager_id = fields.Many2one(
        "res.users",
        compute="_compute_account_manager_id",
        compute_sudo=True,
        help="The salesperson of the customer, or of its last order, who may see this; "
        "else a manager.",
    )
    manager_id = fields.Many2one(
        "res.users",
        "Manager to ask",
        compute="_compute_account_manager_id",
        compute_sudo=True,
        help="The leader of the customer's sales team, if a manager of Customer Exit; "
        "else another one.",
    )

    @api.depends("partner_id", "company_id")
    def _compute_account_manager_id(self):
        managers = self._get_first_managers(self.company_id)
        sellers, nobody = self._get_last_sellers(), self.env["res.users"]
        for score in self:
            customer, company = score.partner_id, score.company_id
            known = customer.user_id | sellers.get((customer, company), nobody)
            leaders = known.sale_team_id.user_id
            score.manager_id = (
                self._pick_member(leaders, company, MANAGER_GROUP) or managers[company]
            )
            score.account_manager_id = (
                self._pick_member(known, company) or score.manager_id
            )

    def _get_last_sellers(self):
        """{(customer, company): who sold the last order}."""
        orders = self.env["sale.order"].search(
            [
                ("partner_id", "child_of", self.partner_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("state", "=", "sale"),
                ("user_id", "!=", False),
            ],
            order="date_order, id",
        )
        return {
            (order.partner_id.commercial_partner_id, order.company_id): order.user_id
            for order in orders
        }

    def write(self, vals):
        """Note when the band changes, whoever or whatever changes it."""
        if vals.keys().isdisjoint({"band", "band_override"}):
            return super().write(vals)
        before = {score: score.current_band for score in self}
        result = super().write(vals)
        moved = self.filtered(lambda score: score.current_band != before[score])
        moved._note_band_change(before)
        return result

    def _note_band_change(self, before):
        counts = self.env.context.get(NEWS)
        news = self.filtered(
            lambda score: (
                counts is not NOTHING
                and (before[score] != "unknown" or counts is FROM_THE_FIRST)
            )
        )
        # sudo: a manager sets the band, and nothing else of a score
        (self - news).filtered("date_band").sudo().date_band = False
        for band, scores in news.grouped(before.get).items():
            scores.sudo().write(
                {"date_band": fields.Datetime.now(), "previous_band": band}
            )
