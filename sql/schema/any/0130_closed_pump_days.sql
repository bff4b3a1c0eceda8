-- What the doses of a pump at a target add up to, from each day that is over to the end of its four weeks: months are then read as
-- some rows of a target, not as hundreds of six hours. Days are UTC's. The collector's maintenance closes them (close_pump_days), two
-- hours after their end; a late dose opens the four weeks of its target. What is not closed is read from pump_rollup: closing
-- makes a panel quick, and changes no figure.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;

-- Targets that a recipe has repeated.
CREATE TABLE closed_pump_targets (
    target_id  integer          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id  text             NOT NULL,
    pump       integer          NOT NULL,
    chemical   text             NOT NULL,
    target_g   double precision NOT NULL,
    until      timestamptz      NOT NULL,  -- the doses before it are in pump_rests
    begun_at   timestamptz,                -- its figures begin anew: a rest begins then, too
    -- the flow of the tube that was changed then: final since settled_at. NULL: not known yet
    tube_at    timestamptz,
    settled_at timestamptz,
    new_rate   double precision,
    UNIQUE (device_id, pump, chemical, target_g)
) WITH (fillfactor = 70);

-- The doses from a day on, to the end of its four weeks (28 days from 2000-01-03 on) or, in the newest ones, until what is closed.
-- One more begins where the figures of the pump begin anew. Days without doses have no row: the next one says the same. Columns
-- as in pump_rollup.
CREATE TABLE pump_rests (
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
    PRIMARY KEY (target_id, since)
);
CREATE INDEX pump_rests_time ON pump_rests USING brin (since) WITH (pages_per_range = 32, autosummarize = on);

-- What has gone through a pump from its tube change, or its first dose, on, until the day that is closed.
CREATE TABLE closed_pump_uses (
    device_id    text             NOT NULL,
    pump         integer          NOT NULL,
    since        timestamptz      NOT NULL,
    until        timestamptz      NOT NULL,
    sum_actual_g double precision NOT NULL,
    run_ms       bigint           NOT NULL,
    PRIMARY KEY (device_id, pump)
) WITH (fillfactor = 70);

