from odoo import fields, models
from odoo.tools import format_date

from .customer_quarantine import IN_FORCE_STATES


class CustomerQuarantine(models.Model):
    """What stands in the way of each step, as {code: sentence}."""

    _inherit = "customer.quarantine"

    def _get_start_obstacles(self):
        """Hook: what stands in the way of starting, as {code: sentence}."""
        self.ensure_one()
        obstacles = self._get_manager_obstacles()
        if self.state != "draft":
            obstacles["not_draft"] = self.env._(
                "%(quarantine)s is %(state)s: only a draft is started.",
                quarantine=self.display_name,
                state=self._get_state_label(),
            )
        if self.date_to and self.date_to < fields.Date.context_today(self):
            obstacles["past"] = self.env._(
                "The last day of %(quarantine)s is over: choose a later one.",
                quarantine=self.display_name,
            )
        if other := self._find_in_force():
            obstacles["in_force"] = self.env._(
                "%(partner)s already is in quarantine until %(date)s: extend that one "
                "at its review instead.",
                partner=self.commercial_partner_id.display_name,
                date=format_date(self.env, other.date_to),
            )
        return {
            **obstacles,
            **self._get_window_obstacles(),
            **self._get_contact_obstacles(),
        }

    def _get_manager_obstacles(self):
        if self._is_manager():
            return {}
        return {
            "not_manager": self.env._(
                "A manager of Customer Exit decides on quarantines."
            )
        }

    def _get_window_obstacles(self):
        if not self.calendar_id or self.calendar_id._has_windows():
            return {}
        return {
            "no_windows": self.env._(
                "%(calendar)s has no fixed time in it, so nobody could ever meet "
                "%(partner)s: give it hours, or choose other windows.",
                calendar=self.calendar_id.name,
                partner=self.commercial_partner_id.display_name,
            )
        }

    def _get_contact_obstacles(self):
        contact = self.user_id
        if not contact:
            return {}
        # sudo: whoever starts it need not read what groups the contact has
        if not contact.sudo().active:
            return {
                "contact_left": self.env._(
                    "%(user)s has left the company: choose another single contact.",
                    user=contact.name,
                )
            }
        if not self._pick_member(contact.sudo(), self.company_id):
            return {
                "contact_outside": self.env._(
                    "%(user)s does not work with Customer Exit in %(company)s: choose "
                    "another single contact, or give the rights.",
                    user=contact.name,
                    company=self.company_id.name,
                )
            }
        return {}

    def _find_in_force(self):
        """Another one that holds for the same customer in the same company."""
        # sudo: the company is one of the user's own, see _refuse_unlawful_values
        return self.sudo().search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", IN_FORCE_STATES),
                ("id", "not in", self._origin.ids),
            ],
            limit=1,
        )

    def _get_review_obstacles(self):
        """Hook: what stands in the way of reviewing it before its last day."""
        self.ensure_one()
        obstacles = self._get_manager_obstacles()
        if self.state != "active":
            obstacles["not_active"] = self.env._(
                "%(quarantine)s is %(state)s: only an active one is reviewed.",
                quarantine=self.display_name,
                state=self._get_state_label(),
            )
        return obstacles

    def _get_decision_obstacles(self):
        """Hook: what stands in the way of extending, lifting or an exit."""
        self.ensure_one()
        obstacles = self._get_manager_obstacles()
        if self.state != "review":
            obstacles["not_in_review"] = self.env._(
                "%(quarantine)s is %(state)s: have it reviewed first.",
                quarantine=self.display_name,
                state=self._get_state_label(),
            )
        return obstacles

    def _get_cancel_obstacles(self):
        """Hook: what stands in the way of giving a draft up."""
        self.ensure_one()
        obstacles = self._get_manager_obstacles()
        if self.state != "draft":
            obstacles["not_draft"] = self.env._(
                "%(quarantine)s has begun: end it in a review instead.",
                quarantine=self.display_name,
            )
        return obstacles

    def _get_state_label(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels[self.state].lower()
