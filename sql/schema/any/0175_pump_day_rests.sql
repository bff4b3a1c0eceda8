-- The functions of pumps whole, as any/0170, any/0173 and any/0174 left them by changing their text, and quicker, with the same figures:
-- * Days of pumps are closed six hours at a time, two hours after their end, not a day at a time: up to four more of each target were
--   read of each range until now.
-- * What was dosed from six hours on to the end of their day is kept, too (pump_day_rests): the day in which a range begins, and that in
--   which it ends, are one row of a target each, not up to three.
-- * What is kept of a day is read at once where all stations are asked for, not target by target.
-- * Where the figures of a pump began anew, its four weeks are closed with pump_heads, also when those doses have been dropped since.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;

-- The doses of a target (closed_pump_targets) from six hours on to the end of their day, or until what is closed, if there are any; none
-- from midnight on, as pump_rests has these. Columns as in pump_rollup.
CREATE TABLE pump_day_rests (
    target_id         integer          NOT NULL,
    since             timestamptz      NOT NULL,
    doses             bigint           NOT NULL,
    sum_error_g       double precision NOT NULL,
    sum_range_g       double precision NOT NULL,
    first_error_g     double precision NOT NULL,
    last_error_g      double precision NOT NULL,
    n_rate            bigint           NOT NULL,
    sum_rate          double precision NOT NULL,
    sum_sq_rate       double precision NOT NULL,
    sum_error_of_rate double precision NOT NULL,
    sum_rate_error    double precision NOT NULL,
    error_before_g    double precision,           -- of the dose before; NULL: it is of a day before
    PRIMARY KEY (since, target_id)
);

-- Those of one day are looked for of all targets at once, and lie side by side.
DROP INDEX pump_rests_time;
CREATE INDEX pump_rests_time ON pump_rests (since);
CLUSTER pump_rests USING pump_rests_time;
ALTER TABLE pump_rests SET WITHOUT CLUSTER;