-- The first day of the four weeks of a time.
CREATE FUNCTION four_weeks_start(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_bin('28 days', at, '2000-01-03 00:00:00+00'::timestamptz);

-- The flow of a new tube as in any/0073, up to now with all of the current six hours from the rollup, of these stations or all (NULL).
-- What is settled is not counted again, unless it is asked for what is_unsettled: then only that is counted.
DROP FUNCTION new_tube_rates(timestamptz);
CREATE FUNCTION new_tube_rates(until timestamptz, of_stations text[], is_unsettled boolean) RETURNS TABLE (
    device_id text, pump integer, chemical text, target_g double precision, rate double precision, tube_at timestamptz,
    is_settled boolean
) LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    stop_at CONSTANT timestamptz := round_up_now('6 hours', until);
    wholes_until CONSTANT timestamptz := date_bin('6 hours', stop_at, '2000-01-01 00:00:00+00');
BEGIN
RETURN QUERY
WITH changes AS MATERIALIZED (
    SELECT c.device_id, c.pump, c.tube_at, next_bucket_start('6 hours', c.tube_at) AS wholes_from,
           greatest(wholes_until, next_bucket_start('6 hours', c.tube_at)) AS wholes_to
      FROM (SELECT e.device_id, e.pump, max(e.at) AS tube_at
              FROM service_log AS e
             WHERE e.kind = 'tube change' AND e.at < until
               AND NOT EXISTS (SELECT FROM service_log AS w WHERE w.withdraws = e.entry_id)
               AND (of_stations IS NULL OR e.device_id = ANY (of_stations))
             GROUP BY 1, 2) AS c
), targets AS MATERIALIZED (
    SELECT t.device_id, t.pump, t.chemical, t.target_g, c.tube_at, c.wholes_from, c.wholes_to,
           CASE WHEN k.tube_at = c.tube_at AND k.settled_at <= wholes_until THEN k.new_rate END AS settled_rate
      FROM (SELECT DISTINCT r.device_id, r.pump, r.chemical, r.target_g
              FROM changes AS n
              JOIN pump_targets AS r USING (device_id, pump)
             WHERE r.is_repeated) AS t
      JOIN changes AS c ON c.device_id = t.device_id AND c.pump = t.pump
      LEFT JOIN closed_pump_targets AS k
        ON k.device_id = t.device_id AND k.pump = t.pump AND k.chemical = t.chemical AND k.target_g = t.target_g
), heads AS (
    SELECT c.device_id, c.pump, d.chemical, d.target_g, count(d.rate) AS n_rate, sum(d.rate) AS sum_rate
      FROM (SELECT DISTINCT t.device_id, t.pump, t.tube_at, t.wholes_from FROM targets AS t WHERE t.settled_rate IS NULL) AS c
     CROSS JOIN LATERAL (SELECT o.chemical, o.target_g,
                                o.target_g * 1000 / nullif(plausible_duration_ms(o.duration_ms), 0) AS rate
                           FROM dosing_consumption AS o
                          WHERE o.device_id = c.device_id AND o.pump = c.pump AND o.time >= c.tube_at
                            AND o.time < least(c.wholes_from, stop_at) AND o.target_g > 0 AND o.error_g IS NOT NULL
                         OFFSET 0) AS d
     GROUP BY 1, 2, 3, 4
), ends AS (
    SELECT c.device_id, c.pump, d.chemical, d.target_g, count(d.rate) AS n_rate, sum(d.rate) AS sum_rate
      FROM changes AS c
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

-- Closes the oldest days of a station that are over, of at most eight weeks; returns of how many targets. Doses of the station wait
-- meanwhile, so that none comes between. A day in which ranges are still to be counted again is not over.
CREATE FUNCTION close_pump_days(of_station text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off AS $$
DECLARE
    over timestamptz;
    opened timestamptz;
    closing timestamptz;
    closed bigint;
BEGIN
    PERFORM FROM device_last_seen AS s WHERE s.device_id = of_station FOR UPDATE;
    over := date_bin('1 day', least(now() - INTERVAL '2 hours',
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
    SELECT min(four_weeks_start(c.until)) INTO opened
      FROM closed_pump_targets AS c
     WHERE c.device_id = of_station AND c.until < over;
    IF opened IS NULL THEN
        RETURN 0;
    END IF;
    closing := least(over, opened + INTERVAL '56 days');
    DELETE FROM pump_rests AS r
     USING closed_pump_targets AS c
     WHERE c.device_id = of_station AND c.until < closing
       AND r.target_id = c.target_id AND r.since >= four_weeks_start(c.until);
    INSERT INTO pump_rests (target_id, since, doses, sum_error_g, sum_range_g, first_error_g, last_error_g, n_rate, sum_rate,
                            sum_sq_rate, sum_error_of_rate, sum_rate_error)
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
               first_value(p.last_error_g) OVER w AS last_error_g, sum(p.n_rate) OVER w AS n_rate, sum(p.sum_rate) OVER w AS sum_rate,
               sum(p.sum_sq_rate) OVER w AS sum_sq_rate, sum(p.sum_error_of_rate) OVER w AS sum_error_of_rate,
               sum(p.sum_rate_error) OVER w AS sum_rate_error
          FROM parts AS p
        WINDOW w AS (PARTITION BY p.target_id, p.weeks ORDER BY p.bucket DESC)
    )
    SELECT r.target_id, r.since, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate,
           r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
      FROM rests AS r
     WHERE r.before IS DISTINCT FROM r.since
     ORDER BY 1, 2;
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
    ), parts AS (
        SELECT b.target_id, b.at AS since, r.bucket AS at, NULL::timestamptz AS received_at, 0 AS place, r.doses, r.sum_error_g,
               r.sum_range_g, r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate,
               r.sum_rate_error
          FROM begun AS b
          JOIN pump_rollup AS r
            ON r.device_id = of_station AND r.pump = b.pump AND r.chemical = b.chemical AND r.target_g = b.target_g
           AND r.bucket >= b.wholes_from AND r.bucket < b.rest_until
         UNION ALL
        SELECT b.target_id, b.at, d.time, d.received_at, d.dedup, 1, d.error_g, 0, d.error_g, d.error_g, (d.rate IS NOT NULL)::integer,
               coalesce(d.rate, 0), coalesce(d.rate * d.rate, 0), CASE WHEN d.rate IS NULL THEN 0 ELSE d.error_g END,
               coalesce(d.rate * d.error_g, 0)
          FROM (SELECT DISTINCT n.pump, n.at, n.wholes_from FROM begun AS n) AS p
         CROSS JOIN LATERAL (SELECT o.chemical, o.target_g, o.time, o.received_at, o.dedup, o.error_g,
                                    o.target_g * 1000 / nullif(plausible_duration_ms(o.duration_ms), 0) AS rate
                               FROM dosing_consumption AS o
                              WHERE o.device_id = of_station AND o.pump = p.pump AND o.time >= p.at AND o.time < p.wholes_from
                                AND o.target_g > 0 AND o.error_g IS NOT NULL
                             OFFSET 0) AS d
          JOIN begun AS b ON b.pump = p.pump AND b.chemical = d.chemical AND b.target_g = d.target_g
    ), linked AS (
        SELECT p.*, row_number() OVER w AS number, row_number() OVER v AS number_from_end,
               abs(p.first_error_g - lag(p.last_error_g) OVER w) AS gap_g
          FROM parts AS p
        WINDOW w AS (PARTITION BY p.target_id ORDER BY p.at, p.received_at, p.place),
               v AS (PARTITION BY p.target_id ORDER BY p.at DESC, p.received_at DESC, p.place DESC)
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
        UPDATE closed_pump_targets AS c
           SET tube_at = n.tube_at, settled_at = over, new_rate = n.rate
          FROM new_tube_rates(over, ARRAY[of_station], true) AS n
         WHERE c.device_id = of_station AND n.device_id = of_station AND c.pump = n.pump AND c.chemical = n.chemical
           AND c.target_g = n.target_g AND n.is_settled;
    END IF;
    RETURN closed;
END $$;

-- Late doses open the four weeks of their targets, and what has gone through their pumps. In the order of the keys.
CREATE FUNCTION reopen_pump_days(of_stations text[], of_pumps integer[], of_chemicals text[], of_targets double precision[],
                                 times timestamptz[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
WITH late AS MATERIALIZED (
    SELECT n.device_id, n.pump, n.chemical, n.target_g, min(n.at) AS at
      FROM unnest(of_stations, of_pumps, of_chemicals, of_targets, times) AS n (device_id, pump, chemical, target_g, at)
     GROUP BY 1, 2, 3, 4
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
REVOKE ALL ON FUNCTION close_pump_days(text), reopen_pump_days(text[], integer[], text[], double precision[], timestamptz[])
    FROM PUBLIC;

-- A dose is late for a closed day if its six hours ended an hour ago: a day is closed two hours after its end.
DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.roll_up_doses()'::regprocedure);
    changed CONSTANT text := replace(replace(replace(replace(replace(body,
        'has_late boolean;', 'has_late boolean;' || chr(10) || '    oldest timestamptz;'),
        'SET sum_actual_g = u.sum_actual_g + excluded.sum_actual_g, run_ms = u.run_ms + excluded.run_ms' || chr(10),
        'SET sum_actual_g = u.sum_actual_g + excluded.sum_actual_g, run_ms = u.run_ms + excluded.run_ms' || chr(10)
        || '        RETURNING u.bucket' || chr(10)),
        'SELECT (SELECT bool_or(m.is_late) FROM merged AS m),',
        'SELECT (SELECT bool_or(m.is_late) FROM merged AS m), (SELECT min(u.bucket) FROM uses AS u),'),
        'INTO has_late, are_names_short;', 'INTO has_late, oldest, are_names_short;'),
        '    ELSIF has_late THEN', $new$    END IF;
    IF oldest < now() - INTERVAL '7 hours' THEN
        PERFORM reopen_pump_days(array_agg(n.device_id), array_agg(n.pump), array_agg(n.chemical), array_agg(n.target_g),
                                 array_agg(n.at))
           FROM (SELECT device_id, pump, chemical, target_g, min(time) AS at
                   FROM new_rows WHERE time < now() - INTERVAL '1 hour' GROUP BY 1, 2, 3, 4) AS n;
    END IF;
    IF has_late THEN$new$);
BEGIN
    IF changed NOT LIKE '%oldest timestamptz%RETURNING u.bucket%min(u.bucket)%INTO has_late, oldest%reopen_pump_days%' THEN
        RAISE EXCEPTION 'the body of roll_up_doses is not the known one';
    END IF;
    EXECUTE changed;
END $$;

-- What went through each tube as in any/0098 and any/0103: of the days that are closed in one sum, and each pump's first dose by its key.
DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.pump_service_states(timestamptz)'::regprocedure);
    changed CONSTANT text := replace(replace(replace(replace(replace(replace(body,
        'WITH pumps AS (
SELECT u.device_id, u.pump, min(u.bucket) AS first_at
  FROM public.pump_use AS u
 WHERE u.bucket < until
 GROUP BY 1, 2
)', 'WITH RECURSIVE keys (device_id, pump) AS (
(SELECT u.device_id, u.pump FROM public.pump_use AS u ORDER BY 1, 2 LIMIT 1)
 UNION ALL
SELECT n.device_id, n.pump
  FROM keys AS k
 CROSS JOIN LATERAL (SELECT u.device_id, u.pump
                       FROM public.pump_use AS u
                      WHERE (u.device_id, u.pump) > (k.device_id, k.pump)
                      ORDER BY 1, 2
                      LIMIT 1) AS n
), pumps AS MATERIALIZED (
SELECT k.device_id, k.pump, f.bucket AS first_at
  FROM keys AS k
 CROSS JOIN LATERAL (SELECT u.bucket
                       FROM public.pump_use AS u
                      WHERE u.device_id = k.device_id AND u.pump = k.pump AND u.bucket < until
                      ORDER BY u.bucket
                      LIMIT 1) AS f
)'),
        'FROM dated AS d
 CROSS JOIN LATERAL', 'FROM dated AS d
  LEFT JOIN (SELECT k.device_id, k.pump, k.since, k.until AS closed_until, k.sum_actual_g, k.run_ms
               FROM public.closed_pump_uses AS k) AS c
    ON c.device_id = d.device_id AND c.pump = d.pump AND c.closed_until >= c.since AND c.closed_until <= whole_until
   AND c.since = coalesce(d.tube_at, d.first_at)
 CROSS JOIN LATERAL'),
        'coalesce(sum(p.grams), 0) AS grams, coalesce(sum(p.run_ms), 0) AS run_ms',
        'coalesce(sum(p.grams), 0) + coalesce(c.sum_actual_g, 0) AS grams,
              coalesce(sum(p.run_ms), 0) + coalesce(c.run_ms, 0) AS run_ms'),
        'AND u.bucket >= public.next_bucket_start(''6 hours'', coalesce(d.tube_at, d.first_at))',
        'AND u.bucket >= greatest(public.next_bucket_start(''6 hours'', coalesce(d.tube_at, d.first_at)), c.closed_until)'),
        -- of doses that were dropped, and of those that are stored
        'r.since = d.tube_at', 'r.since = d.tube_at AND c.closed_until IS NULL'),
        'o.time >= d.tube_at', 'o.time >= d.tube_at AND c.closed_until IS NULL');
BEGIN
    IF changed NOT LIKE '%RECURSIVE%closed_pump_uses%c.sum_actual_g%d.first_at)), c.closed_until)%c.closed_until IS NULL%c.closed_until IS NULL%' THEN
        RAISE EXCEPTION 'the body of pump_service_states is not the known one';
    END IF;
    EXECUTE changed;
END $$;

-- What panels/pump_capability reckons from: of each pump and target that a recipe has dosed ten times, the doses of [since, until), or
-- since the figures of the pump begin anew, if that is later (the last three lists: of which pumps, and when). Up to now the current
-- six hours are taken from the rollup as a whole. ranges_g: from dose to dose; since: of these figures.
CREATE FUNCTION pump_sums(range_since timestamptz, range_until timestamptz, of_stations text[],
                          begun_stations text[], begun_pumps integer[], begun_at timestamptz[])
RETURNS TABLE (device_id text, pump integer, chemical text, target_g double precision, tolerance_g double precision,
               is_weighable boolean, since timestamptz, doses bigint, sum_error_g double precision, ranges_g double precision,
               n_rate double precision, sum_rate double precision, sum_sq_rate double precision,
               sum_error_of_rate double precision, sum_rate_error double precision)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
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
), begun AS (
SELECT b.device_id, b.pump, b.at FROM unnest(begun_stations, begun_pumps, begun_at) AS b (device_id, pump, at)
), targets AS (
SELECT t.device_id, t.pump, t.chemical, t.target_g, min(f.tolerance_g) AS tolerance_g, bool_and(f.is_weighable) AS is_weighable,
       greatest(b.at, range_since) AS since
  FROM pump_targets AS t
  LEFT JOIN begun AS b ON b.device_id = t.device_id AND b.pump = t.pump
  JOIN rules AS r ON least(t.last_at, range_until) >= r.valid_from AND least(t.last_at, range_until) < r.valid_until
 CROSS JOIN LATERAL apply_tolerance_rule(r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides,
                                         least(t.last_at, range_until), t.recipe, t.mode, t.chemical, t.pump, t.target_g) AS f
 WHERE t.first_at < stop_at
   AND t.last_at >= greatest(b.at, range_since)
   AND (of_stations IS NULL OR t.device_id = ANY (of_stations))
   AND (t.device_id, t.pump, t.chemical, t.target_g) IN
       (SELECT o.device_id, o.pump, o.chemical, o.target_g FROM pump_targets AS o WHERE o.is_repeated)
 GROUP BY 1, 2, 3, 4, b.at
), classes AS MATERIALIZED (
-- six hours in [bucket_from, days_from) and [days_to, sixes_to), between them what is closed. is_begun: since the figures begin anew
SELECT row_number() OVER ()::integer AS class, t.device_id, t.pump, t.chemical, t.target_g, t.tolerance_g, t.is_weighable, t.since,
       c.target_id, s.bucket_from, e.days_to > s.days_from AND s.days_from = t.since AS is_begun,
       CASE WHEN e.days_to > s.days_from THEN s.days_from ELSE sixes_to END AS days_from,
       CASE WHEN e.days_to > s.days_from THEN e.days_to ELSE sixes_to END AS days_to
  FROM targets AS t
  LEFT JOIN closed_pump_targets AS c USING (device_id, pump, chemical, target_g)
 CROSS JOIN LATERAL (SELECT next_bucket_start('6 hours', t.since),
                            CASE WHEN c.begun_at = t.since THEN t.since ELSE next_bucket_start('1 day', t.since) END)
       AS s (bucket_from, days_from)
 CROSS JOIN LATERAL (SELECT CASE WHEN c.until <= sixes_to THEN c.until WHEN c.until > sixes_to THEN four_weeks_start(sixes_to) END)
       AS e (days_to)
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
 CROSS JOIN LATERAL generate_series(four_weeks_start(c.days_from), c.days_to - INTERVAL '1 microsecond', INTERVAL '28 days') AS w (at)
 CROSS JOIN LATERAL (SELECT o.*
                       FROM pump_rests AS o
                      WHERE o.target_id = c.target_id AND o.since >= greatest(c.days_from, w.at)
                        AND o.since < least(w.at + INTERVAL '28 days', c.days_to)
                      ORDER BY o.since
                      LIMIT 1) AS r
 WHERE c.days_from < c.days_to
 UNION ALL
SELECT c.class, r.bucket, NULL, 0, r.doses, r.sum_error_g, r.sum_range_g, r.first_error_g, r.last_error_g,
       r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM classes AS c
 CROSS JOIN LATERAL (VALUES (c.bucket_from, c.days_from), (c.days_to, sixes_to)) AS e (since, until)
  JOIN pump_rollup AS r
    ON r.device_id = c.device_id AND r.pump = c.pump AND r.chemical = c.chemical AND r.target_g = c.target_g
   AND r.bucket >= e.since AND r.bucket < e.until
 WHERE e.since < e.until
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

SELECT copy_dose_grants('public.closed_pump_targets, public.pump_rests, public.closed_pump_uses',
    'EXECUTE ON FUNCTION public.close_pump_days(text)');
