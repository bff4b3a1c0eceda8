-- The same figures of pumps as any/0170 and any/0173, of ranges that ended in the past as quick as of those until now.
-- * What was dosed between a tube change or a calibration and the end of its six hours is kept: it lies in another chunk or week for each
--   pump, and compressed ones took a millisecond each. Maintenance stores it with the days of pumps, two hours after the end of those six
--   hours; a late dose deletes it. What is not stored is read as before.
-- * The last four weeks of such a range are the doses since their start less those since its last day, not hundreds of six hours.
-- * The six hours in which it ends are read once, not for each pump, and the flow of a tube is known since its fiftieth dose.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;

-- All doses of a pump, from a time of its service log to the end of its six hours.
CREATE TABLE closed_pump_heads (
    device_id text             NOT NULL,
    pump      integer          NOT NULL,
    since     timestamptz      NOT NULL,
    mass_g    double precision NOT NULL,
    run_ms    bigint           NOT NULL,
    PRIMARY KEY (device_id, pump, since)
);
-- Of these, those of each target. Columns as in pump_rollup.
CREATE TABLE pump_heads (
    device_id         text             NOT NULL,
    pump              integer          NOT NULL,
    since             timestamptz      NOT NULL,
    chemical          text             NOT NULL,
    target_g          double precision NOT NULL,
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
    PRIMARY KEY (device_id, pump, since, chemical, target_g)
);

-- NULL: there is none in the four weeks, or an earlier version stored the row.
ALTER TABLE pump_rests ADD COLUMN error_before_g double precision;  -- of the dose before

