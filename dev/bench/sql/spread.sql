-- What `odoo populate` cannot do: it copies rows, so that all copies are alike and
-- belong to a few customers. Here they are spread over all customers and varied, and
-- what the demo data have none of (payments, tracking, messages) is added.
-- Everything follows from the row's id: building it again gives the same rows.

-- step: helpers
-- `replica` leaves the checks of foreign keys out, as `odoo populate` does; only a
-- superuser may ask for it.
SELECT set_config('session_replication_role', 'replica', FALSE)
  FROM pg_roles WHERE rolname = CURRENT_USER AND rolsuper;

CREATE FUNCTION bench_chance(id bigint, salt bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (hashint8extended(id, salt) & 1048575) / 1048576.0
$$;

-- Rewriting a table is quicker without its indexes.
CREATE TABLE bench_index (table_name text, definition text);
CREATE FUNCTION bench_open(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT indexname, indexdef FROM pg_indexes
                  WHERE tablename = name AND schemaname = current_schema
                    AND indexdef NOT LIKE '% UNIQUE %'
    LOOP
        INSERT INTO bench_index VALUES (name, found.indexdef);
        EXECUTE format('DROP INDEX %I', found.indexname);
    END LOOP;
END $$;
CREATE FUNCTION bench_close(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    FOR found IN DELETE FROM bench_index WHERE table_name = name RETURNING definition
    LOOP
        EXECUTE found.definition;
    END LOOP;
END $$;

-- step: customers
-- Shuffled, so that old and new customers have as much, and one person of each.
CREATE TABLE bench_customer AS
    SELECT ROW_NUMBER() OVER (ORDER BY bench_chance(id, 1), id) - 1 AS rank,
           id AS customer_id,
           COALESCE((SELECT MIN(person.id) FROM res_partner person
                      WHERE person.commercial_partner_id = res_partner.id
                        AND person.id != res_partner.id), id) AS person_id,
           -- How late it pays, how hard it bargains: a few do so very much.
           POWER(bench_chance(id, 2), 3) AS lateness,
           POWER(bench_chance(id, 3), 2) AS hardness
      FROM res_partner
     WHERE id = commercial_partner_id
       AND id NOT IN (SELECT partner_id FROM res_company)
       AND id NOT IN (SELECT partner_id FROM res_users);
CREATE UNIQUE INDEX ON bench_customer (rank);
CREATE UNIQUE INDEX ON bench_customer (customer_id);
ANALYZE bench_customer;

-- Some customers have ten times as much as others.
CREATE FUNCTION bench_rank(id bigint, salt bigint, customers bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT FLOOR(customers * POWER(bench_chance(id, salt), 1.5))::bigint
$$;
CREATE TABLE bench_size AS SELECT COUNT(*) AS customers FROM bench_customer;
ANALYZE bench_size;

-- step: orders
SELECT bench_open('sale_order'), bench_open('sale_order_line');
UPDATE sale_order_line line
   SET discount = CASE WHEN bench_chance(line.id, 20) < 0.2 + 0.6 * customer.hardness
                       THEN ROUND((5 + 35 * bench_chance(line.id, 21)
                                       * customer.hardness)::numeric, 0)
                       ELSE 0 END,
       product_uom_qty = 1 + FLOOR(39 * bench_chance(line.id, 22)),
       order_partner_id = customer.customer_id
  FROM bench_size, bench_customer customer
 WHERE customer.rank = bench_rank(line.order_id, 10, bench_size.customers)
   AND line.display_type IS NULL;
UPDATE sale_order_line
   SET qty_delivered = CASE WHEN bench_chance(id, 23) < 0.3
                            THEN ROUND((product_uom_qty
                                        * (1 + bench_chance(id, 24)))::numeric, 2)
                            ELSE FLOOR(product_uom_qty * bench_chance(id, 24)) END,
       price_subtotal = ROUND(product_uom_qty * price_unit * (1 - discount / 100), 2),
       price_total = ROUND(product_uom_qty * price_unit * (1 - discount / 100), 2)
 WHERE display_type IS NULL;
UPDATE sale_order
   SET partner_id = CASE WHEN bench_chance(sale_order.id, 11) < 0.8
                         THEN customer.customer_id ELSE customer.person_id END,
       partner_invoice_id = customer.customer_id,
       partner_shipping_id = customer.customer_id,
       create_date = date_order
                   - INTERVAL '40 days' * bench_chance(sale_order.id, 12),
       state = CASE WHEN state != 'draft' THEN state
                    WHEN bench_chance(sale_order.id, 13) < 0.4 THEN 'cancel'
                    WHEN bench_chance(sale_order.id, 13) < 0.8 THEN 'sent'
                    ELSE 'draft' END,
       validity_date = date_order + INTERVAL '30 days',
       amount_untaxed = total.amount,
       amount_tax = 0,
       amount_total = total.amount
  FROM bench_size, bench_customer customer,
       (SELECT order_id, SUM(price_subtotal) AS amount FROM sale_order_line
         GROUP BY order_id) total
 WHERE customer.rank = bench_rank(sale_order.id, 10, bench_size.customers)
   AND total.order_id = sale_order.id;
UPDATE sale_order_line line SET state = sale.state
  FROM sale_order sale
 WHERE sale.id = line.order_id AND line.state IS DISTINCT FROM sale.state;

-- step: invoices and credit notes
SELECT bench_open('account_move'), bench_open('account_move_line');
-- Most books are of late: nearly half of the invoices fall into the last year, where
-- `odoo populate` has spread them evenly over five.
CREATE FUNCTION bench_later(day date, origin date) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN age BETWEEN 1 AND 1786
                THEN day + age - FLOOR(age * age / 1786.0)::integer
                ELSE day END
      FROM (SELECT CURRENT_DATE - origin AS age) past
$$;
-- Two decimals on amounts that are whole numbers: everything still adds up.
CREATE FUNCTION bench_share(move_id bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ROUND((0.05 + 1.2 * POWER(bench_chance(move_id, 31), 2))::numeric, 2)
$$;
UPDATE account_move_line line
   SET partner_id = customer.customer_id,
       date = bench_later(date, date),
       invoice_date = bench_later(invoice_date, date),
       date_maturity = bench_later(date_maturity, date),
       debit = debit * bench_share(move_id),
       credit = credit * bench_share(move_id),
       balance = balance * bench_share(move_id),
       amount_currency = amount_currency * bench_share(move_id),
       amount_residual = amount_residual * bench_share(move_id),
       amount_residual_currency = amount_residual_currency * bench_share(move_id),
       price_unit = price_unit * bench_share(move_id),
       price_subtotal = price_subtotal * bench_share(move_id),
       price_total = price_total * bench_share(move_id)
  FROM bench_size, bench_customer customer
 WHERE customer.rank = bench_rank(line.move_id, 30, bench_size.customers);
UPDATE account_move
   SET partner_id = CASE WHEN bench_chance(account_move.id, 32) < 0.8
                         THEN customer.customer_id ELSE customer.person_id END,
       commercial_partner_id = customer.customer_id,
       partner_shipping_id = customer.customer_id,
       date = bench_later(date, date),
       invoice_date = bench_later(invoice_date, date),
       invoice_date_due = bench_later(invoice_date_due, date),
       amount_untaxed = amount_untaxed * bench_share(account_move.id),
       amount_tax = amount_tax * bench_share(account_move.id),
       amount_total = amount_total * bench_share(account_move.id),
       amount_residual = amount_residual * bench_share(account_move.id),
       amount_untaxed_signed = amount_untaxed_signed * bench_share(account_move.id),
       amount_untaxed_in_currency_signed = amount_untaxed_in_currency_signed * bench_share(account_move.id),
       amount_tax_signed = amount_tax_signed * bench_share(account_move.id),
       amount_total_signed = amount_total_signed * bench_share(account_move.id),
       amount_total_in_currency_signed = amount_total_in_currency_signed * bench_share(account_move.id),
       amount_residual_signed = amount_residual_signed * bench_share(account_move.id)
  FROM bench_size, bench_customer customer
 WHERE customer.rank = bench_rank(account_move.id, 30, bench_size.customers);

-- step: payments
-- What pays a receivable line: nothing, one payment of all or of a part, or two; and
-- credit notes pay what else would stay open.
CREATE TABLE bench_payment AS
    WITH due AS (
        SELECT line.id AS line_id, line.move_id, line.partner_id, line.account_id,
               line.debit, line.date_maturity, customer.lateness,
               bench_chance(line.id, 40) AS habit
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
          JOIN account_account account ON account.id = line.account_id
          JOIN bench_customer customer ON customer.customer_id = line.partner_id
         WHERE account.account_type = 'asset_receivable' AND line.debit > 0
           AND move.move_type = 'out_invoice'
    ), part AS (
        SELECT due.*, number,
               CASE WHEN number = 2 THEN debit - ROUND(debit * 0.4, 2)
                    WHEN habit < 0.25 OR habit >= 0.8 THEN ROUND(debit * 0.4, 2)
                    ELSE debit END AS amount,
               date_maturity - 10 + FLOOR((90 * lateness + 20 * number)
                   * bench_chance(line_id, 41 + number))::integer AS paid_on
          FROM due, generate_series(1, 2) number
         WHERE habit >= 0.1 AND (number = 1 OR habit >= 0.8)
    )
    SELECT ROW_NUMBER() OVER (ORDER BY line_id, number) AS number,
           line_id, move_id, partner_id, account_id, amount, paid_on
      FROM part
     WHERE paid_on <= CURRENT_DATE AND amount > 0;
CREATE TABLE bench_first AS
    SELECT (SELECT MAX(id) FROM account_move) AS move,
           (SELECT MAX(id) FROM account_move_line) AS line;
INSERT INTO account_move (
    id, company_id, journal_id, currency_id, move_type, state, auto_post, name,
    date, partner_id, commercial_partner_id, amount_total, amount_total_signed,
    payment_state, posted_before, sequence_prefix, sequence_number,
    create_uid, create_date, write_uid, write_date)
SELECT bench_first.move + number, journal.company_id, journal.id, company.currency_id,
       'entry', 'posted', 'no', 'BENCH/' || number, paid_on, payment.partner_id,
       payment.partner_id, amount, amount, 'not_paid', TRUE, 'BENCH/', number,
       1, paid_on, 1, paid_on
  FROM bench_payment payment, bench_first, res_company company
  JOIN account_journal journal ON journal.company_id = company.id
                              AND journal.type = 'bank'
 WHERE company.id = 1;
INSERT INTO account_move_line (
    id, move_id, company_id, journal_id, company_currency_id, currency_id, account_id,
    partner_id, move_name, parent_state, name, display_type, date, date_maturity,
    debit, credit, balance, amount_currency, amount_residual, amount_residual_currency,
    reconciled, create_uid, create_date, write_uid, write_date)
SELECT bench_first.line + 2 * number - side, bench_first.move + number,
       journal.company_id, journal.id, company.currency_id, company.currency_id,
       CASE side WHEN 1 THEN payment.account_id ELSE journal.default_account_id END,
       payment.partner_id, 'BENCH/' || number, 'posted', 'Payment', 'product',
       paid_on, paid_on,
       CASE side WHEN 1 THEN 0 ELSE amount END,
       CASE side WHEN 1 THEN amount ELSE 0 END,
       CASE side WHEN 1 THEN -amount ELSE amount END,
       CASE side WHEN 1 THEN -amount ELSE amount END,
       0, 0, side = 1, 1, paid_on, 1, paid_on
  FROM bench_payment payment, generate_series(0, 1) side, bench_first,
       res_company company
  JOIN account_journal journal ON journal.company_id = company.id
                              AND journal.type = 'bank'
 WHERE company.id = 1;
INSERT INTO account_partial_reconcile (
    debit_move_id, credit_move_id, debit_currency_id, credit_currency_id, company_id,
    max_date, amount, debit_amount_currency, credit_amount_currency,
    create_uid, create_date, write_uid, write_date)
SELECT line_id, bench_first.line + 2 * number - 1, company.currency_id,
       company.currency_id, company.id, paid_on, amount, amount, amount,
       1, paid_on, 1, paid_on
  FROM bench_payment, bench_first, res_company company
 WHERE company.id = 1;
-- The n-th credit note of a customer goes against its n-th invoice not paid at all.
WITH refund AS (
    SELECT line.id, line.partner_id, line.credit, line.date,
           ROW_NUMBER() OVER (PARTITION BY line.partner_id ORDER BY line.id) AS number
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id
      JOIN account_account account ON account.id = line.account_id
     WHERE move.move_type = 'out_refund' AND account.account_type = 'asset_receivable'
), unpaid AS (
    SELECT line.id, line.partner_id, line.debit, line.date,
           ROW_NUMBER() OVER (PARTITION BY line.partner_id ORDER BY line.id) AS number
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id
      JOIN account_account account ON account.id = line.account_id
     WHERE move.move_type = 'out_invoice' AND account.account_type = 'asset_receivable'
       AND NOT EXISTS (SELECT 1 FROM bench_payment WHERE line_id = line.id)
)
INSERT INTO account_partial_reconcile (
    debit_move_id, credit_move_id, debit_currency_id, credit_currency_id, company_id,
    max_date, amount, debit_amount_currency, credit_amount_currency,
    create_uid, create_date, write_uid, write_date)
SELECT unpaid.id, refund.id, company.currency_id, company.currency_id, company.id,
       GREATEST(unpaid.date, refund.date), least.amount, least.amount, least.amount,
       1, refund.date, 1, refund.date
  FROM unpaid
  JOIN refund USING (partner_id, number)
  JOIN res_company company ON company.id = 1
 CROSS JOIN LATERAL (SELECT LEAST(unpaid.debit, refund.credit) AS amount) least;

-- step: what is left to pay
WITH paid AS (
    SELECT line_id, SUM(amount) AS amount
      FROM (SELECT debit_move_id AS line_id, amount FROM account_partial_reconcile
             UNION ALL
            SELECT credit_move_id, -amount FROM account_partial_reconcile) part
  GROUP BY line_id
)
UPDATE account_move_line line
   SET amount_residual = line.balance - paid.amount,
       amount_residual_currency = line.balance - paid.amount,
       reconciled = line.balance = paid.amount
  FROM paid
 WHERE paid.line_id = line.id AND line.move_id <= (SELECT move FROM bench_first);
UPDATE account_move move
   SET amount_residual = ABS(rest.amount),
       amount_residual_signed = rest.amount,
       payment_state = CASE WHEN rest.amount = 0 THEN 'paid'
                            WHEN ABS(rest.amount) < move.amount_total THEN 'partial'
                            ELSE 'not_paid' END
  FROM (SELECT move_id, SUM(amount_residual) AS amount FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE account.account_type = 'asset_receivable'
      GROUP BY move_id) rest
 WHERE rest.move_id = move.id AND move.move_type != 'entry';

-- step: tasks
SELECT bench_open('project_task');
UPDATE project_project SET company_id = 1 WHERE id % 3 = 0 AND company_id IS NULL;
UPDATE project_task task
   SET partner_id = CASE WHEN bench_chance(task.id, 51) < 0.8
                         THEN customer.customer_id ELSE customer.person_id END
  FROM bench_size, bench_customer customer
 WHERE customer.rank = bench_rank(task.id, 50, bench_size.customers);
CREATE TABLE bench_task AS
    SELECT ROW_NUMBER() OVER (ORDER BY id) - 1 AS rank, id, partner_id, project_id
      FROM project_task WHERE project_id IS NOT NULL;
CREATE UNIQUE INDEX ON bench_task (rank);
ANALYZE bench_task;

-- step: timesheets
SELECT bench_open('account_analytic_line');
UPDATE account_analytic_line entry
   SET task_id = task.id,
       project_id = task.project_id,
       partner_id = task.partner_id,
       date = CURRENT_DATE - FLOOR(730 * bench_chance(entry.id, 61))::integer,
       unit_amount = ROUND((0.5 + 7.5 * bench_chance(entry.id, 62))::numeric, 2),
       amount = -ROUND((0.5 + 7.5 * bench_chance(entry.id, 62))::numeric, 2)
              * (20 + FLOOR(40 * bench_chance(entry.employee_id, 63))::integer)
  FROM (SELECT COUNT(*) AS tasks FROM bench_task) size, bench_task task
 WHERE task.rank = FLOOR(size.tasks * bench_chance(entry.id, 60));

-- step: leads
SELECT bench_open('crm_lead');
UPDATE crm_lead lead
   SET partner_id = customer.customer_id,
       active = TRUE,
       stage_id = CASE WHEN bench_chance(lead.id, 71) < 0.4
                       THEN (SELECT MIN(id) FROM crm_stage WHERE is_won)
                       ELSE lead.stage_id END,
       company_id = CASE WHEN bench_chance(lead.id, 72) < 0.5 THEN 1 END
  FROM bench_size, bench_customer customer
 WHERE customer.rank = bench_rank(lead.id, 70, bench_size.customers);

-- step: ratings
INSERT INTO rating_rating (
    res_model_id, res_model, res_id, partner_id, rating, rating_text, consumed,
    rated_on, access_token, create_uid, create_date, write_uid, write_date)
SELECT model.id, 'project.task', task.id, task.partner_id,
       1 + FLOOR(5 * SQRT(bench_chance(task.id, 81))), 'ok', TRUE,
       given.at, 'bench-' || task.id, 1, given.at, 1, given.at
  FROM bench_task task
  JOIN ir_model model ON model.model = 'project.task'
 CROSS JOIN LATERAL (SELECT CURRENT_DATE - INTERVAL '1 second'
                          - INTERVAL '730 days' * bench_chance(task.id, 82) AS at) given
 WHERE bench_chance(task.id, 80) < 0.4;

-- step: meetings
INSERT INTO calendar_event (
    id, name, user_id, active, allday, privacy, show_as, start, stop, duration,
    create_uid, create_date, write_uid, write_date)
SELECT (SELECT MAX(id) FROM calendar_event) + number, 'Meeting ' || number, 2, TRUE,
       bench_chance(number, 91) < 0.1, 'public', 'busy', begins.at,
       begins.at + INTERVAL '1 hour' * lasts.hours, lasts.hours,
       1, begins.at, 1, begins.at
  FROM bench_size, generate_series(1, bench_size.customers) number
 CROSS JOIN LATERAL (SELECT CURRENT_DATE
                          - INTERVAL '730 days' * bench_chance(number, 92) AS at) begins
 CROSS JOIN LATERAL (SELECT 0.5 + 0.5 * FLOOR(6 * bench_chance(number, 93)) AS hours
                    ) lasts;
INSERT INTO calendar_attendee (
    event_id, partner_id, state, access_token, create_uid, create_date, write_uid,
    write_date)
SELECT event.id, CASE side WHEN 1 THEN customer.person_id ELSE users.partner_id END,
       'accepted', 'bench-' || event.id || '-' || side,
       1, event.create_date, 1, event.create_date
  FROM bench_size, calendar_event event, bench_customer customer, res_users users,
       generate_series(1, 2) side
 WHERE event.name LIKE 'Meeting %' AND users.id = 2
   AND customer.rank = bench_rank(event.id, 90, bench_size.customers);

-- step: messages of customers, and states of tasks that were tracked
SELECT bench_open('mail_message');
CREATE TABLE bench_last AS SELECT MAX(id) AS message FROM mail_message;
INSERT INTO mail_message (
    id, model, res_id, author_id, message_type, record_company_id, body, message_id,
    date, is_internal, create_uid, create_date, write_uid, write_date)
SELECT bench_last.message + number, 'project.task', task.id, customer.person_id,
       CASE WHEN bench_chance(number, 101) < 0.5 THEN 'email' ELSE 'comment' END,
       CASE WHEN bench_chance(number, 102) < 0.8 THEN 1 END,
       '<p>Message</p>', 'bench-' || number, sent.at, FALSE, 1, sent.at, 1, sent.at
  FROM bench_last
 CROSS JOIN bench_size
 CROSS JOIN LATERAL generate_series(1, 5 * bench_size.customers) number
 CROSS JOIN LATERAL (
           SELECT CURRENT_DATE
                - INTERVAL '1 day' * (1 + FLOOR(450 * bench_chance(number, 103)))
                + INTERVAL '1 hour' * (7 + 14 * POWER(bench_chance(number, 104), 1.5))
                  AS at
       ) sent
  JOIN bench_customer customer
    ON customer.rank = bench_rank(number, 100, bench_size.customers)
  JOIN bench_task task
    ON task.rank = FLOOR((SELECT COUNT(*) FROM bench_task)
                         * bench_chance(number, 105));
INSERT INTO mail_message (
    id, model, res_id, author_id, message_type, record_company_id, body, message_id,
    date, is_internal, create_uid, create_date, write_uid, write_date)
SELECT bench_last.message + 5 * bench_size.customers + task.rank + 1, 'project.task',
       task.id, users.partner_id, 'notification', 1, '', 'bench-state-' || task.id,
       changed.at, TRUE, 1, changed.at, 1, changed.at
  FROM bench_last, bench_size, res_users users, bench_task task
 CROSS JOIN LATERAL (SELECT CURRENT_DATE
                          - INTERVAL '730 days' * bench_chance(task.id, 110) AS at
                    ) changed
 WHERE users.id = 2 AND bench_chance(task.id, 111) < 0.5;
INSERT INTO mail_tracking_value (
    field_id, mail_message_id, old_value_char, new_value_char,
    create_uid, create_date, write_uid, write_date)
SELECT field.id, message.id, old_label.name->>'en_US', new_label.name->>'en_US',
       1, message.date, 1, message.date
  FROM mail_message message
 CROSS JOIN LATERAL (SELECT bench_chance(message.id, 112) AS value) chance
 CROSS JOIN LATERAL (
           SELECT CASE WHEN chance.value < 0.5 THEN '01_in_progress'
                       ELSE '1_done' END AS old_state,
                  CASE WHEN chance.value < 0.3 THEN '02_changes_requested'
                       WHEN chance.value < 0.5 THEN '1_done'
                       WHEN chance.value < 0.8 THEN '01_in_progress'
                       ELSE '03_approved' END AS new_state
       ) step
  JOIN ir_model_fields field ON field.model = 'project.task' AND field.name = 'state'
  JOIN ir_model_fields_selection old_label ON old_label.field_id = field.id
                                          AND old_label.value = step.old_state
  JOIN ir_model_fields_selection new_label ON new_label.field_id = field.id
                                          AND new_label.value = step.new_state
 WHERE message.message_id LIKE 'bench-state-%';

-- step: indexes
VACUUM FULL sale_order;
VACUUM FULL sale_order_line;
VACUUM FULL account_move;
VACUUM FULL account_move_line;
VACUUM FULL project_task;
VACUUM FULL account_analytic_line;
SELECT bench_close(name)
  FROM unnest(ARRAY['sale_order', 'sale_order_line', 'account_move',
                    'account_move_line', 'project_task', 'account_analytic_line',
                    'mail_message', 'crm_lead']) name;
SELECT setval('account_move_id_seq', (SELECT MAX(id) FROM account_move)),
       setval('account_move_line_id_seq', (SELECT MAX(id) FROM account_move_line)),
       setval('mail_message_id_seq', (SELECT MAX(id) FROM mail_message)),
       setval('calendar_event_id_seq', (SELECT MAX(id) FROM calendar_event));

-- step: tidying up
DROP TABLE bench_payment, bench_first, bench_last, bench_task, bench_index;
RESET session_replication_role;
VACUUM ANALYZE;
