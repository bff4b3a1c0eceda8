-- The same figures as any/0130, quicker: where figures begin anew was looked for in a list by each target, the last six hours were looked
-- up target by target, and on TimescaleDB the parts of the doses by each pump, though none of them was needed.

-- The state of each pump that has dosed before a time, of these stations or all (NULL).
DROP FUNCTION pump_service_states(timestamptz);
CREATE FUNCTION pump_service_states(until timestamptz, of_stations text[] DEFAULT NULL) RETURNS TABLE (
    device_id text, pump integer, tube_at timestamptz, calibrated_at timestamptz, scale_calibrated_at timestamptz,
    baseline_at timestamptz, first_at timestamptz, tube_g double precision, tube_run_s double precision
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE  -- before it, whole buckets; a caller's now is a moment before the server's
    whole_until CONSTANT timestamptz := CASE WHEN until > now() - INTERVAL '1 minute' THEN 'infinity'
                                             ELSE date_bin('6 hours', until, '2000-01-01 00:00:00+00') END;
BEGIN
RETURN QUERY
WITH RECURSIVE keys (device_id, pump) AS (
((SELECT u.device_id, u.pump FROM pump_use AS u WHERE of_stations IS NULL ORDER BY 1, 2 LIMIT 1)
  UNION ALL
 SELECT s.device_id, f.pump
   FROM (SELECT DISTINCT o.device_id FROM unnest(of_stations) AS o (device_id)) AS s
  CROSS JOIN LATERAL (SELECT u.pump FROM pump_use AS u WHERE u.device_id = s.device_id ORDER BY 1 LIMIT 1) AS f)
 UNION ALL
SELECT n.device_id, n.pump
  FROM keys AS k
 CROSS JOIN LATERAL (SELECT u.device_id, u.pump
                       FROM pump_use AS u
                      WHERE (u.device_id, u.pump) > (k.device_id, k.pump)
                      ORDER BY 1, 2
                      LIMIT 1) AS n
 WHERE of_stations IS NULL OR n.device_id = k.device_id
), pumps AS MATERIALIZED (
SELECT k.device_id, k.pump, f.bucket AS first_at
  FROM keys AS k
 CROSS JOIN LATERAL (SELECT u.bucket
                       FROM pump_use AS u
                      WHERE u.device_id = k.device_id AND u.pump = k.pump AND u.bucket < until
                      ORDER BY u.bucket
                      LIMIT 1) AS f
), entries AS (
SELECT e.device_id, e.pump, max(e.at) FILTER (WHERE e.kind = 'tube change') AS tube_at,
       max(e.at) FILTER (WHERE e.kind = 'calibration') AS calibrated_at
  FROM service_log AS e
 WHERE e.at < until AND e.kind IN ('tube change', 'calibration')
   AND (of_stations IS NULL OR e.device_id = ANY (of_stations))
   AND NOT EXISTS (SELECT FROM service_log AS w WHERE w.withdraws = e.entry_id)
 GROUP BY 1, 2
), dated AS (
SELECT p.device_id, p.pump, p.first_at, o.tube_at, o.calibrated_at, s.calibrated_at AS scale_calibrated_at
  FROM pumps AS p
  LEFT JOIN entries AS o ON o.device_id = p.device_id AND o.pump = p.pump
  LEFT JOIN entries AS s ON s.device_id = p.device_id AND s.pump IS NULL
)
SELECT d.device_id, d.pump, d.tube_at, d.calibrated_at, d.scale_calibrated_at,
       greatest(d.tube_at, d.calibrated_at, d.scale_calibrated_at), d.first_at, w.grams, w.run_ms / 1000.0::double precision
  FROM dated AS d
  LEFT JOIN (SELECT k.device_id, k.pump, k.since, k.until AS closed_until, k.sum_actual_g, k.run_ms
               FROM closed_pump_uses AS k) AS c
    ON c.device_id = d.device_id AND c.pump = d.pump AND c.closed_until >= c.since AND c.closed_until <= whole_until
   AND c.since = coalesce(d.tube_at, d.first_at)
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(p.grams), 0) + coalesce(c.sum_actual_g, 0) AS grams,
              coalesce(sum(p.run_ms), 0) + coalesce(c.run_ms, 0) AS run_ms
         FROM (SELECT u.sum_actual_g AS grams, u.run_ms
                 FROM pump_use AS u
                WHERE u.device_id = d.device_id AND u.pump = d.pump
                  AND u.bucket >= greatest(next_bucket_start('6 hours', coalesce(d.tube_at, d.first_at)), c.closed_until)
                  AND u.bucket < whole_until
                UNION ALL  -- of doses that were dropped
               SELECT r.mass_g, r.run_ms
                 FROM pump_use_rests AS r
                WHERE r.device_id = d.device_id AND r.pump = d.pump AND r.since = d.tube_at AND c.closed_until IS NULL
                  AND r.since <@ (SELECT x.spans FROM dropped_readings AS x WHERE x.table_name = 'dosing_consumption')
                UNION ALL  -- the rest of the six hours of the change, and the six hours of until: each a range of the index
               SELECT o.actual_g, plausible_duration_ms(o.duration_ms)
                 FROM dosing_consumption AS o
                WHERE o.device_id = d.device_id AND o.pump = d.pump AND o.time >= d.tube_at AND c.closed_until IS NULL
                  AND o.time < least(next_bucket_start('6 hours', d.tube_at), until)
                UNION ALL
               SELECT o.actual_g, plausible_duration_ms(o.duration_ms)
                 FROM dosing_consumption AS o
                WHERE whole_until < until  -- else none of its parts is asked
                  AND o.device_id = d.device_id AND o.pump = d.pump AND o.time < until
                  AND o.time >= greatest(whole_until, next_bucket_start('6 hours', d.tube_at))) AS p) AS w;
