from odoo import api, fields, models
from odoo.tools import SQL


class ToxicityNorm(models.Model):
    """What is usual in a company: what a measure compares one customer with.

    Taken over all customers at the start of the nightly run and kept, so that
    rescoring one customer need not look at all the others.
    """

    _name = "toxicity.norm"
    _description = "What is usual among the customers of a company"
    _rec_name = "code"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    code = fields.Selection(
        [
            ("median_yield", "Median yield per hour"),
            ("impulse_share", "Share of customers whose first order was impulsive"),
        ],
        required=True,
        readonly=True,
    )
    # No digits: measures divide by it, and a median may be a fraction of a cent.
    value = fields.Float(required=True, readonly=True)

    _company_code_uniq = models.UniqueIndex("(company_id, code)")

    @api.model
    def _refresh(self, kept):
        """Take all norms anew, from what a run keeps of all customers."""
        relations = self.env["toxicity.score.engine"]._join_relations(kept)
        measures = self.env["toxicity.measure"]
        self._replace(
            relations,
            "median_yield",
            SQL(
                "SELECT company_id,"
                " PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY value::float8) AS value"
                " FROM (%s) own GROUP BY company_id",
                measures._yields(),
            ),
        )
        self._replace(
            relations,
            "impulse_share",
            SQL(
                "SELECT company_id, AVG(value) AS value FROM (%s) first"
                " GROUP BY company_id",
                measures._first_orders(),
            ),
        )
        self.invalidate_model(flush=False)

    @api.model
    def _replace(self, relations, code, query):
        """Write the norm per company that the query selects; drop those without."""
        self.env.cr.execute(
            SQL(
                """
                %(relations)s, taken AS (%(query)s),
                gone AS (
                    DELETE FROM toxicity_norm
                     WHERE code = %(code)s
                       AND company_id NOT IN (SELECT company_id FROM taken)
                )
                INSERT INTO toxicity_norm AS old (
                    company_id, code, value,
                    create_uid, create_date, write_uid, write_date
                )
                SELECT company_id, %(code)s, ROUND(value::numeric, 12),
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM taken
                ON CONFLICT (company_id, code) DO UPDATE SET
                    value = EXCLUDED.value,
                    write_uid = EXCLUDED.write_uid,
                    write_date = EXCLUDED.write_date
                 WHERE old.value IS DISTINCT FROM EXCLUDED.value
                """,
                relations=relations,
                query=query,
                code=code,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
