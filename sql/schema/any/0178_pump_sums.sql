-- As any/0175 has it, but for a range within six hours in which the figures of a pump begin anew: what was dosed after the range was in
-- its figures, once these six hours were closed.
-- What panels/pump_capability reckons from: the sums of each target of these stations, or of all (NULL), since its figures begin anew or
-- the range begins. begun_*: when the figures of a pump begin anew, in the order of the pumps.
CREATE OR REPLACE FUNCTION pump_sums(range_since timestamptz, range_until timestamptz, of_stations text[],
                          begun_stations text[], begun_pumps integer[], begun_at timestamptz[])
RETURNS TABLE (device_id text, pump integer, chemical text, target_g double precision, tolerance_g double precision,
               is_weighable boolean, since timestamptz, doses bigint, sum_error_g double precision, ranges_g double precision,
               n_rate double precision, sum_rate double precision, sum_sq_rate double precision,
               sum_error_of_rate double precision, sum_rate_error double precision)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
-- lists are hashed, and only what is LATERAL is looked up target by target
SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET enable_mergejoin = off SET jit = off SET TimeZone = 'UTC' AS $$
#variable_conflict use_column
DECLARE  -- whole six hours in [sixes_from, sixes_to); single doses before and after them
    stop_at CONSTANT timestamptz := round_up_now('6 hours', range_until);
    first_six CONSTANT timestamptz := next_bucket_start('6 hours', range_since);
    first_day CONSTANT timestamptz := next_bucket_start('1 day', range_since);
    sixes_from CONSTANT timestamptz := least(first_six, stop_at);
    sixes_to CONSTANT timestamptz := greatest(date_bin('6 hours', stop_at, '2000-01-01 00:00:00+00'), sixes_from);
    -- as sixes_to; but where the range has no whole six hours, nothing that is closed is of it
    closed_to CONSTANT timestamptz := date_bin('6 hours', sixes_to, '2000-01-01 00:00:00+00');
    next_day CONSTANT timestamptz := next_bucket_start('1 day', sixes_to);