-- Stores what is missing of a station; nothing whose doses have been dropped. Called by close_pump_days, which keeps doses from coming
-- between.
CREATE FUNCTION close_pump_heads(of_station text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off AS $$
WITH missing AS MATERIALIZED (
SELECT DISTINCT u.pump, e.at AS since, next_bucket_start('6 hours', e.at) AS until
  FROM service_log AS e
  JOIN closed_pump_uses AS u ON u.device_id = of_station AND u.pump = coalesce(e.pump, u.pump)
 WHERE e.device_id = of_station AND e.kind IN ('tube change', 'calibration')
   AND next_bucket_start('6 hours', e.at) <= now() - INTERVAL '2 hours'
   AND NOT EXISTS (SELECT FROM service_log AS w WHERE w.withdraws = e.entry_id)
   AND NOT EXISTS (SELECT FROM closed_pump_heads AS k WHERE k.device_id = of_station AND k.pump = u.pump AND k.since = e.at)
   AND NOT EXISTS (SELECT FROM dropped_readings AS x
                    WHERE x.table_name = 'dosing_consumption' AND x.spans && tstzrange(e.at, next_bucket_start('6 hours', e.at), '[]'))
), dosed AS MATERIALIZED (
SELECT m.pump, m.since, d.chemical, d.target_g, d.actual_g, d.error_g, d.run_ms, d.target_g * 1000 / nullif(d.run_ms, 0) AS rate,
       d.time, d.received_at, d.dedup
  FROM missing AS m
 CROSS JOIN LATERAL (SELECT o.chemical, o.target_g, o.actual_g, o.error_g, plausible_duration_ms(o.duration_ms) AS run_ms, o.time,
                            o.received_at, o.dedup
                       FROM dosing_consumption AS o
                      WHERE o.device_id = of_station AND o.pump = m.pump AND o.time >= m.since AND o.time < m.until
                     OFFSET 0) AS d
), linked AS (
SELECT d.*, row_number() OVER w AS number, row_number() OVER v AS number_from_end,
       abs(d.error_g - lag(d.error_g) OVER w) AS gap_g
  FROM dosed AS d
 WHERE d.target_g > 0 AND d.error_g IS NOT NULL
WINDOW w AS (PARTITION BY d.pump, d.since, d.chemical, d.target_g ORDER BY d.time, d.received_at, d.dedup),
       v AS (PARTITION BY d.pump, d.since, d.chemical, d.target_g ORDER BY d.time DESC, d.received_at DESC, d.dedup DESC)
), targets AS (
INSERT INTO pump_heads (device_id, pump, since, chemical, target_g, doses, sum_error_g, sum_range_g, first_error_g, last_error_g,
                             n_rate, sum_rate, sum_sq_rate, sum_error_of_rate, sum_rate_error)
SELECT of_station, l.pump, l.since, l.chemical, l.target_g, count(*), sum(l.error_g), coalesce(sum(l.gap_g), 0),
       min(l.error_g) FILTER (WHERE l.number = 1), min(l.error_g) FILTER (WHERE l.number_from_end = 1), count(l.rate),
       coalesce(sum(l.rate), 0), coalesce(sum(l.rate * l.rate), 0), coalesce(sum(l.error_g) FILTER (WHERE l.rate IS NOT NULL), 0),
       coalesce(sum(l.rate * l.error_g), 0)
  FROM linked AS l
 GROUP BY l.pump, l.since, l.chemical, l.target_g
 ORDER BY 2, 3, 4, 5
)
INSERT INTO closed_pump_heads (device_id, pump, since, mass_g, run_ms)
SELECT of_station, m.pump, m.since, coalesce(sum(d.actual_g), 0), coalesce(sum(d.run_ms), 0)::bigint
  FROM missing AS m
  LEFT JOIN dosed AS d USING (pump, since)
 GROUP BY m.pump, m.since
 ORDER BY 2, 3
$$;
REVOKE ALL ON FUNCTION close_pump_heads(text) FROM PUBLIC;

-- When a new tube's fiftieth flow at a target was known at the latest; NULL if not within 90 days.
CREATE FUNCTION tube_settled_at(of_station text, of_pump integer, of_chemical text, of_target double precision, tube_at timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT min(r.bucket) + INTERVAL '6 hours'
  FROM (SELECT b.bucket, sum(b.n_rate) OVER (ORDER BY b.bucket) AS n_rate
          FROM (SELECT o.bucket, o.n_rate
                  FROM pump_rollup AS o
                 WHERE o.device_id = of_station AND o.pump = of_pump AND o.chemical = of_chemical AND o.target_g = of_target
                   AND o.n_rate > 0 AND o.bucket >= next_bucket_start('6 hours', tube_at)
                   AND o.bucket < tube_at + make_interval(hours => 90 * 24)
                 ORDER BY o.bucket
                 LIMIT 50) AS b) AS r
 WHERE r.n_rate >= 50
$$;
UPDATE closed_pump_targets AS c
   SET settled_at = least(c.settled_at, tube_settled_at(c.device_id, c.pump, c.chemical, c.target_g, c.tube_at))
 WHERE c.settled_at IS NOT NULL;
-- These are closed anew by the next maintenance, with the errors before them; of older ones the errors are looked up.
UPDATE closed_pump_targets AS c
   SET until = four_weeks_start(now() - make_interval(hours => 180 * 24))
 WHERE c.until > four_weeks_start(now() - make_interval(hours => 180 * 24));

DO $$
DECLARE
    closing CONSTANT text := pg_get_functiondef('public.close_pump_days(text)'::regprocedure);
    closing_heads CONSTANT text := replace(replace(regexp_replace(replace(replace(closing,
        '               first_value(p.last_error_g) OVER w AS last_error_g,',
        '               lag(p.last_error_g) OVER (PARTITION BY p.target_id, p.weeks ORDER BY p.bucket) AS error_before_g,
               first_value(p.last_error_g) OVER w AS last_error_g,'),
        'r.sum_rate_error' || chr(10) || '      FROM rests AS r', 'r.sum_rate_error, r.error_before_g' || chr(10) || '      FROM rests AS r'),
        'sum_rate_error\)\n    WITH parts AS', E'sum_rate_error, error_before_g)\n    WITH parts AS'),
        '    SELECT min(four_weeks_start(c.until)) INTO opened',
        '    PERFORM close_pump_heads(of_station);' || chr(10) || '    SELECT min(four_weeks_start(c.until)) INTO opened'),
        'settled_at = over,', 'settled_at = least(over, tube_settled_at(of_station, n.pump, n.chemical, n.target_g, n.tube_at)),');
    opening CONSTANT text := pg_get_functiondef(
        'public.reopen_pump_days(text[], integer[], text[], double precision[], timestamptz[])'::regprocedure);
    opening_heads CONSTANT text := replace(opening, '), uses AS (', $new$), heads AS (
    DELETE FROM closed_pump_heads AS k
     USING (SELECT l.device_id, l.pump, min(l.at) AS at FROM late AS l GROUP BY 1, 2) AS p
     WHERE k.device_id = p.device_id AND k.pump = p.pump AND k.since > p.at - INTERVAL '6 hours'
    RETURNING k.device_id, k.pump, k.since
), targets AS (
    DELETE FROM pump_heads AS h USING heads AS k WHERE h.device_id = k.device_id AND h.pump = k.pump AND h.since = k.since
), uses AS ($new$);
    using_tubes CONSTANT text := pg_get_functiondef('public.pump_service_states(timestamptz, text[])'::regprocedure);
    using_heads CONSTANT text := replace(replace(replace(replace(replace(regexp_replace(using_tubes,
        ' +UNION ALL\n +SELECT o\.actual_g, plausible_duration_ms\(o\.duration_ms\)\n +FROM dosing_consumption AS o\n +WHERE whole_until < until.*?\) AS p\) AS w',
        ') AS p) AS w'),
        ')' || chr(10) || 'SELECT d.device_id, d.pump, d.tube_at,', $new$), ends AS MATERIALIZED (
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
SELECT d.device_id, d.pump, d.tube_at,$new$),
        ' CROSS JOIN LATERAL (
       SELECT coalesce(sum(p.grams), 0) + coalesce(c.sum_actual_g, 0) AS grams,
              coalesce(sum(p.run_ms), 0) + coalesce(c.run_ms, 0) AS run_ms',
        '  LEFT JOIN closed_pump_heads AS h
    ON h.device_id = d.device_id AND h.pump = d.pump AND h.since = d.tube_at AND c.closed_until IS NULL
   AND next_bucket_start(''6 hours'', h.since) <= until
  LEFT JOIN ends AS e
    ON e.device_id = d.device_id AND e.pump = d.pump
   AND coalesce(next_bucket_start(''6 hours'', d.tube_at), ''-infinity'') <= whole_until
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(p.grams), 0) + coalesce(c.sum_actual_g, h.mass_g, 0) + coalesce(e.grams, 0) AS grams,
              coalesce(sum(p.run_ms), 0) + coalesce(c.run_ms, h.run_ms, 0) + coalesce(e.run_ms, 0) AS run_ms'),
        'AND c.closed_until <= whole_until
   AND c.since = coalesce(d.tube_at, d.first_at)', 'AND c.since = coalesce(d.tube_at, d.first_at)
   -- what is closed, and what was dosed since, or less what was dosed since: whichever is shorter
   AND (c.closed_until <= whole_until
        OR c.closed_until - whole_until < whole_until - c.since AND next_bucket_start(''6 hours'', c.since) <= whole_until)'),
        'AND c.closed_until IS NULL' || chr(10) || '                  AND r.since <@',
        'AND c.closed_until IS NULL AND h.since IS NULL' || chr(10) || '                  AND r.since <@'),
        'UNION ALL  -- the rest of the six hours of the change, and the six hours of until: each a range of the index
               SELECT o.actual_g, plausible_duration_ms(o.duration_ms)
                 FROM dosing_consumption AS o
                WHERE o.device_id',
        'UNION ALL
               SELECT -u.sum_actual_g, -u.run_ms
                 FROM pump_use AS u
                WHERE c.closed_until > whole_until AND u.device_id = d.device_id AND u.pump = d.pump
                  AND u.bucket >= whole_until AND u.bucket < c.closed_until
                UNION ALL  -- the rest of the six hours of the change
               SELECT o.actual_g, plausible_duration_ms(o.duration_ms)
                 FROM dosing_consumption AS o
                WHERE h.since IS NULL AND o.device_id');
    flowing CONSTANT text := pg_get_functiondef('public.new_tube_rates(timestamptz, text[], boolean)'::regprocedure);
    flowing_heads CONSTANT text := replace(replace(replace(replace(flowing,
        'AS wholes_to' || chr(10), 'AS wholes_to,
           EXISTS (SELECT FROM closed_pump_heads AS k
                    WHERE k.device_id = c.device_id AND k.pump = c.pump AND k.since = c.tube_at
                      AND next_bucket_start(''6 hours'', k.since) <= stop_at) AS has_head' || chr(10)),
        'c.wholes_from, c.wholes_to,' || chr(10), 'c.wholes_from, c.wholes_to, c.has_head,' || chr(10)),
        'FROM targets AS t WHERE t.settled_rate IS NULL)', 'FROM targets AS t WHERE t.settled_rate IS NULL AND NOT t.has_head)'),
        '     GROUP BY 1, 2, 3, 4' || chr(10) || '), ends AS (', '     GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT h.device_id, h.pump, h.chemical, h.target_g, h.n_rate, h.sum_rate
      FROM targets AS t
      JOIN pump_heads AS h
        ON h.device_id = t.device_id AND h.pump = t.pump AND h.since = t.tube_at AND h.chemical = t.chemical AND h.target_g = t.target_g
     WHERE t.settled_rate IS NULL AND t.has_head
), ends AS (');
    summing CONSTANT text := pg_get_functiondef(
        'public.pump_sums(timestamptz, timestamptz, text[], text[], integer[], timestamptz[])'::regprocedure);
    summing_heads CONSTANT text := replace(replace(replace(replace(replace(replace(replace(replace(replace(summing,
        'WHEN c.until > sixes_to THEN four_weeks_start(sixes_to) END)',
        'WHEN c.until > sixes_to THEN date_bin(''1 day'', sixes_to, ''2000-01-01 00:00:00+00'') END)'),
        'FROM (SELECT min(b.since) AS since, max(b.until) AS until FROM bands AS b WHERE b.is_common GROUP BY b.is_end) AS b',
        -- both ends may be the same six hours
        'FROM (SELECT lower(w.span) AS since, upper(w.span) AS until
          FROM (SELECT unnest(range_agg(n.span)) AS span
                  FROM (SELECT tstzrange(min(b.since), max(b.until)) AS span FROM bands AS b WHERE b.is_common GROUP BY b.is_end) AS n)
               AS w) AS b'),
        'q.is_total,' || chr(10), 'q.is_total, c.until > sixes_to AS is_cut,' || chr(10)),
        'SELECT DISTINCT c.device_id, c.pump, c.since, c.bucket_from AS until
  FROM classes AS c',
        'SELECT DISTINCT c.device_id, c.pump, c.since, c.bucket_from AS until, k.since IS NOT NULL AS has_head
  FROM classes AS c
  LEFT JOIN closed_pump_heads AS k ON k.device_id = c.device_id AND k.pump = c.pump AND k.since = c.since'),
        'restarts AS (', 'restarts AS MATERIALIZED ('),
        '                     OFFSET 0) AS d
), parts AS (', '                     OFFSET 0) AS d
 WHERE NOT r.has_head
), parts AS ('),
        'r.since AS at, NULL::timestamptz AS received_at, 0 AS place, r.doses, r.sum_error_g, r.sum_range_g,
       r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error',
        'r.since AS at, NULL::timestamptz AS received_at, 0 AS place, r.doses - coalesce(e.doses, 0) AS doses,
       r.sum_error_g - coalesce(e.sum_error_g, 0) AS sum_error_g,
       r.sum_range_g - coalesce(e.sum_range_g + abs(e.first_error_g - e.error_before_g), 0) AS sum_range_g,
       r.first_error_g, coalesce(e.error_before_g, r.last_error_g) AS last_error_g, r.n_rate - coalesce(e.n_rate, 0) AS n_rate,
       r.sum_rate - coalesce(e.sum_rate, 0) AS sum_rate, r.sum_sq_rate - coalesce(e.sum_sq_rate, 0) AS sum_sq_rate,
       r.sum_error_of_rate - coalesce(e.sum_error_of_rate, 0) AS sum_error_of_rate,
       r.sum_rate_error - coalesce(e.sum_rate_error, 0) AS sum_rate_error'),
        'LIMIT 1) AS r
 WHERE c.days_from < c.days_to AND NOT c.is_total', 'LIMIT 1) AS r
  LEFT JOIN LATERAL (  -- the rest of these four weeks, and the dose before it
       SELECT o.doses, o.sum_error_g, o.sum_range_g, o.first_error_g, o.n_rate, o.sum_rate, o.sum_sq_rate, o.sum_error_of_rate,
              o.sum_rate_error, coalesce(o.error_before_g, (SELECT p.last_error_g
                                                              FROM pump_rollup AS p
                                                             WHERE p.device_id = c.device_id AND p.pump = c.pump
                                                               AND p.chemical = c.chemical AND p.target_g = c.target_g
                                                               AND p.bucket < c.days_to
                                                             ORDER BY p.bucket DESC
                                                             LIMIT 1)) AS error_before_g
         FROM pump_rests AS o
        WHERE c.is_cut AND w.at + INTERVAL ''28 days'' > c.days_to
          AND o.target_id = c.target_id AND o.since >= c.days_to AND o.since < w.at + INTERVAL ''28 days''
        ORDER BY o.since
        LIMIT 1) AS e ON true
 WHERE c.days_from < c.days_to AND NOT c.is_total AND r.doses > coalesce(e.doses, 0)'),
        ' WHERE c.is_total' || chr(10), ' WHERE c.is_total
 UNION ALL
SELECT c.class, h.since, NULL, 0, h.doses, h.sum_error_g, h.sum_range_g, h.first_error_g, h.last_error_g, h.n_rate, h.sum_rate,
       h.sum_sq_rate, h.sum_error_of_rate, h.sum_rate_error
  FROM restarts AS r
  JOIN pump_heads AS h ON h.device_id = r.device_id AND h.pump = r.pump AND h.since = r.since
  JOIN classes AS c ON c.device_id = h.device_id AND c.pump = h.pump AND c.chemical = h.chemical AND c.target_g = h.target_g
 WHERE r.has_head AND NOT coalesce(c.is_begun, false)
');
BEGIN
    IF closing_heads NOT LIKE '%PERFORM close_pump_heads%sum_rate_error, error_before_g)%AS error_before_g,%r.error_before_g_      FROM rests%least(over, tube_settled_at%' OR opening_heads = opening
       OR using_heads NOT LIKE '%ends AS MATERIALIZED%or less what%LEFT JOIN closed_pump_heads%h.mass_g%h.since IS NULL%r.since <@%WHERE h.since IS NULL%'
       OR using_heads LIKE '%o.time >= greatest(whole_until%'
       OR flowing_heads NOT LIKE '%AS has_head%c.has_head,%NOT t.has_head)%JOIN pump_heads%'
       OR summing_heads NOT LIKE '%c.until > sixes_to AS is_cut%date_bin(''1 day'', sixes_to%range_agg%restarts AS MATERIALIZED%AS has_head%NOT r.has_head%e.error_before_g)%r.doses > coalesce(e.doses, 0)%r.has_head AND%' THEN
        RAISE EXCEPTION 'the body of close_pump_days, reopen_pump_days, pump_service_states, new_tube_rates or pump_sums is not the known one';
    END IF;
    EXECUTE closing_heads;
    EXECUTE opening_heads;
    EXECUTE using_heads;
    EXECUTE flowing_heads;
    EXECUTE summing_heads;
END $$;

SELECT copy_dose_grants('public.closed_pump_heads, public.pump_heads', VARIADIC '{}');

-- The same days of tanks as any/0171: where a day has no whole six hours, or no quarters before or after them, no index is asked.
DO $$
DECLARE
    known CONSTANT text := pg_get_functiondef('public.count_tank_days(text, timestamptz, text[], date[], text[])'::regprocedure);
    gated CONSTANT text := replace(replace(replace(known,
        'WHERE r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.sixes_from AND r.bucket < b.sixes_to',
        'WHERE b.sixes_from < b.sixes_to AND r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.sixes_from AND r.bucket < b.sixes_to'),
        'WHERE r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.quarters_from AND r.bucket < b.sixes_from',
        'WHERE b.quarters_from < b.sixes_from AND r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.quarters_from AND r.bucket < b.sixes_from'),
        'WHERE r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.sixes_to AND r.bucket < b.quarters_to',
        'WHERE b.sixes_to < b.quarters_to AND r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.sixes_to AND r.bucket < b.quarters_to');
BEGIN
    IF gated NOT LIKE '%b.sixes_from < b.sixes_to AND%b.quarters_from < b.sixes_from AND%b.sixes_to < b.quarters_to AND%' THEN
        RAISE EXCEPTION 'the body of count_tank_days is not the known one';
    END IF;
    EXECUTE gated;
END $$;
