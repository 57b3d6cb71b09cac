from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

PREFIX = "_measure_"


class ToxicityMeasure(models.AbstractModel):
    """The measures: each ``_measure_<code>`` is one SQL query giving one number.

    A query selects ``partner_id`` (the commercial partner), ``company_id`` and
    ``value``; no row means no data, which is never 0. It may read two relations
    that the engine puts before it:

    - ``customer (partner_id, customer_id)``: every partner in scope with its
      commercial partner; own companies and colleagues are left out;
    - ``setting (company_id, today, since)``: a date counts in the window when it
      lies in (since, today].

    Another module adds a measure by inheriting this model and adding one method,
    and ``_records_<code>`` that gives the records behind the number.
    """

    _name = "toxicity.measure"
    _description = "Measures of customer relationships"

    @api.model
    def _get_codes(self):
        """The codes of all measures there are, as a set."""
        return {
            name.removeprefix(PREFIX) for name in dir(self) if name.startswith(PREFIX)
        }

    @api.model
    def _get_query(self, code):
        """The SQL of one measure; KeyError when Odoo has none of that code."""
        # The code is data: only names that are measures are ever called.
        if code not in self._get_codes():
            raise KeyError(code)
        return getattr(self, PREFIX + code)()

    @api.model
    def _get_records_action(self, code, customer, company):
        """An action on exactly the records that made the number, or None."""
        if code not in self._get_codes():
            return None
        since, today = company._get_toxicity_window()
        getter = getattr(self, f"_records_{code}", None)
        if getter is None:
            return None
        model, domain = getter(customer, company, since, today)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Behind the number"),
            "res_model": model,
            "view_mode": "list,form",
            "domain": list(domain),
            "context": {"active_test": False, "create": False},
        }

    @api.model
    def _in_window(self, column):
        """SQL: the date or datetime column lies in the window of ``setting``."""
        return SQL(
            "(%(column)s)::date > setting.since"
            " AND (%(column)s)::date <= setting.today",
            column=column,
        )

    @api.model
    def _get_window_domain(self, path, since, today):
        """Domain: the date or datetime at the path lies in (since, today], in UTC."""
        # Naive datetimes: Odoo reads plain dates in the user's time zone.
        start = fields.Datetime.to_datetime(since) + timedelta(days=1)
        end = fields.Datetime.to_datetime(today) + timedelta(days=1)
        return Domain(path, ">=", start) & Domain(path, "<", end)
