from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from .own_part import MIN_OTHERS


class OwnPart(models.AbstractModel):
    """Reads the facts, each for all customers asked by one query.

    SQL, because a median over customers, and those of many customers at once, are
    beyond the ORM. The window, the customers and whom records of no company count for
    are those of the measures (see toxicity.measure).
    """

    _inherit = "own.part"

    @api.model
    def _ask(self, keys, query):
        """The rows of a query over the measures' relations of the customers asked.

        It may read ``asked (partner_id, company_id)`` too.
        """
        customers, companies = (list(ids) for ids in zip(*keys, strict=True))
        engine = self.env["toxicity.score.engine"]
        relations = {
            **engine._get_relation_queries(
                lambda column: SQL("%s = ANY(%s)", column, customers)
            ),
            "asked": SQL(
                "SELECT * FROM UNNEST(%s, %s) AS key (partner_id, company_id)",
                customers,
                companies,
            ),
        }
        self.env.flush_all()
        return self.env.execute_query(
            SQL("%s %s", engine._join_relations(relations), query)
        )

    # -- late ------------------------------------------------------------------------

    @api.model
    def _read_late(self, keys):
        """{key: [(kind, how many were due, how many late, their mean days late)]}.

        Due is what had its deadline in the window; late, what was delivered after
        that day, or has not been delivered by today.
        """
        rows = self._ask(
            keys,
            SQL(
                """
                SELECT partner_id, company_id, kind, COUNT(*),
                       COUNT(*) FILTER (WHERE days > 0),
                       COALESCE(AVG(days) FILTER (WHERE days > 0), 0)::float8
                  FROM (%s UNION ALL %s) due
                  JOIN asked USING (partner_id, company_id)
              GROUP BY partner_id, company_id, kind
              ORDER BY kind
                """,
                self._due_milestones(),
                self._due_tasks(),
            ),
        )
        late = defaultdict(list)
        for partner_id, company_id, *counts in rows:
            late[partner_id, company_id].append(counts)
        return late

    @api.model
    def _find_late(self, kind, key):
        """The ids of what was late of that kind."""
        rows = self._ask(
            {key},
            SQL(
                """
                SELECT due.record_id
                  FROM (%s UNION ALL %s) due
                  JOIN asked USING (partner_id, company_id)
                 WHERE due.kind = %s AND due.days > 0
                """,
                self._due_milestones(),
                self._due_tasks(),
                kind,
            ),
        )
        return [record_id for (record_id,) in rows]

    @api.model
    def _due_milestones(self):
        """SQL: partner_id, company_id, kind, record_id, days late: the milestones."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id, setting.company_id,
                   'milestone' AS kind, milestone.id AS record_id,
                   COALESCE(milestone.reached_date, setting.today)
                       - milestone.deadline AS days
              FROM project_milestone milestone
              JOIN project_project project ON project.id = milestone.project_id
              JOIN customer ON customer.partner_id = project.partner_id
              %(setting)s
             WHERE project.is_template IS NOT TRUE
               AND (project.active OR milestone.reached_date IS NOT NULL)
               AND %(in_window)s
            """,
            setting=self._project_setting(SQL("project.company_id")),
            in_window=self._in_window(SQL("milestone.deadline")),
        )

    @api.model
    def _due_tasks(self):
        """SQL: partner_id, company_id, kind, record_id, days late: the tasks.

        A task is delivered when it is done, or reaches a stage that is folded.
        """
        return SQL(
            """
            SELECT customer.customer_id AS partner_id, setting.company_id,
                   'task' AS kind, task.id AS record_id,
                   COALESCE(delivered.at::date, setting.today)
                       - task.date_deadline::date AS days
              FROM project_task task
         LEFT JOIN project_project project ON project.id = task.project_id
              JOIN customer
                ON customer.partner_id = COALESCE(task.partner_id, project.partner_id)
              %(setting)s
        CROSS JOIN LATERAL (
                   SELECT LEAST(task.date_end, CASE task.state WHEN '1_done'
                       THEN task.date_last_stage_update END) AS at
                   ) delivered
             WHERE task.state != '1_canceled'
               AND task.is_template IS NOT TRUE
               AND project.is_template IS NOT TRUE
               AND (task.active OR delivered.at IS NOT NULL)
               AND %(in_window)s
            """,
            setting=self._project_setting(
                SQL("COALESCE(task.company_id, project.company_id)")
            ),
            in_window=self._in_window(SQL("task.date_deadline")),
        )

    @api.model
    def _project_setting(self, company):
        """SQL: join the setting of the company, of all that sold where it is none."""
        return SQL(
            """
         LEFT JOIN seller ON seller.partner_id = customer.customer_id
                         AND %(company)s IS NULL
              JOIN setting
                ON setting.company_id = COALESCE(%(company)s, seller.company_id)
            """,
            company=company,
        )

    @api.model
    def _in_window(self, column):
        return self.env["toxicity.measure"]._with_earliest()._in_window(column)

    # -- staff -----------------------------------------------------------------------

    @api.model
    def _read_staff(self, keys):
        """{key: {what: count}} of the window.

        ``people`` who logged time, and how often somebody else became ``project``
        manager or salesperson (``sale``): several records that pass from one person
        to another on one day are one change.
        """
        rows = self._ask(
            keys,
            SQL(
                """
                SELECT partner_id, company_id, what, COUNT(DISTINCT who)
                  FROM (%s) staff
                  JOIN asked USING (partner_id, company_id)
              GROUP BY partner_id, company_id, what
                """,
                SQL(" UNION ALL ").join(
                    [self._people(), *map(self._handovers, self._get_handover_models())]
                ),
            ),
        )
        staff = defaultdict(dict)
        for partner_id, company_id, what, count in rows:
            staff[partner_id, company_id][what] = count
        return staff

    @api.model
    def _people(self):
        """SQL: who logged time on the customer's projects."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id, entry.company_id,
                   'people' AS what, entry.employee_id::text AS who
              FROM account_analytic_line entry
              JOIN customer ON customer.partner_id = entry.partner_id
              JOIN setting ON setting.company_id = entry.company_id
             WHERE entry.project_id IS NOT NULL
               AND %s
            """,
            self._in_window(SQL("entry.date")),
        )

    @api.model
    def _get_handover_models(self):
        """[(model, what changes, company column, condition)] that track who it is."""
        return [
            ("project.project", "project", SQL("record.company_id"), SQL("TRUE")),
            (
                "sale.order",
                "sale",
                SQL("record.company_id"),
                SQL("record.state = 'sale'"),
            ),
            # The customer's own salesperson, which its contacts take over.
            (
                "res.partner",
                "sale",
                SQL("NULL::integer"),
                SQL("record.parent_id IS NULL"),
            ),
        ]

    @api.model
    def _handovers(self, source):
        """SQL: the days on which such records passed from one user to another."""
        model, what, company, condition = source
        records = self.env[model]
        partner = "id" if model == "res.partner" else "partner_id"
        return SQL(
            """
            SELECT customer.customer_id AS partner_id, setting.company_id,
                   %(what)s AS what,
                   CONCAT_WS(' ', message.date::date, tracking.old_value_integer,
                       COALESCE(tracking.new_value_integer, 0)) AS who
              FROM %(table)s record
              JOIN customer ON customer.partner_id = record.%(partner)s
              JOIN mail_message message ON message.model = %(model)s
                                       AND message.res_id = record.id
              JOIN mail_tracking_value tracking
                ON tracking.mail_message_id = message.id
               AND tracking.field_id = %(field)s
              %(setting)s
             WHERE %(condition)s
               AND tracking.old_value_integer > 0
               AND tracking.old_value_integer
                   IS DISTINCT FROM tracking.new_value_integer
               AND %(in_window)s
            """,
            what=what,
            table=SQL.identifier(records._table),
            partner=SQL.identifier(partner),
            model=model,
            field=self.env["ir.model.fields"]._get(model, "user_id").id,
            setting=self._project_setting(company),
            condition=condition,
            in_window=self._in_window(SQL("message.date")),
        )

    # -- elsewhere -------------------------------------------------------------------

    @api.model
    def _read_elsewhere(self, keys):
        """{key: {(role, indicator): (other customers, median value, median load)}}.

        Over the other customers of whoever manages the projects of this one, and of
        whoever sells to it; this one is left out. A customer about whom nobody has
        recorded a reason has none of it; one that was not measured does not count.
        """
        rows = self._ask(
            keys,
            SQL(
                """
                , person AS MATERIALIZED (%(persons)s),
                other AS MATERIALIZED (%(others)s)
                SELECT mine.partner_id, mine.company_id, other.role,
                       mine.indicator_id, COUNT(*),
                       PERCENTILE_CONT(0.5) WITHIN GROUP (
                           ORDER BY COALESCE(found.value, 0)),
                       PERCENTILE_CONT(0.5) WITHIN GROUP (
                           ORDER BY COALESCE(found.load, 0))
                  FROM (SELECT score.partner_id, score.company_id, part.*
                          FROM toxicity_score score
                          JOIN asked USING (partner_id, company_id)
                    CROSS JOIN LATERAL %(parts)s) mine
                  JOIN toxicity_indicator indicator ON indicator.id = mine.indicator_id
                   AND indicator.polarity = 'strain'
                  JOIN other ON other.partner_id = mine.partner_id
                            AND other.company_id = mine.company_id
                  JOIN toxicity_score theirs ON theirs.partner_id = other.other_id
                                            AND theirs.company_id = other.company_id
             LEFT JOIN LATERAL (
                       SELECT part.value, part.load
                         FROM toxicity_score score
                   CROSS JOIN LATERAL %(parts)s
                        WHERE score.id = theirs.id
                          AND part.indicator_id = mine.indicator_id) found ON TRUE
                 WHERE mine.load > 0
                   AND (indicator.origin = 'recorded' OR found.load IS NOT NULL)
              GROUP BY mine.partner_id, mine.company_id, other.role, mine.indicator_id
                HAVING COUNT(*) >= %(least)s
                """,
                persons=self._persons(),
                others=self._others(),
                parts=self.env["toxicity.score"]._unnest_parts(),
                least=MIN_OTHERS,
            ),
        )
        indicators = self.env["toxicity.indicator"]
        elsewhere = defaultdict(dict)
        for partner_id, company_id, role, indicator_id, *found in rows:
            key = role, indicators.browse(indicator_id)
            elsewhere[partner_id, company_id][key] = found
        return elsewhere

    @api.model
    def _persons(self):
        """SQL: who manages the projects of the customers asked, and who sells to them.

        Salespeople are that of the customer, and those of the orders of the window.
        """
        return SQL(
            """
            SELECT customer.customer_id AS partner_id, setting.company_id,
                   'project' AS role, project.user_id
              FROM project_project project
              JOIN customer ON customer.partner_id = project.partner_id
              %(setting)s
             WHERE project.active AND project.is_template IS NOT TRUE
               AND project.user_id IS NOT NULL
             UNION
            SELECT customer.customer_id, setting.company_id, 'sale', sale.user_id
              FROM sale_order sale
              JOIN customer ON customer.partner_id = sale.partner_id
              JOIN setting ON setting.company_id = sale.company_id
             WHERE sale.state = 'sale' AND sale.user_id IS NOT NULL
               AND %(in_window)s
             UNION
            SELECT asked.partner_id, asked.company_id, 'sale', partner.user_id
              FROM asked
              JOIN res_partner partner ON partner.id = asked.partner_id
             WHERE partner.user_id IS NOT NULL
            """,
            setting=self._project_setting(SQL("project.company_id")),
            in_window=self._in_window(SQL("sale.date_order")),
        )

    @api.model
    def _others(self):
        """SQL: the other customers of the persons, each once per role."""
        return SQL(
            """
            SELECT person.partner_id, person.company_id, person.role,
                   theirs.commercial_partner_id AS other_id
              FROM person
              JOIN project_project project ON project.user_id = person.user_id
               AND project.active AND project.is_template IS NOT TRUE
               AND COALESCE(project.company_id, person.company_id) = person.company_id
              JOIN res_partner theirs ON theirs.id = project.partner_id
             WHERE person.role = 'project'
               AND theirs.commercial_partner_id != person.partner_id
             UNION
            SELECT person.partner_id, person.company_id, person.role,
                   theirs.commercial_partner_id
              FROM person
              JOIN sale_order sale ON sale.user_id = person.user_id
               AND sale.company_id = person.company_id AND sale.state = 'sale'
              JOIN setting ON setting.company_id = sale.company_id
              JOIN res_partner theirs ON theirs.id = sale.partner_id
             WHERE person.role = 'sale' AND %(in_window)s
               AND theirs.commercial_partner_id != person.partner_id
             UNION
            SELECT person.partner_id, person.company_id, person.role, theirs.id
              FROM person
              JOIN res_partner theirs ON theirs.user_id = person.user_id
               AND theirs.commercial_partner_id = theirs.id
             WHERE person.role = 'sale' AND theirs.id != person.partner_id
            """,
            in_window=self._in_window(SQL("sale.date_order")),
        )
