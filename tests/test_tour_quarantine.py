from datetime import datetime, time, timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import ToxicityCommon


@tagged("post_install", "-at_install")
class TestTourQuarantine(ToxicityCommon, HttpCase):
    def test_a_customer_is_contained_met_in_a_window_and_reviewed(self):
        customer = self.make_customer(name="Tour Customer Ltd")
        form = f"/odoo/m-res.partner/{customer.id}"
        self.start_tour(
            form, "toxic_customer_exit.start_quarantine", login=self.manager.login
        )
        case = self.env["customer.quarantine"].search(
            [("commercial_partner_id", "=", customer.id)]
        )
        self.assertRecordValues(case, [{"state": "active", "user_id": self.manager.id}])
        monday = self.get_monday()
        action = self.env["ir.actions.act_window"].create(
            {
                "name": "New meeting",
                "res_model": "calendar.event",
                "view_mode": "form",
                "context": {
                    "default_partner_ids": [
                        self.salesperson.partner_id.id,
                        customer.id,
                    ],
                    "default_start": fields.Datetime.to_string(monday),
                    "default_stop": fields.Datetime.to_string(
                        monday + timedelta(hours=1)
                    ),
                },
            }
        )
        self.start_tour(
            f"/odoo/action-{action.id}/new",
            "toxic_customer_exit.meet_in_window",
            login=self.salesperson.login,
        )
        meeting = self.env["calendar.event"].search([("name", "=", "Status")])
        self.assertEqual(len(meeting), 1)
        self.assertEqual(meeting.start.weekday(), 1)
        self.assertIn(customer, meeting.partner_ids)
        self.make_work(1.5 * case.weekly_hours, customer)
        self.start_tour(
            f"/odoo/quarantines/{case.id}",
            "toxic_customer_exit.exceed_hours",
            login=self.manager.login,
        )
        self.assertRecordValues(
            case, [{"state": "lifted", "conclusion": "They keep to the windows now."}]
        )

    def get_monday(self):
        """Ten o'clock on the Monday after the next: not a time of this week."""
        today = fields.Date.today()
        monday = today + timedelta(days=14 - today.weekday())
        return datetime.combine(monday, time(10))
