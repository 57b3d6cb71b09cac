from odoo import models

from ..models.customer_case import CASES


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """What of ours only one customer can have is made one before the merge.

    Odoo moves the records by SQL, and our unique indexes would stop it half-way with
    an error that tells whoever merges of things that are not theirs to know.
    """

    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        for model in CASES:
            self.env[model]._prepare_merge(src_partners | dst_partner)
        self.env["toxicity.score"].sudo()._prepare_merge(src_partners, dst_partner)
        reviewed = self.env["portfolio.review.line"].sudo()
        reviewed._prepare_merge(src_partners, dst_partner)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        self.env.invalidate_all()
        # A merged contact may have belonged to another customer.
        for model in CASES:
            self.env[model]._find_open_below(dst_partner)._follow_customers()
        self.env["toxicity.score"]._rescore(dst_partner)
        return result
