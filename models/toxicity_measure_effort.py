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
            SELECT customer.customer_id AS partner_id,
                   sale.company_id,
                   SUM(GREATEST(0, line.qty_delivered - line.product_uom_qty)
                       * unit.hours)
                   / SUM(line.product_uom_qty * unit.hours) AS value
              FROM sale_order sale
              JOIN customer ON customer.partner_id = sale.partner_id
              JOIN setting ON setting.company_id = sale.company_id
              JOIN sale_order_line line ON line.order_id = sale.id
              JOIN %(units)s unit ON unit.uom_id = line.product_uom_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE sale.state = 'sale'
               AND %(in_window)s
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND template.type = 'service'
               AND template.invoice_policy = 'order'
               AND line.product_uom_qty > 0
          GROUP BY customer.customer_id, sale.company_id
            """,
            units=self._hour_units(),
            in_window=self._in_window(SQL("sale.date_order")),
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
            WITH hours AS (%(hours)s),
            sent_back AS (%(sent_back)s)
            SELECT hours.partner_id,
                   hours.company_id,
                   100 * COUNT(sent_back.task_id) / hours.hours AS value
              FROM hours
         LEFT JOIN sent_back USING (partner_id, company_id)
             WHERE %(enough)s
          GROUP BY hours.partner_id, hours.company_id, hours.hours
            """,
            hours=self._timesheet_hours(),
            sent_back=self._sent_back_tasks(),
            enough=self._enough_hours(SQL("hours.hours")),
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
         LEFT JOIN (%(sellers)s) seller ON seller.partner_id = customer.customer_id
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
            sellers=self._sellers(),
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
                self._sent_back_tasks(),
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
            WITH worked AS (%(hours)s),
            invoiced AS (
                SELECT customer.customer_id AS partner_id,
                       move.company_id,
                       SUM(move.amount_untaxed_signed) AS amount
                  FROM account_move move
                  JOIN customer ON customer.partner_id = move.partner_id
                  JOIN setting ON setting.company_id = move.company_id
                 WHERE move.move_type IN ('out_invoice', 'out_refund')
                   AND move.state = 'posted'
                   AND move.exit_id IS NULL
                   AND %(in_window)s
              GROUP BY customer.customer_id, move.company_id
            )
            SELECT worked.partner_id, worked.company_id,
                   (COALESCE(invoiced.amount, 0) - worked.cost) / worked.hours AS value
              FROM worked
         LEFT JOIN invoiced USING (partner_id, company_id)
             WHERE %(enough)s
            """,
            hours=self._timesheet_hours(),
            in_window=self._in_window(SQL("move.invoice_date")),
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
            WITH ordered AS (
                SELECT customer.customer_id AS partner_id,
                       sale.company_id,
                       SUM(line.product_uom_qty * unit.hours) AS hours
                  FROM sale_order sale
                  JOIN customer ON customer.partner_id = sale.partner_id
                  JOIN setting ON setting.company_id = sale.company_id
                  JOIN sale_order_line line ON line.order_id = sale.id
                  JOIN %(units)s unit ON unit.uom_id = line.product_uom_id
                 WHERE sale.state = 'sale'
                   AND %(ordered_in_window)s
                   AND line.display_type IS NULL
                   AND line.is_downpayment IS NOT TRUE
              GROUP BY customer.customer_id, sale.company_id
            ), met AS (
                SELECT partner_id, company_id, SUM(duration) AS hours
                  FROM (%(meetings)s) meeting
              GROUP BY partner_id, company_id
            )
            SELECT ordered.partner_id, ordered.company_id,
                   COALESCE(met.hours, 0) / ordered.hours AS value
              FROM ordered
         LEFT JOIN met USING (partner_id, company_id)
             WHERE %(enough)s
            """,
            units=self._hour_units(),
            ordered_in_window=self._in_window(SQL("sale.date_order")),
            meetings=self._meetings(),
            enough=self._enough_hours(SQL("ordered.hours")),
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
            SELECT message.partner_id,
                   message.company_id,
                   1 - COUNT(*) FILTER (WHERE message.in_hours) / COUNT(*)::numeric
                       AS value
              FROM (%(messages)s) message
          GROUP BY message.partner_id, message.company_id
            HAVING COUNT(*) >= %(minimum)s
            """,
            messages=self._messages(),
            minimum=MIN_MESSAGES,
        )

    @api.model
    def _messages(self):
        """SQL: partner_id, company_id, message_id, in_hours per message of theirs.

        The working hours are the attendance rows of the company's calendar, in its
        time zone; companies with a flexible calendar, or one without rows, are out.
        """
        return SQL(
            """
            SELECT sent.partner_id, sent.company_id, sent.message_id,
                   EXISTS (
                       SELECT 1
                         FROM resource_calendar_attendance slot
                        WHERE slot.calendar_id = sent.calendar_id
                          AND slot.display_type IS NULL
                          AND slot.dayofweek::integer
                            = EXTRACT(ISODOW FROM sent.local_time) - 1
                          AND (sent.two_weeks_calendar IS NOT TRUE
                               OR slot.week_type::integer = sent.week %% 2)
                          AND sent.hour >= slot.hour_from
                          AND sent.hour < slot.hour_to) AS in_hours
              FROM (
                SELECT customer.customer_id AS partner_id,
                       company.id AS company_id,
                       message.id AS message_id,
                       calendar.id AS calendar_id,
                       calendar.two_weeks_calendar,
                       here.local_time,
                       (here.local_time::date - DATE '0001-01-01') / 7 AS week,
                       EXTRACT(EPOCH FROM here.local_time::time) / 3600 AS hour
                  FROM mail_message message
                  JOIN customer ON customer.partner_id = message.author_id
             LEFT JOIN (%(sellers)s) seller ON seller.partner_id = customer.customer_id
                                           AND message.record_company_id IS NULL
                  JOIN res_company company ON company.id
                      = COALESCE(message.record_company_id, seller.company_id)
                  JOIN setting ON setting.company_id = company.id
                  JOIN resource_calendar calendar
                    ON calendar.id = company.resource_calendar_id
                   AND calendar.flexible_hours IS NOT TRUE
            CROSS JOIN LATERAL (
                       SELECT message.date AT TIME ZONE 'UTC'
                              AT TIME ZONE COALESCE(calendar.tz, 'UTC') AS local_time
                   ) here
                 WHERE message.message_type IN ('email', 'comment')
                   AND %(in_window)s
                   AND EXISTS (SELECT 1 FROM resource_calendar_attendance slot
                                WHERE slot.calendar_id = calendar.id
                                  AND slot.display_type IS NULL)
              ) sent
            """,
            sellers=self._sellers(),
            in_window=self._in_window(SQL("message.date")),
        )

    @api.model
    def _get_messages_domain(self, customer, company, since, today):
        message_ids = self._read_scoped(
            SQL(
                "SELECT message_id FROM (%s) sent WHERE company_id = %s",
                self._messages(),
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