END $$;

-- What panels/pump_capability reckons from, as in any/0130. Six hours of which nearly every target has rows (is_common: at the start of a
-- range of all stations, and after the days that are closed) are read at once, by their time.
CREATE OR REPLACE FUNCTION pump_sums(range_since timestamptz, range_until timestamptz, of_stations text[],
                          begun_stations text[], begun_pumps integer[], begun_at timestamptz[])
RETURNS TABLE (device_id text, pump integer, chemical text, target_g double precision, tolerance_g double precision,
               is_weighable boolean, since timestamptz, doses bigint, sum_error_g double precision, ranges_g double precision,
               n_rate double precision, sum_rate double precision, sum_sq_rate double precision,
               sum_error_of_rate double precision, sum_rate_error double precision)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET jit = off SET TimeZone = 'UTC' AS $$
#variable_conflict use_column
DECLARE  -- whole six hours in [sixes_from, sixes_to); single doses before and after them
    stop_at CONSTANT timestamptz := round_up_now('6 hours', range_until);
    sixes_from CONSTANT timestamptz := least(next_bucket_start('6 hours', range_since), stop_at);
    sixes_to CONSTANT timestamptz := greatest(date_bin('6 hours', stop_at, '2000-01-01 00:00:00+00'), sixes_from);
