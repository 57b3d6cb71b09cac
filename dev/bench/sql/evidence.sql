-- What the module itself keeps, once it is installed: signals, baselines, scope
-- changes, referrals. By the row's id too, so that it is the same every time.

-- step: signals
SELECT set_config('session_replication_role', 'replica', FALSE)
  FROM pg_roles WHERE rolname = CURRENT_USER AND rolsuper;
INSERT INTO toxicity_signal (
    partner_id, commercial_partner_id, company_id, indicator_id, polarity, user_id,
    date, severity, counted_severity, kind, description, state, principle, answer,
    create_uid, create_date, write_uid, write_date)
SELECT customer.person_id, customer.customer_id, 1, indicator.id, indicator.polarity, 2,
       noted.day, noted.severity, noted.severity, 'fact', 'Signal ' || number,
       CASE WHEN bench_chance(number, 203) < 0.95 THEN 'counted' ELSE 'withdrawn' END,
       CASE WHEN indicator.is_ethical THEN indicator.principle END,
       CASE WHEN indicator.is_ethical THEN 'declined' END,
       2, noted.day, 2, noted.day
  FROM bench_size
 CROSS JOIN LATERAL generate_series(1, 5 * bench_size.customers) number
  JOIN bench_customer customer
    ON customer.rank = bench_rank(number, 200, bench_size.customers)
  JOIN (SELECT toxicity_indicator.*, ROW_NUMBER() OVER (ORDER BY code) - 1 AS place,
               COUNT(*) OVER () AS places
          FROM toxicity_indicator WHERE origin = 'recorded' AND active) indicator
    ON indicator.place = FLOOR(indicator.places * bench_chance(number, 201))
 CROSS JOIN LATERAL (
           SELECT CASE WHEN bench_chance(number, 202) < 0.7 THEN 1
                       WHEN bench_chance(number, 202) < 0.93 THEN 2
                       ELSE 3 END AS severity,
                  CURRENT_DATE - FLOOR(1460 * bench_chance(number, 204))::integer AS day
       ) noted;

-- step: baselines
UPDATE sale_order
   SET baseline_amount = amount_untaxed, baseline_hours = 10, date_baseline = date_order
 WHERE state = 'sale' AND date_baseline IS NULL;

-- step: scope changes
INSERT INTO scope_change (
    partner_id, commercial_partner_id, order_id, company_id, currency_id, user_id, kind,
    requested_by, state, date, description, hours, amount, gift_amount, days,
    create_uid, create_date, write_uid, write_date)
SELECT sale.partner_id, partner.commercial_partner_id, sale.id, sale.company_id,
       sale.currency_id, 2, 'scope', 'customer',
       (ARRAY['detected', 'negotiating', 'agreed', 'absorbed'])[
           1 + FLOOR(4 * bench_chance(sale.id, 211))::integer],
       sale.date_order + INTERVAL '60 days' * bench_chance(sale.id, 212),
       'Change of ' || sale.name, 5, gift.amount, gift.amount, 0,
       2, sale.date_order, 2, sale.date_order
  FROM sale_order sale
  JOIN res_partner partner ON partner.id = sale.partner_id
 CROSS JOIN LATERAL (
           SELECT ROUND((sale.amount_untaxed * 0.4
                         * bench_chance(sale.id, 213))::numeric, 2) AS amount) gift
 WHERE sale.state = 'sale' AND bench_chance(sale.id, 210) < 0.2
   AND sale.date_order < CURRENT_DATE - 60;

-- step: referrals
UPDATE crm_lead lead SET referred_by_id = customer.customer_id
  FROM bench_size, bench_customer customer
 WHERE bench_chance(lead.id, 220) < 0.3
   AND customer.rank = bench_rank(lead.id, 221, bench_size.customers);

-- step: tidying up
DROP TABLE bench_customer, bench_size;
DROP FUNCTION bench_chance, bench_rank, bench_share, bench_later, bench_open, bench_close;
RESET session_replication_role;
VACUUM ANALYZE;
