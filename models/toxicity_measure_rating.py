from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class ToxicityMeasureRating(models.AbstractModel):
    """Measures read from the ratings that customers gave."""

    _inherit = "toxicity.measure"

    @api.model
    def _get_records_behind(self):
        given = {"rating.rating": self._get_ratings_domain}
        return {
            **super()._get_records_behind(),
            "poor_rating": given,
            "good_rating": given,
        }

    @api.model
    def _measure_poor_rating(self):
        """(5 − mean rating) ÷ 4: 0 when all gave 5, 1 when all gave 1."""
        return SQL(
            "SELECT partner_id, company_id, (5 - rating) / 4 AS value FROM rated"
        )

    @api.model
    def _measure_good_rating(self):
        """The mean rating, 1 to 5."""
        return SQL("SELECT partner_id, company_id, rating AS value FROM rated")

    @api.model
    def _ratings(self):
        """SQL: partner_id, company_id, rating_id, rating of the ratings given."""
        return SQL(
            """
            SELECT customer.customer_id AS partner_id,
                   setting.company_id,
                   rating.id AS rating_id,
                   rating.rating
              FROM rating_rating rating
              JOIN customer ON customer.partner_id = rating.partner_id
         LEFT JOIN project_task task ON rating.res_model = 'project.task'
                                    AND task.id = rating.res_id
         LEFT JOIN project_project project
                ON project.id = CASE rating.res_model
                                WHEN 'project.task' THEN task.project_id
                                WHEN 'project.project' THEN rating.res_id END
        CROSS JOIN LATERAL (
                   SELECT COALESCE(task.company_id, project.company_id, %(elsewhere)s)
                          AS company_id
               ) rated
         LEFT JOIN seller ON seller.partner_id = customer.customer_id
                   AND rated.company_id IS NULL
              JOIN setting ON setting.company_id
                  = COALESCE(rated.company_id, seller.company_id)
             WHERE rating.consumed
               AND rating.rating >= 1
               AND %(in_window)s
            """,
            elsewhere=self._rated_elsewhere(),
            in_window=self._in_window(
                SQL("COALESCE(rating.rated_on, rating.write_date)")
            ),
        )

    @api.model
    def _rated_elsewhere(self):
        """SQL: the company of a rated record that is no task and no project.

        Whatever has a chatter can be rated, such as orders, or tickets of a module.
        """
        cases = [
            SQL("WHEN %s THEN (%s)", name, self._rated_company(name))
            for name in self._get_models_rated_elsewhere()
        ]
        if not cases:
            return SQL("NULL::integer")
        return SQL("CASE rating.res_model %s END", SQL(" ").join(cases))

    @api.model
    def _get_models_rated_elsewhere(self):
        """Those that have ratings: a query on all that may takes long to be planned."""
        names = [
            name
            for name in self.env.registry.descendants(["mail.thread"], "_inherit")
            if name not in ("project.task", "project.project")
            and self._refers_to(name, "company_id", "res.company")
        ]
        self.env["rating.rating"].flush_model(["res_model", "consumed"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT name
                  FROM UNNEST(%s::text[]) name
                 WHERE EXISTS (SELECT 1 FROM rating_rating rating
                                WHERE rating.res_model = name AND rating.consumed)
                """,
                names,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _rated_company(self, name):
        """SQL: the company of the rated record of the model, or of its project."""
        table = SQL.identifier(self.env[name]._table)
        if not self._refers_to(name, "project_id", "project.project"):
            return SQL("SELECT company_id FROM %s WHERE id = rating.res_id", table)
        return SQL(
            """
            SELECT COALESCE(record.company_id, project.company_id)
              FROM %s record
         LEFT JOIN project_project project ON project.id = record.project_id
             WHERE record.id = rating.res_id
            """,
            table,
        )

    @api.model
    def _refers_to(self, name, field_name, comodel):
        """Whether the model has a table with such a column."""
        model = self.env[name]
        field = model._fields.get(field_name)
        # One that each company sets for itself is no reference but JSON.
        return bool(
            model._auto
            and field
            and field.store
            and not field.company_dependent
            and field.comodel_name == comodel
        )

    @api.model
    def _get_ratings_domain(self, customer, company, since, today):
        rating_ids = self._read_scoped(
            SQL(
                "SELECT rating_id FROM (%s) given WHERE company_id = %s",
                self._with_earliest()._ratings(),
                company.id,
            ),
            customer,
        )
        return Domain("id", "in", rating_ids)