BEGIN
RETURN QUERY
WITH rules AS MATERIALIZED (
SELECT r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides, r.valid_from,
       lead(r.valid_from, 1, 'infinity') OVER (ORDER BY r.valid_from, r.version) AS valid_until
  FROM tolerance_rules AS r
), begun AS MATERIALIZED (
SELECT b.device_id, b.pump, b.at FROM unnest(begun_stations, begun_pumps, begun_at) AS b (device_id, pump, at)
), repeated AS MATERIALIZED (
SELECT DISTINCT o.device_id, o.pump, o.chemical, o.target_g
  FROM pump_targets AS o
 WHERE o.is_repeated AND (of_stations IS NULL OR o.device_id = ANY (of_stations))
), dated AS MATERIALIZED (
SELECT row_number() OVER ()::integer AS class, o.device_id, o.pump, o.chemical, o.target_g, greatest(b.at, range_since) AS since
  FROM repeated AS o
  LEFT JOIN begun AS b ON b.device_id = o.device_id AND b.pump = o.pump
), tolerances AS MATERIALIZED (
SELECT d.class, min(f.tolerance_g) AS tolerance_g, bool_and(f.is_weighable) AS is_weighable
  FROM dated AS d
  JOIN pump_targets AS t
    ON t.device_id = d.device_id AND t.pump = d.pump AND t.chemical = d.chemical AND t.target_g = d.target_g
   AND t.first_at < stop_at AND t.last_at >= d.since
  JOIN rules AS r ON least(t.last_at, range_until) >= r.valid_from AND least(t.last_at, range_until) < r.valid_until
 CROSS JOIN LATERAL apply_tolerance_rule(r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides,
                                         least(t.last_at, range_until), t.recipe, t.mode, t.chemical, t.pump, t.target_g) AS f
 GROUP BY 1
), weeks AS MATERIALIZED (
SELECT w.at FROM generate_series(four_weeks_start(range_since), sixes_to, INTERVAL '28 days') AS w (at)
), classes AS MATERIALIZED (
-- six hours in [bucket_from, days_from) and [days_to, sixes_to), between them what is closed. is_begun: since the figures begin anew
SELECT t.class, t.device_id, t.pump, t.chemical, t.target_g, o.tolerance_g, o.is_weighable, t.since,
       c.target_id, s.bucket_from, e.days_to > s.days_from AND s.days_from = t.since AS is_begun,
       CASE WHEN e.days_to > s.days_from THEN s.days_from ELSE sixes_to END AS days_from,
       CASE WHEN e.days_to > s.days_from THEN e.days_to ELSE sixes_to END AS days_to
  FROM dated AS t
  LEFT JOIN tolerances AS o USING (class)
  LEFT JOIN closed_pump_targets AS c USING (device_id, pump, chemical, target_g)
 CROSS JOIN LATERAL (SELECT next_bucket_start('6 hours', t.since),
                            CASE WHEN c.begun_at = t.since THEN t.since ELSE next_bucket_start('1 day', t.since) END)
       AS s (bucket_from, days_from)
 CROSS JOIN LATERAL (SELECT CASE WHEN c.until <= sixes_to THEN c.until WHEN c.until > sixes_to THEN four_weeks_start(sixes_to) END)
       AS e (days_to)
 WHERE o.tolerance_g IS NOT NULL
), bands AS MATERIALIZED (
SELECT c.class, c.device_id, c.pump, c.chemical, c.target_g, e.since, e.until, of_stations IS NULL AND e.is_common AS is_common, e.is_end
  FROM classes AS c
 CROSS JOIN LATERAL (
       SELECT c.bucket_from, c.days_from, false, c.bucket_from = sixes_from AND c.days_from <= sixes_from + INTERVAL '2 days'
        UNION ALL
       SELECT c.days_to, sixes_to, true, c.days_to >= sixes_to - INTERVAL '2 days') AS e (since, until, is_end, is_common)
 WHERE e.since < e.until
), common AS MATERIALIZED (
SELECT r.device_id, r.pump, r.chemical, r.target_g, r.bucket, r.doses, r.sum_error_g, r.sum_range_g,
       r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM (SELECT min(b.since) AS since, max(b.until) AS until FROM bands AS b WHERE b.is_common GROUP BY b.is_end) AS b
 CROSS JOIN LATERAL (SELECT o.* FROM pump_rollup AS o WHERE o.bucket >= b.since AND o.bucket < b.until OFFSET 0) AS r
), restarts AS (
-- the rest of the six hours in which the figures of a pump begin anew
SELECT DISTINCT c.device_id, c.pump, c.since, c.bucket_from AS until
  FROM classes AS c
 WHERE c.since >= sixes_from AND c.since < sixes_to AND NOT coalesce(c.is_begun, false)
), single AS (
SELECT d.device_id, d.pump, d.chemical, d.target_g, d.time, d.received_at, d.dedup, d.error_g, d.duration_ms
  FROM dosing_consumption AS d
 WHERE d.time >= range_since AND d.time < sixes_from AND d.error_g IS NOT NULL
   AND (of_stations IS NULL OR d.device_id = ANY (of_stations))
 UNION ALL
SELECT d.device_id, d.pump, d.chemical, d.target_g, d.time, d.received_at, d.dedup, d.error_g, d.duration_ms
  FROM dosing_consumption AS d
 WHERE d.time >= sixes_to AND d.time < stop_at AND d.error_g IS NOT NULL
   AND (of_stations IS NULL OR d.device_id = ANY (of_stations))
 UNION ALL
SELECT r.device_id, r.pump, d.chemical, d.target_g, d.time, d.received_at, d.dedup, d.error_g, d.duration_ms
  FROM restarts AS r
 CROSS JOIN LATERAL (SELECT o.chemical, o.target_g, o.time, o.received_at, o.dedup, o.error_g, o.duration_ms
                       FROM dosing_consumption AS o
                      WHERE o.device_id = r.device_id AND o.pump = r.pump AND o.time >= r.since AND o.time < r.until
                        AND o.error_g IS NOT NULL
                     OFFSET 0) AS d
), parts AS (
SELECT c.class, r.since AS at, NULL::timestamptz AS received_at, 0 AS place, r.doses, r.sum_error_g, r.sum_range_g,
       r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM classes AS c
  JOIN weeks AS w ON w.at >= four_weeks_start(c.days_from) AND w.at < c.days_to
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_rests AS o
                      WHERE o.target_id = c.target_id AND o.since >= greatest(c.days_from, w.at)
                        AND o.since < least(w.at + INTERVAL '28 days', c.days_to)
                      ORDER BY o.since
                      LIMIT 1) AS r
 WHERE c.days_from < c.days_to
 UNION ALL
