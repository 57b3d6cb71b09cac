from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

PREFIX = "_measure_"
# Fewer hours than these prove nothing.
MIN_HOURS = 20


class ToxicityMeasure(models.AbstractModel):
    """The measures: each ``_measure_<code>`` is one SQL query giving one number.

    A query selects ``partner_id`` (the commercial partner), ``company_id`` and
    ``value``; no row means no data, which is never 0. It may read the relations
    that the engine puts before it:

    - ``customer (partner_id, customer_id)``: every partner in scope with its
      commercial partner; own companies and colleagues are left out;
    - ``setting (company_id, today, since)``: a date counts in the window when it
      lies in (since, today];
    - the facts (see ``_get_facts``): what several measures are made of.

    Another module adds a measure by inheriting this model and adding one method,
    and tells in ``_get_records_behind`` which records made the number.
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
    def _get_records_behind(self):
        """Hook: {code: {model: getter}}, the records that make each number.

        A getter gives the domain of exactly those of its model, from the customer,
        the company, and the window as (since, today]. A number that divides is made
        of both sides. Nothing is queried before somebody opens them.
        """
        return {}

    @api.model
    def _open_records_behind(self, code, customer, company, model):
        """An action on those records of the model that made the number, or None."""
        getter = self._get_records_behind().get(code, {}).get(model)
        if getter is None:
            return None
        since, today = company._get_toxicity_window()
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "view_mode": "list,form",
            # The Scoring tab opens it as it is: Odoo adds views for buttons only.
            "views": [(self._get_list_view(model), "list"), (False, "form")],
            "domain": list(getter(customer, company, since, today)),
            "context": {"active_test": False, "create": False},
            "help": self.env._("None that you may read took part in the number."),
        }

    @api.model
    def _get_list_view(self, model):
        """The list that says most about such records, False for the usual one."""
        # Entries in general show neither the customer nor the date of an invoice, nor
        # who worked on what.
        lists = {
            "account.move": "account.view_out_invoice_tree",
            "account.analytic.line": "hr_timesheet.timesheet_view_tree_user",
        }
        return model in lists and self.env.ref(lists[model]).id

    @api.model
    def _get_record_label(self, model):
        """What users call the records of the model."""
        labels = {
            "account.analytic.line": self.env._("Timesheets"),
            "account.move": self.env._("Invoices"),
            "calendar.event": self.env._("Meetings"),
            "crm.lead": self.env._("Leads"),
            "mail.message": self.env._("Messages"),
            "project.task": self.env._("Tasks"),
            "rating.rating": self.env._("Ratings"),
            "sale.order": self.env._("Orders"),
            "sale.order.line": self.env._("Order lines"),
            "scope.change": self.env._("Scope changes"),
            "toxicity.signal": self.env._("Signals"),
        }
        return labels.get(model) or self.env["ir.model"]._get(model).display_name

    # -- SQL that several measures share --------------------------------------------

    @api.model
    def _in_window(self, column):
        """SQL: the date or datetime column lies in the window of ``setting``.

        The longest window of all companies is told as a date too: PostgreSQL foresees
        then how much it has to read, and leaves the past alone.
        """
        return SQL(
            "%(column)s > %(earliest)s"
            " AND (%(column)s)::date > setting.since"
            " AND (%(column)s)::date <= setting.today",
            column=column,
            earliest=self.env.context["toxicity_earliest"],
        )

    @api.model
    def _with_earliest(self):
        """These measures with the day that the longest window begins after, read once.

        sudo: the facts are read of all companies.
        """
        companies = self.env["res.company"].sudo()
        [(longest,)] = companies._read_group([], [], ["toxicity_window_days:max"])
        earliest = fields.Date.subtract(fields.Date.today(), days=longest)
        return self.with_context(toxicity_earliest=earliest)

    @api.model
    def _hour_units(self):
        """SQL relation: (uom_id, hours), the units of time and how long each is."""
        hour = self.env.ref("uom.product_uom_hour")
        return SQL(
            """
            (SELECT unit.id AS uom_id,
                    (unit.factor / hour.factor)::float8 AS hours
               FROM uom_uom unit
               JOIN uom_uom hour ON hour.id = %s
                AND SPLIT_PART(unit.parent_path, '/', 1)
                  = SPLIT_PART(hour.parent_path, '/', 1))
            """,
            hour.id,
        )

    @api.model
    def _enough_hours(self, column):
        """SQL: as many hours as prove something, as people read them: 2 decimals."""
        return SQL("ROUND(100 * (%s)::float8) >= 100 * %s", column, MIN_HOURS)

    @api.model
    def _get_customer_domain(self, path, customers):
        """Domain: the partner at the path is a customer of these or of their people.

        As in ``customer``, colleagues who sit at the customer's are left out.
        """
        people = (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search([("commercial_partner_id", "in", customers.ids)])
        )
        own = self.env["toxicity.score"]._get_own_partners(people)
        theirs = Domain(f"{path}.commercial_partner_id", "in", customers.ids)
        return theirs & Domain(path, "not in", own.ids) if own else theirs

    @api.model
    def _get_window_domain(self, path, since, today):
        """Domain: the date or datetime at the path lies in (since, today], in UTC."""
        # Naive datetimes: Odoo reads plain dates in the user's time zone.
        start = fields.Datetime.to_datetime(since) + timedelta(days=1)
        end = fields.Datetime.to_datetime(today) + timedelta(days=1)
        return Domain(path, ">=", start) & Domain(path, "<", end)
