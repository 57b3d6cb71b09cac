from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class ToxicityMeasurePayment(models.AbstractModel):
    """Measures read from customer invoices and how they were paid."""

    _inherit = "toxicity.measure"

    @api.model
    def _get_records_behind(self):
        due = {"account.move": self._get_due_moves_domain}
        return {
            **super()._get_records_behind(),
            "payment_delay": due,
            "prompt_payment": due,
            "credit_note_share": {"account.move": self._get_move_domain},
        }

    @api.model
    def _measure_payment_delay(self):
        """Days late, weighted by amount, over the parts of the invoices due."""
        return SQL(
            "SELECT partner_id, company_id, late_days / amount AS value FROM paid"
        )

    @api.model
    def _get_due_moves_domain(self, customer, company, since, today):
        """The invoices of which a part was paid, or should have been."""
        lines = self.env["account.move.line"].search(
            self._get_customer_domain("move_id.partner_id", customer)
            & Domain("company_id", "=", company.id)
            & Domain("parent_state", "=", "posted")
            & Domain("move_id.move_type", "=", "out_invoice")
            & Domain("move_id.exit_id", "=", False)
            & Domain("account_id.account_type", "=", "asset_receivable")
            & Domain("debit", ">", 0)
            & self._get_window_domain("move_id.invoice_date", since, today)
        )

        def made_the_number(line):
            overdue = line.amount_residual > 0 and line.date_maturity < today
            paid = line.matched_credit_ids.filtered(
                lambda part: part.credit_move_id.move_id.move_type != "out_refund"
            )
            return overdue or paid

        return Domain("id", "in", lines.filtered(made_the_number).move_id.ids)

    @api.model
    def _measure_prompt_payment(self):
        """Share of the amount due that was paid on or before its date."""
        return SQL("SELECT partner_id, company_id, prompt / amount AS value FROM paid")

    @api.model
    def _measure_credit_note_share(self):
        """Credit notes ÷ invoices, untaxed; 1 for credit notes without invoices."""
        return SQL(
            """
            SELECT partner_id, company_id,
                   CASE WHEN invoices > 0 THEN -COALESCE(refunds, 0) / invoices
                        ELSE 1 END AS value
              FROM billed
             WHERE invoices > 0 OR refunds IS NOT NULL
            """
        )

    @api.model
    def _get_move_domain(self, customer, company, since, today):
        """Posted invoices and credit notes of the window, settlements left out."""
        return (
            self._get_customer_domain("partner_id", customer)
            & Domain("company_id", "=", company.id)
            & Domain("state", "=", "posted")
            & Domain("move_type", "in", ["out_invoice", "out_refund"])
            & Domain("exit_id", "=", False)
            & self._get_window_domain("invoice_date", since, today)
        )

    @api.model
    def _payment_parts(self):
        """SQL: what was paid, and what is overdue, of the invoices of the window.

        Selects partner_id, company_id, amount (company currency), due_on, paid_on.
        """
        return SQL(
            """
            WITH due AS (
                SELECT customer.customer_id AS partner_id,
                       line.company_id,
                       line.id AS line_id,
                       line.amount_residual,
                       line.date_maturity,
                       setting.today
                  FROM account_move move
                  JOIN customer ON customer.partner_id = move.partner_id
                  JOIN setting ON setting.company_id = move.company_id
                  JOIN account_move_line line ON line.move_id = move.id
                  JOIN account_account account ON account.id = line.account_id
                 WHERE move.move_type = 'out_invoice'
                   AND move.state = 'posted'
                   AND move.exit_id IS NULL
                   AND %(in_window)s
                   AND account.account_type = 'asset_receivable'
                   AND line.debit > 0
            )
            SELECT due.partner_id, due.company_id, paid.amount,
                   due.date_maturity AS due_on, paid.max_date AS paid_on
              FROM due
              JOIN account_partial_reconcile paid ON paid.debit_move_id = due.line_id
             WHERE NOT EXISTS (
                   SELECT 1
                     FROM account_move counter
                     JOIN account_move_line credit ON credit.move_id = counter.id
                    WHERE counter.move_type = 'out_refund'
                      AND credit.id = paid.credit_move_id)
         UNION ALL
            SELECT due.partner_id, due.company_id, due.amount_residual,
                   due.date_maturity, due.today
              FROM due
             WHERE due.amount_residual > 0
               AND due.date_maturity < due.today
            """,
            in_window=self._in_window(SQL("move.invoice_date")),
        )
