"""Hours that nobody pays for, as rows of the goodwill ledger."""

from odoo import api, models
from odoo.tools import SQL

from .goodwill_entry_query import SOURCES
from .scope_change_item import EXTRA_WORK


class GoodwillEntry(models.Model):
    _inherit = "goodwill.entry"

    @api.model
    def _get_hours_part(self):
        """Of the free hours of a contract, those that no absorbed change is about.

        As differences of running totals, so that hours taken back later, which are
        negative timesheets, lower what they were counted in.
        """
        return SQL(
            """
            SELECT entry_id::bigint * %(sources)s + 2, kind, date, partner_id,
                   customer_id, company_id, document_currency_id, contract_id,
                   project_id, 'account.analytic.line', entry_id, document,
                   hours, hours * hourly, hours * hourly / rate
              FROM (
                SELECT free.*,
                       GREATEST(0, running - absorbed)
                           - GREATEST(0, running - free_hours - absorbed) AS hours
                  FROM (
                    SELECT free.*,
                           COALESCE(known.hours, 0) AS absorbed,
                           SUM(free.free_hours) OVER (
                               PARTITION BY free.customer_id, free.owner
                               ORDER BY free.date, free.entry_id) AS running
                      FROM (%(overrun)s UNION ALL %(unbilled)s) free
                 LEFT JOIN absorbed_hours known ON known.owner = free.owner
                  ) free
              ) given
             WHERE ROUND(hours::numeric, 4) <> 0
            """,
            sources=SOURCES,
            overrun=self._get_overrun_hours(),
            unbilled=self._get_unbilled_hours(),
        )

    @api.model
    def _get_overrun_hours(self):
        return SQL(
            """
            SELECT entry_id, 'overrun' AS kind, date, partner_id, customer_id,
                   company_id, document_currency_id, contract_id,
                   contract_id AS owner, project_id, document, hourly, rate,
                   GREATEST(0, running - prepaid_hours)
                       - GREATEST(0, running - logged - prepaid_hours) AS free_hours
              FROM (
                SELECT entry.id AS entry_id, entry.date, sale.partner_id,
                       customer.customer_id, sale.company_id,
                       sale.currency_id AS document_currency_id,
                       line.contract_id, entry.project_id, sale.name AS document,
                       line.list_price / line.unit_hours AS hourly,
                       COALESCE(NULLIF(sale.currency_rate, 0), 1) AS rate,
                       contract.prepaid_hours, %(hours)s AS logged,
                       SUM(%(hours)s) OVER (
                           PARTITION BY customer.customer_id, line.contract_id
                           ORDER BY entry.date, entry.id) AS running
                  FROM account_analytic_line entry
                  JOIN agreed_line line ON line.id = entry.so_line
                       AND line.is_prepaid AND line.unit_hours > 0
                  JOIN customer ON customer.partner_id = line.partner_id
                  JOIN contract ON contract.contract_id = line.contract_id
                               AND contract.customer_id = customer.customer_id
                  JOIN sale_order sale ON sale.id = line.contract_id
             LEFT JOIN %(units)s unit ON unit.uom_id = entry.product_uom_id
                 WHERE entry.project_id IS NOT NULL
              ) worked
            """,
            hours=SQL("entry.unit_amount * COALESCE(unit.hours, 1)"),
            units=self.env["toxicity.measure"]._hour_units(),
        )

    @api.model
    def _get_unbilled_hours(self):
        """Of a project's order as scope changes find it, or of the project alone.

        At the list price at which an amendment would offer them.
        """
        product = self.env.ref("sale_timesheet.time_product", raise_if_not_found=False)
        return SQL(
            """
            SELECT entry.id, 'unbilled', entry.date, entry.partner_id,
                   customer.customer_id, entry.company_id,
                   COALESCE(sale.currency_id, company.currency_id), sale.id,
                   %(owner)s, project.id,
                   COALESCE(sale.name, project.name->>'en_US'),
                   COALESCE(
                       line.list_price / NULLIF(line.unit_hours, 0),
                       contract.hourly,
                       template.list_price / product_unit.hours * rate.value,
                       0),
                   rate.value, entry.unit_amount * COALESCE(unit.hours, 1)
              FROM account_analytic_line entry
              JOIN customer ON customer.partner_id = entry.partner_id
              JOIN res_company company ON company.id = entry.company_id
              JOIN project_project project ON project.id = entry.project_id
                                          AND project.allow_billable
         LEFT JOIN agreed_line line ON line.id = project.sale_line_id
         LEFT JOIN sale_order again ON again.id = project.reinvoiced_sale_order_id
                                   AND again.state = 'sale'
         LEFT JOIN sale_order sale ON sale.id = COALESCE(
                       line.contract_id, again.amended_order_id, again.id)
         LEFT JOIN contract ON contract.contract_id = sale.id
                           AND contract.customer_id = customer.customer_id
         LEFT JOIN product_product product
                ON product.id = COALESCE(
                       project.timesheet_product_id, %(product)s)
         LEFT JOIN product_template template ON template.id = product.product_tmpl_id
         LEFT JOIN %(units)s product_unit ON product_unit.uom_id = template.uom_id
         LEFT JOIN %(units)s unit ON unit.uom_id = entry.product_uom_id
        CROSS JOIN LATERAL (
                   SELECT COALESCE(NULLIF(sale.currency_rate, 0), 1) AS value
                   ) rate
             WHERE entry.so_line IS NULL
               AND entry.timesheet_invoice_type = 'non_billable'
            """,
            owner=self._get_owner(SQL("sale.id"), SQL("project.id")),
            product=product.id if product else None,
            units=self.env["toxicity.measure"]._hour_units(),
        )

    @api.model
    def _get_absorbed_hours(self):
        """SQL: owner (see _get_owner), hours of absorbed extra work."""
        return SQL(
            """
            SELECT %(owner)s AS owner, SUM(work.hours) AS hours
              FROM scope_change change
         LEFT JOIN sale_order sale ON sale.id = change.order_id
              JOIN (
                SELECT change_id, hours FROM scope_change_item WHERE what IN %(extra)s
             UNION ALL
                SELECT id, hours
                  FROM scope_change noted
                 WHERE NOT EXISTS (
                       SELECT FROM scope_change_item WHERE change_id = noted.id)
              ) work ON work.change_id = change.id
             WHERE change.state = 'absorbed' AND work.hours > 0
          GROUP BY 1
            """,
            owner=self._get_owner(
                SQL("COALESCE(sale.amended_order_id, sale.id)"),
                SQL("change.project_id"),
            ),
            extra=EXTRA_WORK,
        )

    @api.model
    def _get_owner(self, contract_id, project_id):
        """SQL: whose hours they are: the contract, or else the project (negative)."""
        return SQL("COALESCE(%s, -%s)", contract_id, project_id)
