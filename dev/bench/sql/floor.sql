-- The least that any rescore must do: read the rows that the measures and signals are
-- made of once, and add them up per customer and company. It computes no score and
-- writes nothing. Kept simple: one block per source, no trick, nothing left out.
WITH customer AS (
    SELECT id AS partner_id, commercial_partner_id AS customer_id FROM res_partner
), invoice AS (
    SELECT customer_id, move.company_id, move_type, SUM(amount_untaxed_signed) AS total
      FROM account_move move
      JOIN customer USING (partner_id)
     WHERE move_type IN ('out_invoice', 'out_refund') AND state = 'posted'
       AND invoice_date > CURRENT_DATE - 365 AND invoice_date <= CURRENT_DATE
  GROUP BY 1, 2, 3
), due AS (
    SELECT customer_id, line.company_id, COUNT(*) AS lines,
           SUM(line.amount_residual) AS residual, SUM(paid.amount) AS paid,
           SUM(paid.amount * GREATEST(0, paid.max_date - line.date_maturity)) AS late
      FROM account_move move
      JOIN customer USING (partner_id)
      JOIN account_move_line line ON line.move_id = move.id
      JOIN account_account account ON account.id = line.account_id
 LEFT JOIN (account_partial_reconcile paid
            JOIN account_move_line credit ON credit.id = paid.credit_move_id
            JOIN account_move counter ON counter.id = credit.move_id
                                     AND counter.move_type != 'out_refund')
        ON paid.debit_move_id = line.id
     WHERE move.move_type = 'out_invoice' AND move.state = 'posted'
       AND move.invoice_date > CURRENT_DATE - 365 AND move.invoice_date <= CURRENT_DATE
       AND account.account_type = 'asset_receivable' AND line.debit > 0
  GROUP BY 1, 2
), sold AS (
    SELECT customer_id, sale.company_id, sale.state, COUNT(*) AS orders,
           MIN(sale.date_order) AS first, MIN(sale.create_date) AS quoted,
           COUNT(DISTINCT EXTRACT(YEAR FROM sale.date_order)) AS years,
           SUM(sale.baseline_amount) AS baseline
      FROM sale_order sale
      JOIN customer USING (partner_id)
  GROUP BY 1, 2, 3
), line AS (
    SELECT customer_id, sale.company_id, COUNT(*) AS lines,
           SUM(product_uom_qty * price_unit) AS listed,
           SUM(product_uom_qty * price_unit * discount) AS discount,
           SUM(GREATEST(0, qty_delivered - product_uom_qty)) AS overrun
      FROM sale_order sale
      JOIN customer USING (partner_id)
      JOIN sale_order_line line ON line.order_id = sale.id
      JOIN product_product product ON product.id = line.product_id
      JOIN product_template template ON template.id = product.product_tmpl_id
     WHERE sale.state = 'sale'
       AND date_order > CURRENT_DATE - 365 AND date_order <= CURRENT_DATE
  GROUP BY 1, 2
), worked AS (
    SELECT customer_id, entry.company_id, SUM(unit_amount) AS hours, SUM(amount) AS cost
      FROM account_analytic_line entry
      JOIN customer USING (partner_id)
     WHERE project_id IS NOT NULL
       AND entry.date > CURRENT_DATE - 365 AND entry.date <= CURRENT_DATE
  GROUP BY 1, 2
), sent_back AS (
    SELECT customer_id, task.company_id, COUNT(*) AS changes
      FROM mail_tracking_value tracking
      JOIN mail_message message ON message.id = tracking.mail_message_id
      JOIN project_task task ON task.id = message.res_id
      JOIN customer USING (partner_id)
     WHERE message.model = 'project.task'
       AND tracking.field_id = (SELECT id FROM ir_model_fields
                                 WHERE model = 'project.task' AND name = 'state')
       AND message.date > CURRENT_DATE - 365 AND message.date <= CURRENT_DATE
  GROUP BY 1, 2
), rated AS (
    SELECT customer_id, task.company_id, AVG(rating) AS rating
      FROM rating_rating
      JOIN customer USING (partner_id)
      JOIN project_task task ON task.id = rating_rating.res_id
     WHERE consumed AND res_model = 'project.task'
       AND rated_on > CURRENT_DATE - 365 AND rated_on <= CURRENT_DATE
  GROUP BY 1, 2
), met AS (
    SELECT customer_id, users.company_id, SUM(duration) AS hours
      FROM calendar_attendee
      JOIN customer USING (partner_id)
      JOIN calendar_event event ON event.id = calendar_attendee.event_id
      JOIN res_users users ON users.id = event.user_id
     WHERE event.start > CURRENT_DATE - 365 AND event.start <= CURRENT_DATE
  GROUP BY 1, 2
), wrote AS (
    SELECT customer_id, record_company_id AS company_id, COUNT(*) AS messages
      FROM mail_message message
      JOIN customer ON customer.partner_id = message.author_id
     WHERE message_type IN ('email', 'comment')
       AND message.date > CURRENT_DATE - 365 AND message.date <= CURRENT_DATE
  GROUP BY 1, 2
), changed AS (
    SELECT customer_id, company_id, SUM(gift_amount) AS given
      FROM scope_change
      JOIN customer USING (partner_id)
     WHERE scope_change.date > CURRENT_DATE - 365 AND scope_change.date <= CURRENT_DATE
  GROUP BY 1, 2
), lead AS (
    SELECT customer_id, company_id, MIN(create_date) AS met,
           COUNT(referred_by_id) AS referred
      FROM crm_lead
      JOIN customer USING (partner_id)
  GROUP BY 1, 2
), noted AS (
    SELECT customer_id, company_id, indicator_id,
           SUM(counted_severity * POWER(2.0::float8, (date - CURRENT_DATE) / 180.0))
               AS strength
      FROM toxicity_signal
      JOIN customer USING (partner_id)
     WHERE state = 'counted'
  GROUP BY 1, 2, 3
)
-- The whole rows are counted: of sums that nobody asks for, PostgreSQL makes none.
SELECT (SELECT COUNT(invoice) FROM invoice), (SELECT COUNT(due) FROM due),
       (SELECT COUNT(sold) FROM sold), (SELECT COUNT(line) FROM line),
       (SELECT COUNT(worked) FROM worked), (SELECT COUNT(sent_back) FROM sent_back),
       (SELECT COUNT(rated) FROM rated), (SELECT COUNT(met) FROM met),
       (SELECT COUNT(wrote) FROM wrote), (SELECT COUNT(changed) FROM changed),
       (SELECT COUNT(lead) FROM lead), (SELECT COUNT(noted) FROM noted);