BEGIN
RETURN QUERY
WITH rules AS MATERIALIZED (
SELECT r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides, r.valid_from,
       lead(r.valid_from, 1, 'infinity') OVER (ORDER BY r.valid_from, r.version) AS valid_until
  FROM tolerance_rules AS r
), begun AS MATERIALIZED (
SELECT b.device_id, b.pump, b.at AS since, next_bucket_start('6 hours', b.at) AS bucket_from, next_bucket_start('1 day', b.at) AS day_from
  FROM unnest(begun_stations, begun_pumps, begun_at) AS b (device_id, pump, at)
 WHERE b.at > range_since
), targets AS MATERIALIZED (
SELECT o.* FROM pump_targets AS o WHERE of_stations IS NULL
 UNION ALL
SELECT o.* FROM pump_targets AS o WHERE o.device_id = ANY (of_stations)
), dated AS MATERIALIZED (
SELECT row_number() OVER ()::integer AS class, o.device_id, o.pump, o.chemical, o.target_g, coalesce(b.since, range_since) AS since,
       coalesce(b.bucket_from, first_six) AS bucket_from, coalesce(b.day_from, first_day) AS day_from
  FROM (SELECT t.device_id, t.pump, t.chemical, t.target_g FROM targets AS t WHERE t.is_repeated GROUP BY 1, 2, 3, 4) AS o
  LEFT JOIN begun AS b ON b.device_id = o.device_id AND b.pump = o.pump
), tolerances AS MATERIALIZED (
SELECT d.class, min(f.tolerance_g) AS tolerance_g, bool_and(f.is_weighable) AS is_weighable
  FROM dated AS d
  JOIN targets AS t
    ON t.device_id = d.device_id AND t.pump = d.pump AND t.chemical = d.chemical AND t.target_g = d.target_g
   AND t.first_at < stop_at AND t.last_at >= d.since
  JOIN rules AS r ON least(t.last_at, range_until) >= r.valid_from AND least(t.last_at, range_until) < r.valid_until
 CROSS JOIN LATERAL apply_tolerance_rule(r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides,
                                         least(t.last_at, range_until), t.recipe, t.mode, t.chemical, t.pump, t.target_g) AS f
 GROUP BY 1
), closed AS MATERIALIZED (
SELECT c.device_id, c.pump, c.chemical, c.target_g, c.target_id, c.begun_at, t.since AS total_since, t.until AS total_until,
       least(c.until, closed_to) AS days_to, c.until > closed_to AS is_cut
  FROM closed_pump_targets AS c
  LEFT JOIN pump_totals AS t ON t.target_id = c.target_id
 WHERE of_stations IS NULL
 UNION ALL
SELECT c.device_id, c.pump, c.chemical, c.target_g, c.target_id, c.begun_at, t.since, t.until, least(c.until, closed_to),
       c.until > closed_to
  FROM closed_pump_targets AS c
  LEFT JOIN LATERAL (SELECT o.since, o.until FROM pump_totals AS o WHERE o.target_id = c.target_id OFFSET 0) AS t ON true
 WHERE c.device_id = ANY (of_stations)
), weeks AS MATERIALIZED (
SELECT w.at, w.at + INTERVAL '28 days' AS until
  FROM generate_series(four_weeks_start(range_since), sixes_to, INTERVAL '28 days') AS w (at)
), classes AS MATERIALIZED (
-- is_closed: of the six hours since bucket_from those before days_to are, and sixes_since is where the others begin. What is closed is
-- the rest of its first day, up to days_from, and whole days; it is_cut where more is closed than the range has. is_begun: it is one row
-- since the figures begin anew, with the doses before bucket_from
SELECT t.class, t.device_id, t.pump, t.chemical, t.target_g, o.tolerance_g, o.is_weighable, t.since, t.bucket_from, c.target_id,
       c.is_cut, s.is_total, e.is_closed, e.is_closed AND s.day_from = t.since AS is_begun,
       e.is_closed AND s.day_from > t.bucket_from AS has_day_rest, least(s.day_from, s.days_to) AS days_from, s.days_to,
       CASE WHEN e.is_closed THEN s.days_to ELSE t.bucket_from END AS sixes_since
  FROM dated AS t
  JOIN tolerances AS o USING (class)
  LEFT JOIN closed AS c ON c.device_id = t.device_id AND c.pump = t.pump AND c.chemical = t.chemical AND c.target_g = t.target_g
 CROSS JOIN LATERAL (SELECT coalesce(c.begun_at = t.since AND c.total_since = t.since AND c.total_until <= closed_to, false)) AS q (is_total)
 CROSS JOIN LATERAL (SELECT q.is_total, CASE WHEN q.is_total THEN c.total_until ELSE c.days_to END AS days_to,
                            CASE WHEN c.begun_at = t.since THEN t.since ELSE t.day_from END AS day_from) AS s
 CROSS JOIN LATERAL (SELECT coalesce(s.days_to > least(s.day_from, t.bucket_from) AND (s.days_to >= s.day_from OR NOT c.is_cut), false))
       AS e (is_closed)
 WHERE o.tolerance_g IS NOT NULL
), starts AS MATERIALIZED (
-- where whole days begin that are closed, of each four weeks. What is since cut_at does not count: the rest of that day, and since
-- cut_day to the end of these four weeks
SELECT c.class, c.target_id, greatest(c.days_from, w.at) AS since, least(w.until, c.days_to) AS until, w.until AS weeks_until,
       CASE WHEN c.is_cut AND w.until > sixes_to THEN sixes_to END AS cut_at,
       CASE WHEN c.is_cut AND w.until > next_day AND w.at <= sixes_to THEN next_day END AS cut_day
  FROM classes AS c
  JOIN weeks AS w ON w.until > c.days_from AND w.at < c.days_to
 WHERE c.is_closed AND c.days_from < c.days_to AND NOT c.is_total
), common_rests AS MATERIALIZED (
-- of all stations at once, by their time: nearly all targets have one of each day
SELECT o.since AS asked_at, o.*
  FROM pump_rests AS o
 WHERE of_stations IS NULL
   AND o.since = ANY (ARRAY(SELECT n.since FROM starts AS n UNION SELECT n.cut_day FROM starts AS n))
), other_rests AS MATERIALIZED (
-- without doses on that day, the next one says the same
SELECT n.since AS asked_at, r.*
  FROM (SELECT s.target_id, s.since, s.until FROM starts AS s
         UNION ALL
        SELECT s.target_id, s.cut_day, s.weeks_until FROM starts AS s WHERE s.cut_day IS NOT NULL) AS n
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_rests AS o
                      WHERE o.target_id = n.target_id AND o.since >= n.since AND o.since < n.until
                      ORDER BY o.since
                      LIMIT 1) AS r
 WHERE NOT EXISTS (SELECT FROM common_rests AS c WHERE c.target_id = n.target_id AND c.asked_at = n.since)
), rests AS NOT MATERIALIZED (
SELECT * FROM common_rests
 UNION ALL
SELECT * FROM other_rests
), day_rests AS MATERIALIZED (
SELECT o.*
  FROM pump_day_rests AS o
 WHERE of_stations IS NULL
   AND o.since = ANY (ARRAY(SELECT c.bucket_from FROM classes AS c WHERE c.has_day_rest UNION SELECT n.cut_at FROM starts AS n))
 UNION ALL
SELECT r.*
  FROM classes AS c
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_day_rests AS o
                      WHERE of_stations IS NOT NULL AND o.target_id = c.target_id AND o.since IN (c.bucket_from, sixes_to)
                     OFFSET 0) AS r
 WHERE c.is_closed
), common AS MATERIALIZED (
-- nearly all targets have rows of the last six hours: they are read at once, by their time
SELECT min(c.sixes_since) AS since FROM classes AS c WHERE of_stations IS NULL AND c.sixes_since >= sixes_to - INTERVAL '2 days'
), restarts AS MATERIALIZED (
-- the rest of the six hours in which the figures of a pump begin anew
SELECT r.device_id, r.pump, r.since, r.until,
       EXISTS (SELECT FROM closed_pump_heads AS k WHERE k.device_id = r.device_id AND k.pump = r.pump AND k.since = r.since) AS has_head
  FROM (SELECT DISTINCT c.device_id, c.pump, c.since, c.bucket_from AS until
          FROM classes AS c
         WHERE c.since >= sixes_from AND c.since < sixes_to AND NOT c.is_begun) AS r
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
 WHERE NOT r.has_head
), parts AS (
SELECT s.class, r.since AS at, NULL::timestamptz AS received_at, 0 AS place, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g,
       r.last_error_g, r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM starts AS s
  JOIN rests AS r ON r.target_id = s.target_id AND r.asked_at = s.since
 WHERE s.cut_at IS NULL
 UNION ALL
SELECT s.class, r.since, NULL, 0, r.doses - x.doses, r.sum_error_g - coalesce(d.sum_error_g, 0) - coalesce(e.sum_error_g, 0),
       -- what is left of a sum is not quite 0 where it should be
       CASE WHEN r.sum_range_g - x.sum_range_g > 1e-9 * r.sum_range_g THEN r.sum_range_g - x.sum_range_g ELSE 0 END,
       r.first_error_g, coalesce(b.error_g, r.last_error_g), r.n_rate - coalesce(d.n_rate, 0) - coalesce(e.n_rate, 0),
       r.sum_rate - coalesce(d.sum_rate, 0) - coalesce(e.sum_rate, 0),
       r.sum_sq_rate - coalesce(d.sum_sq_rate, 0) - coalesce(e.sum_sq_rate, 0),
       r.sum_error_of_rate - coalesce(d.sum_error_of_rate, 0) - coalesce(e.sum_error_of_rate, 0),
       r.sum_rate_error - coalesce(d.sum_rate_error, 0) - coalesce(e.sum_rate_error, 0)
  FROM starts AS s
  JOIN rests AS r ON r.target_id = s.target_id AND r.asked_at = s.since
  LEFT JOIN rests AS e ON e.target_id = s.target_id AND e.asked_at = s.cut_day
  LEFT JOIN day_rests AS d ON d.target_id = s.target_id AND d.since = s.cut_at
 CROSS JOIN LATERAL (  -- the error before what does not count
       SELECT coalesce(d.error_before_g, CASE WHEN d.target_id IS NULL THEN e.error_before_g END,
                       (SELECT p.last_error_g
                          FROM classes AS c
                         CROSS JOIN LATERAL (SELECT o.last_error_g
                                               FROM pump_rollup AS o
                                              WHERE o.device_id = c.device_id AND o.pump = c.pump AND o.chemical = c.chemical
                                                AND o.target_g = c.target_g AND o.bucket < s.cut_at
                                              ORDER BY o.bucket DESC
                                              LIMIT 1) AS p
                         WHERE c.class = s.class AND coalesce(d.target_id, e.target_id) IS NOT NULL))
       OFFSET 0) AS b (error_g)
 CROSS JOIN LATERAL (SELECT coalesce(d.doses, 0) + coalesce(e.doses, 0),
                            coalesce(d.sum_range_g + abs(d.first_error_g - b.error_g), 0)
                            + coalesce(e.sum_range_g + abs(e.first_error_g - coalesce(d.last_error_g, b.error_g)), 0))
       AS x (doses, sum_range_g)
 WHERE s.cut_at IS NOT NULL AND r.doses > x.doses
 UNION ALL
SELECT c.class, r.since, NULL, 0, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate,
       r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM classes AS c
  JOIN day_rests AS r ON r.target_id = c.target_id AND r.since = c.bucket_from
 WHERE c.has_day_rest
 UNION ALL
SELECT c.class, r.since, NULL, 0, r.doses, r.sum_error_g, r.sum_range_g, r.last_error_g, r.last_error_g, r.n_rate, r.sum_rate,
       r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM classes AS c
 CROSS JOIN LATERAL (SELECT o.* FROM pump_totals AS o WHERE o.target_id = c.target_id OFFSET 0) AS r
 WHERE c.is_total
 UNION ALL
SELECT c.class, h.since, NULL, 0, h.doses, h.sum_error_g, h.sum_range_g, h.first_error_g, h.last_error_g, h.n_rate, h.sum_rate,
       h.sum_sq_rate, h.sum_error_of_rate, h.sum_rate_error
  FROM restarts AS r
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_heads AS o
                      WHERE o.device_id = r.device_id AND o.pump = r.pump AND o.since = r.since
                     OFFSET 0) AS h
  JOIN classes AS c ON c.device_id = h.device_id AND c.pump = h.pump AND c.chemical = h.chemical AND c.target_g = h.target_g
 WHERE r.has_head AND NOT c.is_begun
 UNION ALL
