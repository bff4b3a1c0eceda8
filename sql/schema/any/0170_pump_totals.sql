-- The same figures as any/0166, quicker: the doses of a target since its figures began anew are one row, not one for each four weeks and
-- each six hours of today. Maintenance stores it with the days of pumps (close_pump_days), up to the last six hours that were over two
-- hours before; a late dose deletes it. A target without such a row is read as before.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE pump_totals (
    target_id         integer          PRIMARY KEY,
    since             timestamptz      NOT NULL,  -- begun_at of the target: of another time, the row says nothing
    until             timestamptz      NOT NULL,  -- to which whole six hours
    -- as in pump_rests
    doses             bigint           NOT NULL,
    sum_error_g       double precision NOT NULL,
    sum_range_g       double precision NOT NULL,
    last_error_g      double precision NOT NULL,
    n_rate            bigint           NOT NULL,
    sum_rate          double precision NOT NULL,
    sum_sq_rate       double precision NOT NULL,
    sum_error_of_rate double precision NOT NULL,
    sum_rate_error    double precision NOT NULL
) WITH (fillfactor = 70);

-- Stores what is missing of a station; nothing of figures that began before sums were deleted. Called by close_pump_days, which keeps
-- doses from coming between.
CREATE FUNCTION close_pump_totals(of_station text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off
SET TimeZone = 'UTC' AS $$
WITH missing AS MATERIALIZED (
SELECT c.target_id, c.pump, c.chemical, c.target_g, c.begun_at, c.until AS days_to, greatest(c.until, o.at) AS until
  FROM closed_pump_targets AS c
 CROSS JOIN (SELECT date_bin('6 hours', least(now() - INTERVAL '2 hours',
                                              (SELECT min(r.bucket) FROM pump_rollup AS r WHERE r.device_id = of_station AND r.is_late)),
                             '2000-01-01 00:00:00+00')) AS o (at)
 WHERE c.device_id = of_station AND c.begun_at < c.until
   AND c.begun_at >= coalesce((SELECT upper(range_merge(x.spans)) FROM dropped_readings AS x WHERE x.table_name = 'sums'), '-infinity')
   AND NOT EXISTS (SELECT FROM pump_totals AS t
                    WHERE t.target_id = c.target_id AND t.since = c.begun_at AND t.until >= greatest(c.until, o.at))
), parts AS (
SELECT m.target_id, r.since AS at, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate,
       r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM missing AS m
 CROSS JOIN LATERAL generate_series(four_weeks_start(m.begun_at), m.days_to - INTERVAL '1 microsecond', INTERVAL '28 days') AS w (at)
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_rests AS o
                      WHERE o.target_id = m.target_id AND o.since >= greatest(m.begun_at, w.at)
                        AND o.since < least(w.at + INTERVAL '28 days', m.days_to)
                      ORDER BY o.since
                      LIMIT 1) AS r
 UNION ALL
SELECT m.target_id, r.bucket, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate,
       r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM missing AS m
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_rollup AS o
                      WHERE o.device_id = of_station AND o.pump = m.pump AND o.chemical = m.chemical AND o.target_g = m.target_g
                        AND o.bucket >= m.days_to AND o.bucket < m.until
                     OFFSET 0) AS r
), linked AS (
SELECT p.*, abs(p.first_error_g - lag(p.last_error_g) OVER (PARTITION BY p.target_id ORDER BY p.at)) AS gap_g
  FROM parts AS p
)
INSERT INTO pump_totals AS k (target_id, since, until, doses, sum_error_g, sum_range_g, last_error_g, n_rate, sum_rate, sum_sq_rate,
                              sum_error_of_rate, sum_rate_error)
