from odoo import models


class RatingRating(models.Model):
    _inherit = "rating.rating"

    # One customer's ratings, without reading everybody's
    _toxicity_customer_idx = models.Index("(partner_id) WHERE consumed")
