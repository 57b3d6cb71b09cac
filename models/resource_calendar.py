from odoo import api, models
from odoo.exceptions import UserError, ValidationError


class ResourceCalendar(models.Model):
    """Working hours that say when meetings with a customer are held.

    Whoever edits them need not know of quarantines: all words here are neutral.
    """

    _inherit = "resource.calendar"

    def _get_window_lines(self):
        """The lines of the calendar that are a window, in their order."""
        return self.attendance_ids.filtered(
            lambda line: (
                not line.display_type
                and line.day_period != "lunch"
                and line.hour_to > line.hour_from
            )
        )

    def _has_windows(self):
        """Whether it has fixed times: flexible hours are on no certain ones."""
        self.ensure_one()
        # sudo: rows of a calendar that everybody may be told about
        return not self.flexible_hours and bool(self.sudo()._get_window_lines())

    def _find_in_use(self):
        """One of these calendars that customers are met by, with its customer."""
        # sudo: neutral words for people who know nothing of quarantines
        return (
            self.env["customer.quarantine"]
            .sudo()
            .search(
                [
                    ("calendar_id", "in", self.ids),
                    ("state", "in", ("draft", "active", "review")),
                ],
                limit=1,
            )
        )

    @api.constrains("attendance_ids", "flexible_hours")
    def _check_windows_left(self):
        for calendar in self:
            if not calendar._has_windows() and calendar._find_in_use():
                raise ValidationError(
                    self.env._(
                        "%(calendar)s says when meetings with customers are held: "
                        "leave some hours at fixed times in it.",
                        calendar=calendar.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        # sudo: see _find_in_use; also those that are over stay on record
        quarantines = self.env["customer.quarantine"].sudo()
        if used := quarantines.search([("calendar_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "%(calendar)s says when meetings with customers are held, or were: "
                    "archive it instead of deleting it.",
                    calendar=used.calendar_id.name,
                )
            )


class ResourceCalendarAttendance(models.Model):
    """The lines of a calendar are also written without it."""

    _inherit = "resource.calendar.attendance"

    @api.constrains("hour_from", "hour_to", "day_period")
    def _check_windows_left(self):
        self.calendar_id._check_windows_left()