-- Stores them, of the targets of a station that are closed up to then next, from the day on in which they are closed now; NULL: of all
-- days that are closed. Called by close_pump_days, which keeps doses from coming between.
CREATE FUNCTION close_pump_day_rests(of_station text, closing timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off AS $$
DELETE FROM pump_day_rests AS r
 USING closed_pump_targets AS c
 CROSS JOIN LATERAL generate_series(date_bin('1 day', c.until, '2000-01-01 00:00:00+00'), closing, INTERVAL '6 hours') AS g (since)
 WHERE c.device_id = of_station AND c.until < closing AND r.since = g.since AND r.target_id = c.target_id;
WITH parts AS (
SELECT c.target_id, d.day, r.*,
       abs(lead(r.first_error_g) OVER (PARTITION BY c.target_id, d.day ORDER BY r.bucket) - r.last_error_g) AS gap_g
  FROM closed_pump_targets AS c
  JOIN pump_rollup AS r
    ON r.device_id = of_station AND r.pump = c.pump AND r.chemical = c.chemical AND r.target_g = c.target_g
   AND r.bucket >= CASE WHEN closing IS NULL THEN '-infinity' ELSE date_bin('1 day', c.until, '2000-01-01 00:00:00+00') END
   AND r.bucket < coalesce(closing, c.until)
 CROSS JOIN LATERAL (SELECT date_bin('1 day', r.bucket, '2000-01-01 00:00:00+00')) AS d (day)
 WHERE c.device_id = of_station AND (closing IS NULL OR c.until < closing)
), rests AS (
SELECT p.target_id, p.bucket, greatest(lag(p.bucket) OVER (PARTITION BY p.target_id, p.day ORDER BY p.bucket), p.day) AS before,
       lag(p.last_error_g) OVER (PARTITION BY p.target_id, p.day ORDER BY p.bucket) AS error_before_g,
       sum(p.doses) OVER w AS doses, sum(p.sum_error_g) OVER w AS sum_error_g,
       sum(p.sum_range_g) OVER w + coalesce(sum(p.gap_g) OVER w, 0) AS sum_range_g, p.first_error_g,
       first_value(p.last_error_g) OVER w AS last_error_g, sum(p.n_rate) OVER w AS n_rate, sum(p.sum_rate) OVER w AS sum_rate,
       sum(p.sum_sq_rate) OVER w AS sum_sq_rate, sum(p.sum_error_of_rate) OVER w AS sum_error_of_rate,
       sum(p.sum_rate_error) OVER w AS sum_rate_error
  FROM parts AS p
WINDOW w AS (PARTITION BY p.target_id, p.day ORDER BY p.bucket DESC)
)
INSERT INTO pump_day_rests (target_id, since, doses, sum_error_g, sum_range_g, first_error_g, last_error_g, n_rate, sum_rate,
                            sum_sq_rate, sum_error_of_rate, sum_rate_error, error_before_g)
SELECT r.target_id, g.since, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate,
       r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error, r.error_before_g
  FROM rests AS r
 CROSS JOIN LATERAL generate_series(r.before + INTERVAL '6 hours', r.bucket, INTERVAL '6 hours') AS g (since)
 ORDER BY 2, 1
$$;
REVOKE ALL ON FUNCTION close_pump_day_rests(text, timestamptz) FROM PUBLIC;
DO $$
BEGIN
    PERFORM close_pump_day_rests(s.device_id, NULL) FROM (SELECT DISTINCT c.device_id FROM closed_pump_targets AS c) AS s;
END $$;
ANALYZE pump_rests, pump_day_rests;

-- What a target has dosed since its figures began anew, until it is closed (pump_totals). Stores what is missing of a station; nothing of
-- figures that began before sums were deleted. Called by close_pump_days.
CREATE OR REPLACE FUNCTION close_pump_totals(of_station text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off
SET TimeZone = 'UTC' AS $$
WITH missing AS MATERIALIZED (
SELECT c.target_id, c.begun_at, c.until
  FROM closed_pump_targets AS c
 WHERE c.device_id = of_station AND c.begun_at < c.until
   AND c.begun_at >= coalesce((SELECT upper(range_merge(x.spans)) FROM dropped_readings AS x WHERE x.table_name = 'sums'), '-infinity')
   AND NOT EXISTS (SELECT FROM pump_totals AS t WHERE t.target_id = c.target_id AND t.since = c.begun_at AND t.until >= c.until)
), linked AS (
SELECT m.target_id, r.*, abs(r.first_error_g - lag(r.last_error_g) OVER (PARTITION BY m.target_id ORDER BY r.since)) AS gap_g
  FROM missing AS m
 CROSS JOIN LATERAL generate_series(four_weeks_start(m.begun_at), m.until - INTERVAL '1 microsecond', INTERVAL '28 days') AS w (at)
 CROSS JOIN LATERAL (SELECT o.since, o.doses, o.sum_error_g, o.sum_range_g, o.first_error_g, o.last_error_g, o.n_rate, o.sum_rate,
                            o.sum_sq_rate, o.sum_error_of_rate, o.sum_rate_error
                       FROM pump_rests AS o
                      WHERE o.target_id = m.target_id AND o.since >= greatest(m.begun_at, w.at)
                        AND o.since < least(w.at + INTERVAL '28 days', m.until)
                      ORDER BY o.since
                      LIMIT 1) AS r
)
INSERT INTO pump_totals AS k (target_id, since, until, doses, sum_error_g, sum_range_g, last_error_g, n_rate, sum_rate, sum_sq_rate,
                              sum_error_of_rate, sum_rate_error)
SELECT l.target_id, m.begun_at, m.until, sum(l.doses), sum(l.sum_error_g), sum(l.sum_range_g) + coalesce(sum(l.gap_g), 0),
       (array_agg(l.last_error_g ORDER BY l.since DESC))[1], sum(l.n_rate), sum(l.sum_rate), sum(l.sum_sq_rate),
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

-- Closes the oldest six hours of a station that are over, of at most eight weeks; returns of how many targets. Doses of the station wait
-- meanwhile, so that none comes between. Six hours in which ranges are still to be counted again are not over.
CREATE OR REPLACE FUNCTION close_pump_days(of_station text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off
SET TimeZone = 'UTC' AS $$
DECLARE
    over timestamptz;
    opened timestamptz;
    closing timestamptz;
    closed bigint;
BEGIN
    PERFORM FROM device_last_seen AS s WHERE s.device_id = of_station FOR UPDATE;
    over := date_bin('6 hours', least(now() - INTERVAL '2 hours',
                                      (SELECT min(r.bucket) FROM pump_rollup AS r WHERE r.device_id = of_station AND r.is_late)),
                     '2000-01-01 00:00:00+00');
    INSERT INTO closed_pump_targets AS c (device_id, pump, chemical, target_g, until)
    SELECT t.device_id, t.pump, t.chemical, t.target_g,
           least(over, date_bin('1 day', min(t.first_at), '2000-01-01 00:00:00+00'))
      FROM pump_targets AS t
     WHERE t.device_id = of_station
       AND NOT EXISTS (SELECT FROM closed_pump_targets AS k
                        WHERE k.device_id = t.device_id AND k.pump = t.pump AND k.chemical = t.chemical AND k.target_g = t.target_g)
     GROUP BY 1, 2, 3, 4
    HAVING bool_or(t.is_repeated)
     ORDER BY 1, 2, 3, 4;
    IF (SELECT min(u.until) IS NULL OR min(u.until) < over FROM closed_pump_uses AS u WHERE u.device_id = of_station) THEN
        INSERT INTO closed_pump_uses AS k (device_id, pump, since, until, sum_actual_g, run_ms)
        SELECT of_station, p.pump, p.since, over, w.sum_actual_g + r.sum_actual_g, w.run_ms + r.run_ms
          FROM (SELECT f.pump, coalesce(max(e.at), f.first_at) AS since
                  FROM (SELECT b.pump, min(b.bucket) AS first_at FROM pump_use AS b WHERE b.device_id = of_station GROUP BY 1) AS f
                  LEFT JOIN service_log AS e
                    ON e.device_id = of_station AND e.pump = f.pump AND e.kind = 'tube change' AND e.at < now()
                   AND NOT EXISTS (SELECT FROM service_log AS w WHERE w.withdraws = e.entry_id)
                 WHERE f.first_at < over
                 GROUP BY f.pump, f.first_at) AS p
         CROSS JOIN LATERAL (SELECT coalesce(sum(u.sum_actual_g), 0) AS sum_actual_g, coalesce(sum(u.run_ms), 0)::bigint AS run_ms
                               FROM pump_use AS u
                              WHERE u.device_id = of_station AND u.pump = p.pump
                                AND u.bucket >= next_bucket_start('6 hours', p.since) AND u.bucket < over) AS w
         CROSS JOIN LATERAL (SELECT coalesce(sum(o.mass_g), 0) AS sum_actual_g, coalesce(sum(o.run_ms), 0)::bigint AS run_ms
                               FROM (SELECT d.actual_g AS mass_g, plausible_duration_ms(d.duration_ms) AS run_ms
                                       FROM dosing_consumption AS d
                                      WHERE d.device_id = of_station AND d.pump = p.pump AND d.time >= p.since
                                        AND d.time < next_bucket_start('6 hours', p.since)
                                      UNION ALL  -- of doses that were dropped
                                     SELECT k.mass_g, k.run_ms
                                       FROM pump_use_rests AS k
                                      WHERE k.device_id = of_station AND k.pump = p.pump AND k.since = p.since
                                        AND k.since <@ (SELECT x.spans FROM dropped_readings AS x
                                                         WHERE x.table_name = 'dosing_consumption')) AS o) AS r
         WHERE p.since < over
         ORDER BY p.pump
            ON CONFLICT (device_id, pump) DO UPDATE
           SET since = excluded.since, until = excluded.until, sum_actual_g = excluded.sum_actual_g, run_ms = excluded.run_ms;
    END IF;
    PERFORM close_pump_heads(of_station);
    SELECT min(four_weeks_start(c.until)) INTO opened
      FROM closed_pump_targets AS c
     WHERE c.device_id = of_station AND c.until < over;
    IF opened IS NULL THEN
        PERFORM close_pump_totals(of_station);
        RETURN 0;
    END IF;
    closing := least(over, opened + INTERVAL '56 days');
    DELETE FROM pump_rests AS r
     USING closed_pump_targets AS c
     WHERE c.device_id = of_station AND c.until < closing
       AND r.target_id = c.target_id AND r.since >= four_weeks_start(c.until);
    PERFORM close_pump_day_rests(of_station, closing);
    INSERT INTO pump_rests (target_id, since, doses, sum_error_g, sum_range_g, first_error_g, last_error_g, n_rate, sum_rate,
                            sum_sq_rate, sum_error_of_rate, sum_rate_error, error_before_g)
    WITH parts AS (
        SELECT c.target_id, four_weeks_start(r.bucket) AS weeks, r.*,
               abs(lead(r.first_error_g) OVER (PARTITION BY c.target_id, four_weeks_start(r.bucket) ORDER BY r.bucket)
                   - r.last_error_g) AS gap_g
          FROM closed_pump_targets AS c
          JOIN pump_rollup AS r
            ON r.device_id = of_station AND r.pump = c.pump AND r.chemical = c.chemical AND r.target_g = c.target_g
           AND r.bucket >= four_weeks_start(c.until) AND r.bucket < closing
         WHERE c.device_id = of_station AND c.until < closing
    ), rests AS (
        SELECT p.target_id, date_bin('1 day', p.bucket, '2000-01-01 00:00:00+00') AS since, p.bucket,
               lag(date_bin('1 day', p.bucket, '2000-01-01 00:00:00+00')) OVER (PARTITION BY p.target_id ORDER BY p.bucket) AS before,
               sum(p.doses) OVER w AS doses, sum(p.sum_error_g) OVER w AS sum_error_g,
               sum(p.sum_range_g) OVER w + coalesce(sum(p.gap_g) OVER w, 0) AS sum_range_g, p.first_error_g,
               lag(p.last_error_g) OVER (PARTITION BY p.target_id, p.weeks ORDER BY p.bucket) AS error_before_g,
               first_value(p.last_error_g) OVER w AS last_error_g, sum(p.n_rate) OVER w AS n_rate, sum(p.sum_rate) OVER w AS sum_rate,
               sum(p.sum_sq_rate) OVER w AS sum_sq_rate, sum(p.sum_error_of_rate) OVER w AS sum_error_of_rate,
               sum(p.sum_rate_error) OVER w AS sum_rate_error
          FROM parts AS p
        WINDOW w AS (PARTITION BY p.target_id, p.weeks ORDER BY p.bucket DESC)
    )
    SELECT r.target_id, r.since, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate,
           r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error, r.error_before_g
      FROM rests AS r
     WHERE r.before IS DISTINCT FROM r.since
     ORDER BY 2, 1;  -- those of a day side by side
    -- from where the figures of a pump begin anew, to the end of those four weeks
    WITH begun AS MATERIALIZED (
        SELECT c.target_id, c.pump, c.chemical, c.target_g, b.at, next_bucket_start('6 hours', b.at) AS wholes_from,
               least(four_weeks_start(b.at) + INTERVAL '28 days', closing) AS rest_until
          FROM closed_pump_targets AS c
          JOIN (SELECT p.pump, max(e.at) AS at
                  FROM (SELECT DISTINCT k.pump FROM closed_pump_targets AS k WHERE k.device_id = of_station) AS p
                  JOIN service_log AS e
                    ON e.device_id = of_station
                   AND (e.pump = p.pump AND e.kind IN ('tube change', 'calibration') OR e.pump IS NULL AND e.kind = 'calibration')
                   AND NOT EXISTS (SELECT FROM service_log AS w WHERE w.withdraws = e.entry_id)
                 GROUP BY p.pump) AS b USING (pump)
         WHERE c.device_id = of_station AND c.until < closing AND b.at < closing
           AND (b.at >= four_weeks_start(c.until) OR c.begun_at IS DISTINCT FROM b.at)
    ), linked AS (
        SELECT p.*, row_number() OVER w AS number, row_number() OVER v AS number_from_end,
               abs(p.first_error_g - lag(p.last_error_g) OVER w) AS gap_g
          FROM (SELECT b.target_id, b.at AS since, r.bucket AS at, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g,
                       r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
                  FROM begun AS b
                  JOIN pump_rollup AS r
                    ON r.device_id = of_station AND r.pump = b.pump AND r.chemical = b.chemical AND r.target_g = b.target_g
                   AND r.bucket >= b.wholes_from AND r.bucket < b.rest_until
                 UNION ALL
                SELECT b.target_id, b.at, h.since, h.doses, h.sum_error_g, h.sum_range_g, h.first_error_g, h.last_error_g,
                       h.n_rate, h.sum_rate, h.sum_sq_rate, h.sum_error_of_rate, h.sum_rate_error
                  FROM begun AS b
                  JOIN pump_heads AS h
                    ON h.device_id = of_station AND h.pump = b.pump AND h.since = b.at AND h.chemical = b.chemical
                   AND h.target_g = b.target_g) AS p
        WINDOW w AS (PARTITION BY p.target_id ORDER BY p.at), v AS (PARTITION BY p.target_id ORDER BY p.at DESC)
    ), stored AS (
        INSERT INTO pump_rests (target_id, since, doses, sum_error_g, sum_range_g, first_error_g, last_error_g, n_rate, sum_rate,
                                sum_sq_rate, sum_error_of_rate, sum_rate_error)
        SELECT l.target_id, l.since, sum(l.doses), sum(l.sum_error_g), sum(l.sum_range_g) + coalesce(sum(l.gap_g), 0),
               min(l.first_error_g) FILTER (WHERE l.number = 1), min(l.last_error_g) FILTER (WHERE l.number_from_end = 1),
               sum(l.n_rate), sum(l.sum_rate), sum(l.sum_sq_rate), sum(l.sum_error_of_rate), sum(l.sum_rate_error)
          FROM linked AS l
         GROUP BY 1, 2
         ORDER BY 1, 2
            ON CONFLICT (target_id, since) DO NOTHING
    )
    UPDATE closed_pump_targets AS c SET begun_at = b.at FROM begun AS b WHERE c.target_id = b.target_id;
    UPDATE closed_pump_targets AS c
       SET until = closing
     WHERE c.device_id = of_station AND c.until < closing;
    GET DIAGNOSTICS closed = ROW_COUNT;
    IF closing = over THEN
        PERFORM close_pump_totals(of_station);
        UPDATE closed_pump_targets AS c
           SET tube_at = n.tube_at, new_rate = n.rate,
               settled_at = least(over, tube_settled_at(of_station, n.pump, n.chemical, n.target_g, n.tube_at))
          FROM new_tube_rates(over, ARRAY[of_station], true) AS n
         WHERE c.device_id = of_station AND n.device_id = of_station AND c.pump = n.pump AND c.chemical = n.chemical
           AND c.target_g = n.target_g AND n.is_settled;
    END IF;
    RETURN closed;
END $$;

-- Opens the four weeks of the targets of late doses, at these times, and deletes what is kept of them.
CREATE OR REPLACE FUNCTION reopen_pump_days(of_stations text[], of_pumps integer[], of_chemicals text[], of_targets double precision[],
                                            times timestamptz[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
WITH late AS MATERIALIZED (
    SELECT n.device_id, n.pump, n.chemical, n.target_g, min(n.at) AS at
      FROM unnest(of_stations, of_pumps, of_chemicals, of_targets, times) AS n (device_id, pump, chemical, target_g, at)
     GROUP BY 1, 2, 3, 4
), totals AS (
    DELETE FROM pump_totals AS t
     USING late AS l
      JOIN closed_pump_targets AS c USING (device_id, pump, chemical, target_g)
     WHERE t.target_id = c.target_id AND t.until > l.at
), heads AS (
    DELETE FROM closed_pump_heads AS k
     USING (SELECT l.device_id, l.pump, min(l.at) AS at FROM late AS l GROUP BY 1, 2) AS p
     WHERE k.device_id = p.device_id AND k.pump = p.pump AND k.since > p.at - INTERVAL '6 hours'
    RETURNING k.device_id, k.pump, k.since
), targets AS (
    DELETE FROM pump_heads AS h USING heads AS k WHERE h.device_id = k.device_id AND h.pump = k.pump AND h.since = k.since
), uses AS (
    UPDATE closed_pump_uses AS u
       SET until = '-infinity'
      FROM (SELECT l.device_id, l.pump, min(l.at) AS at FROM late AS l GROUP BY 1, 2) AS p
     WHERE u.device_id = p.device_id AND u.pump = p.pump AND u.until > p.at
)
UPDATE closed_pump_targets AS c
   SET until = least(c.until, four_weeks_start(l.at)),
       settled_at = CASE WHEN c.settled_at <= l.at THEN c.settled_at END
  FROM late AS l
 WHERE c.device_id = l.device_id AND c.pump = l.pump AND c.chemical = l.chemical AND c.target_g = l.target_g
   AND greatest(c.until, c.settled_at) > l.at
$$;

-- What panels/pump_capability says of each pump of these stations, or of all (NULL): its newest entries before a time, its first six hours,
-- and what has gone through its tube.
CREATE OR REPLACE FUNCTION pump_service_states(until timestamptz, of_stations text[] DEFAULT NULL) RETURNS TABLE (
    device_id text, pump integer, tube_at timestamptz, calibrated_at timestamptz, scale_calibrated_at timestamptz,
    baseline_at timestamptz, first_at timestamptz, tube_g double precision, tube_run_s double precision
) LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE  -- before it, whole buckets; a caller's now is a moment before the server's
    whole_until CONSTANT timestamptz := CASE WHEN until > now() - INTERVAL '1 minute' THEN 'infinity'
                                             ELSE date_bin('6 hours', until, '2000-01-01 00:00:00+00') END;
BEGIN
RETURN QUERY
WITH RECURSIVE keys (device_id, pump, first_at) AS (
-- each pump by its first six hours
((SELECT u.device_id, u.pump, u.bucket FROM pump_use AS u WHERE of_stations IS NULL ORDER BY 1, 2, 3 LIMIT 1)
  UNION ALL
 SELECT s.device_id, f.pump, f.bucket
   FROM (SELECT DISTINCT o.device_id FROM unnest(of_stations) AS o (device_id)) AS s
  CROSS JOIN LATERAL (SELECT u.pump, u.bucket FROM pump_use AS u WHERE u.device_id = s.device_id ORDER BY 1, 2 LIMIT 1) AS f)
 UNION ALL
SELECT n.device_id, n.pump, n.bucket
  FROM keys AS k
 CROSS JOIN LATERAL (SELECT u.device_id, u.pump, u.bucket
                       FROM pump_use AS u
                      WHERE (u.device_id, u.pump) > (k.device_id, k.pump)
                      ORDER BY 1, 2, 3
                      LIMIT 1) AS n
 WHERE of_stations IS NULL OR n.device_id = k.device_id
), pumps AS MATERIALIZED (
SELECT k.device_id, k.pump, k.first_at FROM keys AS k WHERE k.first_at < until
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
), ends AS MATERIALIZED (
-- the six hours of until, of all pumps at once
SELECT e.device_id, e.pump, sum(e.actual_g) AS grams, sum(e.run_ms) AS run_ms
  FROM (SELECT o.device_id, o.pump, o.actual_g, plausible_duration_ms(o.duration_ms) AS run_ms
          FROM dosing_consumption AS o
         WHERE of_stations IS NULL AND whole_until < until AND o.time >= whole_until AND o.time < until
         UNION ALL
        SELECT s.device_id, d.pump, d.actual_g, plausible_duration_ms(d.duration_ms)
          FROM (SELECT DISTINCT n.device_id FROM unnest(of_stations) AS n (device_id)) AS s
         CROSS JOIN LATERAL (SELECT o.pump, o.actual_g, o.duration_ms
                               FROM dosing_consumption AS o
                              WHERE whole_until < until AND o.device_id = s.device_id AND o.time >= whole_until AND o.time < until
                             OFFSET 0) AS d) AS e
 GROUP BY 1, 2
)
SELECT d.device_id, d.pump, d.tube_at, d.calibrated_at, d.scale_calibrated_at,
       greatest(d.tube_at, d.calibrated_at, d.scale_calibrated_at), d.first_at, w.grams, w.run_ms / 1000.0::double precision
  FROM dated AS d
  LEFT JOIN (SELECT k.device_id, k.pump, k.since, k.until AS closed_until, k.sum_actual_g, k.run_ms
               FROM closed_pump_uses AS k) AS c
    ON c.device_id = d.device_id AND c.pump = d.pump AND c.closed_until >= c.since AND c.since = coalesce(d.tube_at, d.first_at)
   -- what is closed, and what was dosed since, or less what was dosed since: whichever is shorter
   AND (c.closed_until <= whole_until
        OR c.closed_until - whole_until < whole_until - c.since AND next_bucket_start('6 hours', c.since) <= whole_until)
  LEFT JOIN closed_pump_heads AS h
    ON h.device_id = d.device_id AND h.pump = d.pump AND h.since = d.tube_at AND c.closed_until IS NULL
   AND next_bucket_start('6 hours', h.since) <= until
  LEFT JOIN ends AS e
    ON e.device_id = d.device_id AND e.pump = d.pump
   AND coalesce(next_bucket_start('6 hours', d.tube_at), '-infinity') <= whole_until
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(p.grams), 0) + coalesce(c.sum_actual_g, h.mass_g, 0) + coalesce(e.grams, 0) AS grams,
              coalesce(sum(p.run_ms), 0) + coalesce(c.run_ms, h.run_ms, 0) + coalesce(e.run_ms, 0) AS run_ms
         FROM (SELECT u.sum_actual_g AS grams, u.run_ms
                 FROM pump_use AS u
                WHERE u.device_id = d.device_id AND u.pump = d.pump
                  AND u.bucket >= greatest(next_bucket_start('6 hours', coalesce(d.tube_at, d.first_at)), c.closed_until)
                  AND u.bucket < whole_until
                UNION ALL  -- of doses that were dropped
               SELECT r.mass_g, r.run_ms
                 FROM pump_use_rests AS r
                WHERE r.device_id = d.device_id AND r.pump = d.pump AND r.since = d.tube_at
                  AND c.closed_until IS NULL AND h.since IS NULL
                  AND r.since <@ (SELECT x.spans FROM dropped_readings AS x WHERE x.table_name = 'dosing_consumption')
                UNION ALL
               SELECT -u.sum_actual_g, -u.run_ms
                 FROM pump_use AS u
                WHERE c.closed_until > whole_until AND u.device_id = d.device_id AND u.pump = d.pump
                  AND u.bucket >= whole_until AND u.bucket < c.closed_until
                UNION ALL  -- the rest of the six hours of the change
               SELECT o.actual_g, plausible_duration_ms(o.duration_ms)
                 FROM dosing_consumption AS o
                WHERE h.since IS NULL AND c.closed_until IS NULL AND o.device_id = d.device_id AND o.pump = d.pump
                  AND o.time >= d.tube_at AND o.time < least(next_bucket_start('6 hours', d.tube_at), until)) AS p) AS w;
END $$;

-- The flow of a new tube, the mean of its first 50 doses at a target, of these stations or all (NULL), of changes before a time; up to now
-- with all of the current six hours. What is settled is not counted again, unless it is asked for what is_unsettled: then only that
-- is counted.
CREATE OR REPLACE FUNCTION new_tube_rates(until timestamptz, of_stations text[], is_unsettled boolean) RETURNS TABLE (
    device_id text, pump integer, chemical text, target_g double precision, rate double precision, tube_at timestamptz,
    is_settled boolean
) LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET jit = off SET TimeZone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
    stop_at CONSTANT timestamptz := round_up_now('6 hours', until);
    wholes_until CONSTANT timestamptz := date_bin('6 hours', stop_at, '2000-01-01 00:00:00+00');
BEGIN
RETURN QUERY
WITH changes AS MATERIALIZED (
    SELECT c.device_id, c.pump, c.tube_at, next_bucket_start('6 hours', c.tube_at) AS wholes_from,
           greatest(wholes_until, next_bucket_start('6 hours', c.tube_at)) AS wholes_to,
           EXISTS (SELECT FROM closed_pump_heads AS k
                    WHERE k.device_id = c.device_id AND k.pump = c.pump AND k.since = c.tube_at
                      AND next_bucket_start('6 hours', k.since) <= stop_at) AS has_head
      FROM (SELECT e.device_id, e.pump, max(e.at) AS tube_at
              FROM service_log AS e
             WHERE e.kind = 'tube change' AND e.at < until
               AND NOT EXISTS (SELECT FROM service_log AS w WHERE w.withdraws = e.entry_id)
               AND (of_stations IS NULL OR e.device_id = ANY (of_stations))
             GROUP BY 1, 2) AS c
), targets AS MATERIALIZED (
    SELECT t.device_id, t.pump, t.chemical, t.target_g, c.tube_at, c.wholes_from, c.wholes_to, c.has_head,
           CASE WHEN k.tube_at = c.tube_at AND k.settled_at <= wholes_until THEN k.new_rate END AS settled_rate
      FROM (SELECT r.device_id, r.pump, r.chemical, r.target_g
              FROM pump_targets AS r
             WHERE r.is_repeated AND of_stations IS NULL
             GROUP BY 1, 2, 3, 4
             UNION ALL
            SELECT r.device_id, r.pump, r.chemical, r.target_g
              FROM pump_targets AS r
             WHERE r.is_repeated AND r.device_id = ANY (of_stations)
             GROUP BY 1, 2, 3, 4) AS t
      JOIN changes AS c ON c.device_id = t.device_id AND c.pump = t.pump
      LEFT JOIN (SELECT o.* FROM closed_pump_targets AS o WHERE of_stations IS NULL
                  UNION ALL
                 SELECT o.* FROM closed_pump_targets AS o WHERE o.device_id = ANY (of_stations)) AS k
        ON k.device_id = t.device_id AND k.pump = t.pump AND k.chemical = t.chemical AND k.target_g = t.target_g
), heads AS (
    SELECT c.device_id, c.pump, d.chemical, d.target_g, count(d.rate) AS n_rate, sum(d.rate) AS sum_rate
      FROM (SELECT DISTINCT t.device_id, t.pump, t.tube_at, t.wholes_from
              FROM targets AS t
             WHERE t.settled_rate IS NULL AND NOT t.has_head) AS c
     CROSS JOIN LATERAL (SELECT o.chemical, o.target_g,
                                o.target_g * 1000 / nullif(plausible_duration_ms(o.duration_ms), 0) AS rate
                           FROM dosing_consumption AS o
                          WHERE o.device_id = c.device_id AND o.pump = c.pump AND o.time >= c.tube_at
                            AND o.time < least(c.wholes_from, stop_at) AND o.target_g > 0 AND o.error_g IS NOT NULL
                         OFFSET 0) AS d
     GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT h.device_id, h.pump, h.chemical, h.target_g, h.n_rate, h.sum_rate
      FROM targets AS t
     CROSS JOIN LATERAL (SELECT o.*
                           FROM pump_heads AS o
                          WHERE o.device_id = t.device_id AND o.pump = t.pump AND o.since = t.tube_at AND o.chemical = t.chemical
                            AND o.target_g = t.target_g
                         OFFSET 0) AS h
     WHERE t.settled_rate IS NULL AND t.has_head
), ends AS (
    SELECT c.device_id, c.pump, d.chemical, d.target_g, count(d.rate) AS n_rate, sum(d.rate) AS sum_rate
      FROM (SELECT DISTINCT t.device_id, t.pump, t.tube_at, t.wholes_to FROM targets AS t WHERE t.settled_rate IS NULL) AS c
      JOIN (SELECT o.device_id, o.pump, o.chemical, o.target_g, o.time,
                   o.target_g * 1000 / nullif(plausible_duration_ms(o.duration_ms), 0) AS rate
              FROM dosing_consumption AS o
             WHERE o.time >= wholes_until AND o.time < stop_at
               AND o.target_g > 0 AND o.error_g IS NOT NULL) AS d
        ON d.device_id = c.device_id AND d.pump = c.pump AND d.time >= c.wholes_to
     WHERE until < c.tube_at + INTERVAL '90 days'
     GROUP BY 1, 2, 3, 4
), summed AS (
    SELECT t.device_id, t.pump, t.chemical, t.target_g, t.tube_at, coalesce(h.n_rate, 0) AS head_n,
           coalesce(h.sum_rate, 0) AS head_sum, coalesce(w.n_rate, 0) AS whole_n, coalesce(w.sum_rate, 0) AS whole_sum,
           coalesce(e.n_rate, 0) AS end_n, coalesce(e.sum_rate, 0) AS end_sum
      FROM targets AS t
      LEFT JOIN heads AS h ON h.device_id = t.device_id AND h.pump = t.pump AND h.chemical = t.chemical AND h.target_g = t.target_g
      LEFT JOIN ends AS e ON e.device_id = t.device_id AND e.pump = t.pump AND e.chemical = t.chemical AND e.target_g = t.target_g
     CROSS JOIN LATERAL (
           SELECT sum(p.n_rate) AS n_rate, sum(p.sum_rate) AS sum_rate
             FROM (SELECT r.n_rate, r.sum_rate,
                          sum(r.n_rate) OVER (ORDER BY r.bucket ROWS UNBOUNDED PRECEDING) - r.n_rate AS before
                     FROM (SELECT b.bucket, b.n_rate, b.sum_rate
                             FROM pump_rollup AS b
                            WHERE b.device_id = t.device_id AND b.pump = t.pump AND b.chemical = t.chemical
                              AND b.target_g = t.target_g AND b.bucket >= t.wholes_from AND b.n_rate > 0
                              AND b.bucket < least(t.wholes_to, t.tube_at + INTERVAL '90 days')
                            ORDER BY b.bucket
                            LIMIT 50) AS r) AS p
            WHERE p.before + coalesce(h.n_rate, 0) < 50) AS w
     WHERE t.settled_rate IS NULL
)
SELECT s.device_id, s.pump, s.chemical, s.target_g,
       CASE WHEN s.head_n + s.whole_n < 50 THEN (s.head_sum + s.whole_sum + s.end_sum) / (s.head_n + s.whole_n + s.end_n)
            ELSE (s.head_sum + s.whole_sum) / (s.head_n + s.whole_n) END,
       s.tube_at, s.head_n + s.whole_n >= 50
  FROM summed AS s
 WHERE s.head_n + s.whole_n + CASE WHEN s.head_n + s.whole_n < 50 THEN s.end_n ELSE 0 END >= 10
 UNION ALL
SELECT t.device_id, t.pump, t.chemical, t.target_g, t.settled_rate, t.tube_at, true
  FROM targets AS t
 WHERE t.settled_rate IS NOT NULL AND NOT is_unsettled;
END $$;

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
       least(c.until, sixes_to) AS days_to, c.until > sixes_to AS is_cut
  FROM closed_pump_targets AS c
  LEFT JOIN pump_totals AS t ON t.target_id = c.target_id
 WHERE of_stations IS NULL
 UNION ALL
SELECT c.device_id, c.pump, c.chemical, c.target_g, c.target_id, c.begun_at, t.since, t.until, least(c.until, sixes_to),
       c.until > sixes_to
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
 CROSS JOIN LATERAL (SELECT coalesce(c.begun_at = t.since AND c.total_since = t.since AND c.total_until <= sixes_to, false)) AS q (is_total)
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

SELECT copy_dose_grants('public.pump_day_rests', VARIADIC '{}');
