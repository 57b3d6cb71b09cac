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
            """
            SELECT partner_id, company_id, (5 - AVG(rating)) / 4 AS value
              FROM (%(ratings)s) given
          GROUP BY partner_id, company_id
            """,
            ratings=self._ratings(),
        )

    @api.model
    def _measure_good_rating(self):
        """The mean rating, 1 to 5."""
        return SQL(
            """
            SELECT partner_id, company_id, AVG(rating) AS value
              FROM (%(ratings)s) given
          GROUP BY partner_id, company_id
            """,
            ratings=self._ratings(),
        )

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
         LEFT JOIN (%(sellers)s) seller ON seller.partner_id = customer.customer_id
                   AND task.company_id IS NULL AND project.company_id IS NULL
              JOIN setting ON setting.company_id
                  = COALESCE(task.company_id, project.company_id, seller.company_id)
             WHERE rating.consumed
               AND rating.rating >= 1
               AND %(in_window)s
            """,
            sellers=self._sellers(),
            in_window=self._in_window(
                SQL("COALESCE(rating.rated_on, rating.write_date)")
            ),
        )

    @api.model
    def _get_ratings_domain(self, customer, company, since, today):
        rating_ids = self._read_scoped(
            SQL(
                "SELECT rating_id FROM (%s) given WHERE company_id = %s",
                self._ratings(),
                company.id,
            ),
            customer,
        )
        return Domain("id", "in", rating_ids)