SELECT l.target_id, m.begun_at, m.until, sum(l.doses), sum(l.sum_error_g), sum(l.sum_range_g) + coalesce(sum(l.gap_g), 0),
       (array_agg(l.last_error_g ORDER BY l.at DESC))[1], sum(l.n_rate), sum(l.sum_rate), sum(l.sum_sq_rate),
       sum(l.sum_error_of_rate), sum(l.sum_rate_error)
  FROM linked AS l
  JOIN missing AS m USING (target_id)
 GROUP BY l.target_id, m.begun_at, m.until
 ORDER BY l.target_id
    ON CONFLICT (target_id) DO UPDATE
   SET since = excluded.since, until = excluded.until, doses = excluded.doses, sum_error_g = excluded.sum_error_g,
       sum_range_g = excluded.sum_range_g, last_error_g = excluded.last_error_g, n_rate = excluded.n_rate,
       sum_rate = excluded.sum_rate, sum_sq_rate = excluded.sum_sq_rate, sum_error_of_rate = excluded.sum_error_of_rate,
       sum_rate_error = excluded.sum_rate_error
$$;
REVOKE ALL ON FUNCTION close_pump_totals(text) FROM PUBLIC;

DO $$
DECLARE
    closing CONSTANT text := pg_get_functiondef('public.close_pump_days(text)'::regprocedure);
    closing_totals CONSTANT text := replace(replace(closing,
        '    IF opened IS NULL THEN' || chr(10),
        '    IF opened IS NULL THEN' || chr(10) || '        PERFORM close_pump_totals(of_station);' || chr(10)),
        '    IF closing = over THEN' || chr(10),
        '    IF closing = over THEN' || chr(10) || '        PERFORM close_pump_totals(of_station);' || chr(10));
    opening CONSTANT text := pg_get_functiondef(
        'public.reopen_pump_days(text[], integer[], text[], double precision[], timestamptz[])'::regprocedure);
    opening_totals CONSTANT text := replace(opening, '), uses AS (', $new$), totals AS (
    DELETE FROM pump_totals AS t
     USING late AS l
      JOIN closed_pump_targets AS c USING (device_id, pump, chemical, target_g)
     WHERE t.target_id = c.target_id AND t.until > l.at
), uses AS ($new$);
    summing CONSTANT text := pg_get_functiondef(
        'public.pump_sums(timestamptz, timestamptz, text[], text[], integer[], timestamptz[])'::regprocedure);
    summing_totals CONSTANT text := replace(replace(replace(replace(summing,
        'AND s.days_from = t.since AS is_begun,' || chr(10),
        'AND s.days_from = t.since AS is_begun, q.is_total,' || chr(10)),
        'LEFT JOIN closed_pump_targets AS c USING (device_id, pump, chemical, target_g)' || chr(10), $new$LEFT JOIN closed_pump_targets AS c USING (device_id, pump, chemical, target_g)
  LEFT JOIN pump_totals AS k ON k.target_id = c.target_id
 CROSS JOIN LATERAL (SELECT coalesce(c.begun_at = t.since AND k.since = t.since AND k.until <= sixes_to, false)) AS q (is_total)
$new$),
        '(SELECT CASE WHEN c.until <= sixes_to', '(SELECT CASE WHEN q.is_total THEN k.until WHEN c.until <= sixes_to'),
        ' WHERE c.days_from < c.days_to' || chr(10), $new$ WHERE c.days_from < c.days_to AND NOT c.is_total
 UNION ALL
SELECT c.class, r.since, NULL, 0, r.doses, r.sum_error_g, r.sum_range_g, r.last_error_g, r.last_error_g, r.n_rate, r.sum_rate,
       r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM classes AS c
  JOIN pump_totals AS r USING (target_id)
 WHERE c.is_total
$new$);
BEGIN
    IF closing_totals NOT LIKE '%opened IS NULL THEN_        PERFORM close_pump_totals%closing = over THEN_        PERFORM close_pump_totals%'
       OR opening_totals = opening
       OR summing_totals NOT LIKE '%q.is_total,%pump_totals AS k%WHEN q.is_total THEN%NOT c.is_total%WHERE c.is_total%' THEN
        RAISE EXCEPTION 'the body of close_pump_days, reopen_pump_days or pump_sums is not the known one';
    END IF;
    EXECUTE closing_totals;
    EXECUTE opening_totals;
    EXECUTE summing_totals;
END $$;

SELECT copy_dose_grants('public.pump_totals', VARIADIC '{}');
