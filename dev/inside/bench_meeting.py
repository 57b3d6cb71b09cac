"""Meetings are planned and moved in their form, with nobody in quarantine invited."""

import time
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import Form

from bench_work import USER  # isort: skip (beside this file)

# A Monday in winter: outside all windows that are shipped.
START = datetime(2031, 1, 13, 14)
LENGTH = timedelta(hours=1)


class Meetings:
    """A task of the worker; what it saves is undone."""

    def save_meeting(self):
        """Save a meeting with a customer, then move it by a day.

        Of each save, as the web client asks for it: seconds and queries.
        """
        with self.environment(USER) as env:
            # Letters to guests have nothing to do with when it is.
            meetings = env["calendar.event"].with_context(no_mail_to_attendees=True)
            form = Form(meetings)
            form.name = "Bench"
            form.start, form.stop = START, START + LENGTH
            form.partner_ids.add(self._get_customer(env))
            planned = self._count_save(form)
            form.start, form.stop = (
                at + timedelta(days=1) for at in (START, START + LENGTH)
            )
            moved = self._count_save(form)
            if form.record.start != START + timedelta(days=1):
                raise RuntimeError("The meeting was not moved")
        return {"planned": planned, "moved": moved}

    def _count_save(self, form):
        found = {}
        model = type(form._record)
        save = model.web_save

        def web_save(meetings, *args, **kwargs):
            # Nothing is in memory as it comes, and all is written as it ends.
            meetings.env.invalidate_all()
            before, started = meetings.env.cr.sql_log_count, time.perf_counter()
            result = save(meetings, *args, **kwargs)
            self._settle(meetings.env)
            found["seconds"] = time.perf_counter() - started
            found["queries"] = meetings.env.cr.sql_log_count - before
            return result

        with patch.object(model, "web_save", web_save):
            form.save()
        return found
