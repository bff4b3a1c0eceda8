-- The buckets of one station's stored doses in a range, by its index.
CREATE OR REPLACE FUNCTION count_pump_errors(since timestamptz, until timestamptz, of_station text)
RETURNS TABLE (device_id text, pump integer, chemical text, target_g double precision, bucket timestamptz, doses bigint,
               sum_error_g double precision, sum_range_g double precision, first_at timestamptz, last_at timestamptz,
               first_error_g double precision, last_error_g double precision, n_rate bigint, sum_rate double precision,
               sum_sq_rate double precision, sum_error_of_rate double precision, sum_rate_error double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT o.device_id, o.pump, o.chemical, o.target_g, o.bucket, count(*), sum(o.error_g),
       coalesce(sum(abs(o.error_g - o.before_g)), 0), min(o.time), max(o.time),
       min(o.error_g) FILTER (WHERE o.before_g IS NULL), min(o.error_g) FILTER (WHERE o.after_g IS NULL),
       count(o.rate), coalesce(sum(o.rate), 0), coalesce(sum(o.rate * o.rate), 0),
       coalesce(sum(o.error_g) FILTER (WHERE o.rate IS NOT NULL), 0), coalesce(sum(o.rate * o.error_g), 0)
  FROM (SELECT b.*, lag(b.error_g) OVER w AS before_g, lead(b.error_g) OVER w AS after_g
          FROM (SELECT d.device_id, d.pump, d.chemical, d.target_g, d.time, d.dedup, d.error_g,
                       date_bin('6 hours', d.time, '2000-01-01 00:00:00+00') AS bucket,
                       d.target_g * 1000 / nullif(plausible_duration_ms(d.duration_ms), 0) AS rate
                  FROM dosing_consumption AS d
                 WHERE d.time >= since AND d.time < until
                   AND d.device_id = of_station
                   AND d.target_g > 0 AND d.error_g IS NOT NULL) AS b
        WINDOW w AS (PARTITION BY b.device_id, b.pump, b.chemical, b.target_g, b.bucket ORDER BY b.time, b.dedup)) AS o
 GROUP BY 1, 2, 3, 4, 5
$$;

-- Counts the ranges of a station's buckets again where a dose came out of order: of those with at most so many doses, and,
-- if asked, of all that ended six hours ago. Until then a late dose makes the ranges approximate: counted again with each chunk of a dense
-- bucket, they would cost more than all else. Returns how many buckets of a pump were counted.
CREATE FUNCTION recount_late_pump_errors(most_doses bigint, includes_ended boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    counted bigint;
BEGIN
    WITH late AS MATERIALIZED (
        SELECT l.device_id, l.bucket
          FROM (SELECT DISTINCT device_id, bucket FROM pump_rollup WHERE is_late) AS l
         WHERE (includes_ended AND l.bucket < now() - INTERVAL '12 hours')
            OR (SELECT sum(r.doses) FROM pump_rollup AS r
                 WHERE r.device_id = l.device_id AND r.bucket = l.bucket) <= most_doses
    )
    UPDATE pump_rollup AS r
       SET sum_error_g = c.sum_error_g, sum_range_g = c.sum_range_g, first_at = c.first_at, last_at = c.last_at,
           first_error_g = c.first_error_g, last_error_g = c.last_error_g, n_rate = c.n_rate, sum_rate = c.sum_rate,
           sum_sq_rate = c.sum_sq_rate, sum_error_of_rate = c.sum_error_of_rate, sum_rate_error = c.sum_rate_error,
           is_late = false
      FROM late
     CROSS JOIN LATERAL count_pump_errors(late.bucket, late.bucket + INTERVAL '6 hours', late.device_id) AS c
     WHERE r.is_late
       AND (r.device_id, r.pump, r.chemical, r.target_g, r.bucket)
         = (c.device_id, c.pump, c.chemical, c.target_g, c.bucket)
       AND c.doses = r.doses;
    GET DIAGNOSTICS counted = ROW_COUNT;
    -- doses of the others are gone, by retention: they stay approximate
    UPDATE pump_rollup SET is_late = false WHERE includes_ended AND is_late AND bucket < now() - INTERVAL '12 hours';
    RETURN counted;
END $$;
REVOKE ALL ON FUNCTION recount_late_pump_errors(bigint, boolean) FROM PUBLIC;

-- Appends doses that are newer than their bucket. A bucket with a dose from before its last one is counted again: at once
-- where that is little, else by the collector, which calls recount_late_pump_errors.
CREATE OR REPLACE FUNCTION roll_up_pump_errors() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    has_late boolean;
BEGIN
    INSERT INTO pump_targets AS t
    SELECT device_id, pump, chemical, target_g, recipe, mode, count(*), min(time), max(time)
      FROM new_rows
     WHERE target_g > 0 AND error_g IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (device_id, pump, chemical, target_g, recipe, mode) DO UPDATE
       SET doses = t.doses + excluded.doses, first_at = least(t.first_at, excluded.first_at),
           last_at = greatest(t.last_at, excluded.last_at);
    WITH ordered AS (
        SELECT b.*, lag(b.error_g) OVER w AS before_g, lead(b.error_g) OVER w AS after_g
          FROM (SELECT device_id, pump, chemical, target_g, time, dedup, error_g,
                       date_bin('6 hours', time, '2000-01-01 00:00:00+00') AS bucket,
                       target_g * 1000 / nullif(plausible_duration_ms(duration_ms), 0) AS rate
                  FROM new_rows
                 WHERE target_g > 0 AND error_g IS NOT NULL) AS b
        WINDOW w AS (PARTITION BY device_id, pump, chemical, target_g, bucket ORDER BY time, dedup)
    ), merged AS (
        INSERT INTO pump_rollup AS r
        SELECT device_id, pump, chemical, target_g, bucket, count(*), sum(error_g), coalesce(sum(abs(error_g - before_g)), 0),
               min(time), max(time), min(error_g) FILTER (WHERE before_g IS NULL), min(error_g) FILTER (WHERE after_g IS NULL),
               count(rate), coalesce(sum(rate), 0), coalesce(sum(rate * rate), 0),
               coalesce(sum(error_g) FILTER (WHERE rate IS NOT NULL), 0), coalesce(sum(rate * error_g), 0)
          FROM ordered
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (device_id, pump, chemical, target_g, bucket) DO UPDATE
           SET doses = r.doses + excluded.doses, sum_error_g = r.sum_error_g + excluded.sum_error_g,
               sum_range_g = r.sum_range_g + excluded.sum_range_g + abs(excluded.first_error_g - r.last_error_g),
               first_at = least(r.first_at, excluded.first_at), last_at = greatest(r.last_at, excluded.last_at),
               last_error_g = CASE WHEN excluded.last_at >= r.last_at THEN excluded.last_error_g ELSE r.last_error_g END,
               n_rate = r.n_rate + excluded.n_rate, sum_rate = r.sum_rate + excluded.sum_rate,
               sum_sq_rate = r.sum_sq_rate + excluded.sum_sq_rate,
               sum_error_of_rate = r.sum_error_of_rate + excluded.sum_error_of_rate,
               sum_rate_error = r.sum_rate_error + excluded.sum_rate_error,
               is_late = r.is_late OR excluded.first_at <= r.last_at
        RETURNING r.is_late
    )
    SELECT bool_or(is_late) INTO has_late FROM merged;
    IF has_late THEN
        PERFORM recount_late_pump_errors(2000, false);
    END IF;
    RETURN NULL;
END $$;

SELECT copy_dose_grants('public.pump_rollup', 'EXECUTE ON FUNCTION public.recount_late_pump_errors(bigint, boolean)');
