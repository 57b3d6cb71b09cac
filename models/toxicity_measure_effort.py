from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

MIN_MESSAGES = 10


class ToxicityMeasureEffort(models.AbstractModel):
    """Measures of the time that a customer takes: work, meetings, messages."""

    _inherit = "toxicity.measure"

    @api.model
    def _get_records_behind(self):
        worked = {"account.analytic.line": self._get_timesheet_domain}
        earned = {"account.move": self._get_move_domain, **worked}
        return {
            **super()._get_records_behind(),
            "effort_overrun": {"sale.order.line": self._get_prepaid_lines_domain},
            "rework": {"project.task": self._get_sent_back_domain, **worked},
            "low_yield": earned,
            "high_yield": earned,
            "meeting_load": {
                "calendar.event": self._get_meetings_domain,
                "sale.order.line": self._get_timed_lines_domain,
            },
            "after_hours_contact": {"mail.message": self._get_messages_domain},
        }

    # -- hours delivered beyond hours sold -----------------------------------------

    @api.model
    def _measure_effort_overrun(self):
        """Hours delivered beyond those ordered ÷ hours ordered, prepaid services."""
        return SQL(
            """
            SELECT partner_id, company_id, overrun_hours / prepaid_hours AS value
              FROM sold
             WHERE prepaid_hours > 0
            """
        )

    @api.model
    def _get_prepaid_lines_domain(self, customer, company, since, today):
        lines = self._get_timed_lines(customer, company, since, today).filtered(
            lambda line: (
                line.product_id.type == "service"
                and line.product_id.invoice_policy == "order"
                and line.product_uom_qty > 0
            )
        )
        return Domain("id", "in", lines.ids)

    @api.model
    def _get_timed_lines_domain(self, *window):
        return Domain("id", "in", self._get_timed_lines(*window).ids)

    @api.model
    def _get_timed_lines(self, customer, company, since, today):
        """Order lines of the window sold by time."""
        lines = self.env["sale.order.line"].search(
            self._get_order_domain(customer, company, since, today, "order_id.")
            & Domain("display_type", "=", False)
            & Domain("is_downpayment", "=", False)
        )
        hour = self.env.ref("uom.product_uom_hour")
        return lines.filtered(
            lambda line: (
                line.product_uom_id and line.product_uom_id._has_common_reference(hour)
            )
        )

    # -- work sent back ------------------------------------------------------------

    @api.model
    def _measure_rework(self):
        """Tasks sent back per 100 hours logged.

        A task goes back when it turns to *changes requested*, or is opened again
        after *done*: once per task and day. A low rating turns a task back by itself
        and is counted by ``poor_rating``.
        """
        return SQL(
            """
            SELECT worked.partner_id,
                   worked.company_id,
                   100 * COALESCE(returned.tasks, 0) / worked.hours AS value
              FROM worked
         LEFT JOIN returned USING (partner_id, company_id)
             WHERE %(enough)s
            """,
            enough=self._enough_hours(SQL("worked.hours")),
        )

    @api.model
    def _sent_back_tasks(self):
        """SQL: partner_id, company_id, task_id and day on which a task was sent back.

        Tracking keeps the label of a state in the language of whoever changed it:
        a state is known by its label in any language.
        """
        state = self.env["ir.model.fields"]._get("project.task", "state")
        return SQL(
            """
            SELECT DISTINCT customer.customer_id AS partner_id,
                   COALESCE(task.company_id, project.company_id, seller.company_id)
                       AS company_id,
                   task.id AS task_id,
                   message.date::date AS day
              FROM mail_tracking_value tracking
              JOIN mail_message message ON message.id = tracking.mail_message_id
                                       AND message.model = 'project.task'
              JOIN project_task task ON task.id = message.res_id
              JOIN customer ON customer.partner_id = task.partner_id
         LEFT JOIN project_project project ON project.id = task.project_id
         LEFT JOIN seller ON seller.partner_id = customer.customer_id
                   AND task.company_id IS NULL AND project.company_id IS NULL
              JOIN setting ON setting.company_id
                  = COALESCE(task.company_id, project.company_id, seller.company_id)
             WHERE tracking.field_id = %(field)s
               AND %(in_window)s
               AND (
                   (tracking.new_value_char IN (%(changes_requested)s)
                    AND NOT EXISTS (
                        SELECT 1 FROM rating_rating rating
                         WHERE rating.res_model = 'project.task'
                           AND rating.res_id = task.id
                           AND rating.consumed AND rating.rating < 4
                           AND COALESCE(rating.rated_on, rating.write_date)::date
                             = message.date::date))
                   OR (tracking.old_value_char IN (%(done)s)
                       AND tracking.new_value_char IN (%(still_open)s)))
            """,
            field=state.id,
            in_window=self._in_window(SQL("message.date")),
            changes_requested=self._state_labels(state, "02_changes_requested"),
            done=self._state_labels(state, "1_done"),
            still_open=self._state_labels(
                state,
                "01_in_progress",
                "03_approved",
                "04_waiting_normal",
            ),
        )

    @api.model
    def _state_labels(self, field, *states):
        """SQL: the labels of the states in every language."""
        return SQL(
            """
            SELECT label.value
              FROM ir_model_fields_selection selection,
                   jsonb_each_text(selection.name) label
             WHERE selection.field_id = %s AND selection.value IN %s
            """,
            field.id,
            states,
        )

    @api.model
    def _get_sent_back_domain(self, customer, company, since, today):
        task_ids = self._read_scoped(
            SQL(
                "SELECT task_id FROM (%s) sent_back WHERE company_id = %s",
                self._with_earliest()._sent_back_tasks(),
                company.id,
            ),
            customer,
        )
        return Domain("id", "in", task_ids)

    # -- yield per hour ------------------------------------------------------------

    @api.model
    def _measure_low_yield(self):
        """1 − yield ÷ the company's median: how far below its usual customer."""
        return SQL(
            """
            SELECT own.partner_id, own.company_id, 1 - own.value / usual.value AS value
              FROM (%(yields)s) own
              JOIN toxicity_norm usual ON usual.company_id = own.company_id
                                      AND usual.code = 'median_yield'
             WHERE usual.value > 0
            """,
            yields=self._yields(),
        )

    @api.model
    def _measure_high_yield(self):
        """Yield ÷ the company's median − 1."""
        return SQL(
            """
            SELECT own.partner_id, own.company_id, own.value / usual.value - 1 AS value
              FROM (%(yields)s) own
              JOIN toxicity_norm usual ON usual.company_id = own.company_id
                                      AND usual.code = 'median_yield'
             WHERE usual.value > 0
            """,
            yields=self._yields(),
        )

    @api.model
    def _yields(self):
        """SQL: partner_id, company_id, value: invoiced less cost, per hour logged."""
        return SQL(
            """
            SELECT worked.partner_id, worked.company_id,
                   (COALESCE(billed.invoices, 0) + COALESCE(billed.refunds, 0)
                    - worked.cost) / worked.hours AS value
              FROM worked
         LEFT JOIN billed USING (partner_id, company_id)
             WHERE %(enough)s
            """,
            enough=self._enough_hours(SQL("worked.hours")),
        )

    @api.model
    def _get_timesheet_domain(self, customer, company, since, today):
        return (
            self._get_customer_domain("partner_id", customer)
            & Domain("company_id", "=", company.id)
            & Domain("project_id", "!=", False)
            & self._get_window_domain("date", since, today)
        )

    # -- meetings and messages -----------------------------------------------------

    @api.model
    def _measure_meeting_load(self):
        """Hours of meetings with their people ÷ hours ordered."""
        return SQL(
            """
            SELECT sold.partner_id, sold.company_id,
                   COALESCE(met.hours, 0) / sold.hours AS value
              FROM sold
         LEFT JOIN met USING (partner_id, company_id)
             WHERE %(enough)s
            """,
            enough=self._enough_hours(SQL("sold.hours")),
        )

    @api.model
    def _meetings(self):
        """SQL: partner_id, company_id, event_id, duration; each event once."""
        return SQL(
            """
            SELECT DISTINCT customer.customer_id AS partner_id,
                   organiser.company_id,
                   event.id AS event_id,
                   event.duration
              FROM calendar_attendee attendee
              JOIN customer ON customer.partner_id = attendee.partner_id
              JOIN calendar_event event ON event.id = attendee.event_id
              JOIN res_users organiser ON organiser.id = event.user_id
              JOIN setting ON setting.company_id = organiser.company_id
             WHERE event.active
               AND event.allday IS NOT TRUE
               AND %(in_window)s
            """,
            in_window=self._in_window(SQL("event.start")),
        )

    @api.model
    def _get_meetings_domain(self, customer, company, since, today):
        return (
            Domain(
                "attendee_ids", "any", self._get_customer_domain("partner_id", customer)
            )
            & Domain("user_id.company_id", "=", company.id)
            & Domain("allday", "=", False)
            & Domain("active", "=", True)
            & self._get_window_domain("start", since, today)
        )

    @api.model
    def _measure_after_hours_contact(self):
        """Share of their messages outside the company's working hours."""
        return SQL(
            """
            SELECT partner_id, company_id,
                   1 - in_hours / messages::numeric AS value
              FROM wrote
            """
        )

    @api.model
    def _messages(self):
        """SQL: partner_id, company_id, message_id, in_hours (NULL outside) of messages.

        Of customers who wrote enough to prove something: the others' are not placed.
        The working hours are the attendance rows of the company's calendar, in its
        time zone; companies with a flexible calendar, or one without rows, are out.
        """
        # Kept apart: a time is brought to its zone once, not once for each use.
        return SQL(
            """
            WITH slot AS MATERIALIZED (
                SELECT id, calendar_id, hour_from, hour_to,
                       dayofweek::integer AS weekday, week_type::integer AS week
                  FROM resource_calendar_attendance
                 WHERE display_type IS NULL
            ), desk AS MATERIALIZED (
                SELECT setting.*, calendar.id AS calendar_id,
                       calendar.two_weeks_calendar,
                       COALESCE(calendar.tz, 'UTC') AS tz
                  FROM setting
                  JOIN res_company company ON company.id = setting.company_id
                  JOIN resource_calendar calendar
                    ON calendar.id = company.resource_calendar_id
                   AND calendar.flexible_hours IS NOT TRUE
                 WHERE calendar.id IN (SELECT calendar_id FROM slot)
            ), sent AS MATERIALIZED (
                SELECT customer.customer_id AS partner_id,
                       setting.company_id,
                       message.id AS message_id,
                       message.date
                  FROM mail_message message
                  JOIN customer ON customer.partner_id = message.author_id
             LEFT JOIN seller ON seller.partner_id
                     = CASE WHEN message.record_company_id IS NULL
                            THEN customer.customer_id END
                  JOIN desk setting ON setting.company_id
                     = COALESCE(message.record_company_id, seller.company_id)
                 WHERE message.message_type IN ('email', 'comment')
                   AND %(in_window)s
            ), local AS MATERIALIZED (
                SELECT sent.*, desk.calendar_id, desk.two_weeks_calendar,
                       sent.date AT TIME ZONE 'UTC' AT TIME ZONE desk.tz AS moment
                  FROM sent
                  JOIN desk ON desk.company_id = sent.company_id
                -- IS TRUE: few wrote so much, which PostgreSQL cannot foresee.
                 WHERE ((sent.partner_id, sent.company_id) IN (
                       SELECT partner_id, company_id FROM sent
                     GROUP BY partner_id, company_id HAVING COUNT(*) >= %(minimum)s
                       )) IS TRUE
            ), placed AS MATERIALIZED (
                SELECT local.*,
                       EXTRACT(ISODOW FROM moment)::integer - 1 AS weekday,
                       (moment::date - DATE '0001-01-01') / 7 %% 2 AS week,
                       EXTRACT(EPOCH FROM moment::time)::float8 / 3600 AS hour
                  FROM local
            )
            SELECT placed.partner_id, placed.company_id, placed.message_id,
                   MAX(slot.id) AS in_hours
              FROM placed
         LEFT JOIN slot ON slot.calendar_id = placed.calendar_id
                       AND slot.weekday = placed.weekday
                       AND (placed.two_weeks_calendar IS NOT TRUE
                            OR slot.week = placed.week)
                       AND placed.hour >= slot.hour_from
                       AND placed.hour < slot.hour_to
          GROUP BY placed.partner_id, placed.company_id, placed.message_id
            """,
            in_window=self._in_window(SQL("message.date")),
            minimum=MIN_MESSAGES,
        )

    @api.model
    def _get_messages_domain(self, customer, company, since, today):
        message_ids = self._read_scoped(
            SQL(
                "SELECT message_id FROM (%s) sent WHERE company_id = %s",
                self._with_earliest()._messages(),
                company.id,
            ),
            customer,
        )
        return Domain("id", "in", message_ids)

    @api.model
    def _read_scoped(self, query, customer):
        """The ids that a query over the measures' relations selects for a customer."""
        relations = self.env["toxicity.score.engine"]._get_relations(
            lambda column: SQL("%s = %s", column, customer.id)
        )
        self.env.flush_all()
        rows = self.env.execute_query(SQL("%s %s", relations, query))
        return [row[0] for row in rows]