SELECT c.class, r.bucket, NULL, 0, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g,
       r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM classes AS c
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_rollup AS o
                      WHERE o.device_id = c.device_id AND o.pump = c.pump AND o.chemical = c.chemical AND o.target_g = c.target_g
                        AND o.bucket >= c.sixes_since AND o.bucket < sixes_to
                     OFFSET 0) AS r
 WHERE c.sixes_since < coalesce((SELECT m.since FROM common AS m), sixes_to)
 UNION ALL
SELECT c.class, r.bucket, NULL, 0, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g,
       r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM common AS m
 CROSS JOIN LATERAL (SELECT o.* FROM pump_rollup AS o WHERE o.bucket >= m.since AND o.bucket < sixes_to OFFSET 0) AS r
  JOIN classes AS c
    ON c.device_id = r.device_id AND c.pump = r.pump AND c.chemical = r.chemical AND c.target_g = r.target_g
   AND c.sixes_since <= r.bucket AND c.sixes_since >= m.since
 UNION ALL
SELECT c.class, d.time, d.received_at, d.dedup, 1, d.error_g, 0, d.error_g, d.error_g,
       (p.rate IS NOT NULL)::integer, coalesce(p.rate, 0), coalesce(p.rate * p.rate, 0),
       CASE WHEN p.rate IS NULL THEN 0 ELSE d.error_g END, coalesce(p.rate * d.error_g, 0)
  FROM single AS d
  JOIN classes AS c USING (device_id, pump, chemical, target_g)
 CROSS JOIN LATERAL (SELECT d.target_g * 1000 / nullif(plausible_duration_ms(d.duration_ms), 0)) AS p (rate)
 WHERE d.time >= c.since AND (d.time >= sixes_to OR NOT c.is_begun)
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
