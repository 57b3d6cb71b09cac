from odoo import models


class CalendarAttendee(models.Model):
    _inherit = "calendar.attendee"

    # One customer's meetings, without reading everybody's
    _toxicity_customer_idx = models.Index("(partner_id)")