SELECT b.class, r.bucket, NULL, 0, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g,
       r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM bands AS b
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_rollup AS o
                      WHERE o.device_id = b.device_id AND o.pump = b.pump AND o.chemical = b.chemical AND o.target_g = b.target_g
                        AND o.bucket >= b.since AND o.bucket < b.until
                     OFFSET 0) AS r
 WHERE NOT b.is_common
 UNION ALL
SELECT b.class, r.bucket, NULL, 0, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g,
       r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM bands AS b
  JOIN common AS r
    ON r.device_id = b.device_id AND r.pump = b.pump AND r.chemical = b.chemical AND r.target_g = b.target_g
   AND r.bucket >= b.since AND r.bucket < b.until
 WHERE b.is_common
 UNION ALL
SELECT c.class, d.time, d.received_at, d.dedup, 1, d.error_g, 0, d.error_g, d.error_g,
       (p.rate IS NOT NULL)::integer, coalesce(p.rate, 0), coalesce(p.rate * p.rate, 0),
       CASE WHEN p.rate IS NULL THEN 0 ELSE d.error_g END, coalesce(p.rate * d.error_g, 0)
  FROM single AS d
  JOIN classes AS c USING (device_id, pump, chemical, target_g)
 CROSS JOIN LATERAL (SELECT d.target_g * 1000 / nullif(plausible_duration_ms(d.duration_ms), 0)) AS p (rate)
 WHERE d.time >= c.since AND (d.time >= sixes_to OR NOT coalesce(c.is_begun, false))
), linked AS (
SELECT p.class, p.doses, p.sum_error_g, p.sum_range_g, p.n_rate, p.sum_rate, p.sum_sq_rate, p.sum_error_of_rate, p.sum_rate_error,
       abs(p.first_error_g - lag(p.last_error_g) OVER (PARTITION BY p.class ORDER BY p.at, p.received_at, p.place)) AS gap_g
  FROM parts AS p
), summed AS (
SELECT l.class, sum(l.doses)::bigint AS doses, sum(l.sum_error_g) AS sum_error_g,
       sum(l.sum_range_g) + coalesce(sum(l.gap_g), 0) AS ranges_g, sum(l.n_rate)::double precision AS n_rate,
       sum(l.sum_rate) AS sum_rate, sum(l.sum_sq_rate) AS sum_sq_rate, sum(l.sum_error_of_rate) AS sum_error_of_rate,
       sum(l.sum_rate_error) AS sum_rate_error
  FROM linked AS l
 GROUP BY 1
)
SELECT c.device_id, c.pump, c.chemical, c.target_g, c.tolerance_g, c.is_weighable, c.since, s.doses, s.sum_error_g, s.ranges_g,
       s.n_rate, s.sum_rate, s.sum_sq_rate, s.sum_error_of_rate, s.sum_rate_error
  FROM summed AS s
  JOIN classes AS c USING (class);
END $$;

-- Four weeks and 90 days are those of UTC: where the session's clocks change, they were an hour longer or shorter, and the next four
-- weeks began a day late, or six hours were counted twice. What was stored so is closed anew, by the next maintenance.
ALTER FUNCTION close_pump_days(text) SET TimeZone = 'UTC';
ALTER FUNCTION new_tube_rates(timestamptz, text[], boolean) SET TimeZone = 'UTC';
UPDATE closed_pump_targets SET until = four_weeks_start(begun_at) WHERE until > four_weeks_start(begun_at);
