-- The buckets of one station's stored doses in a range, by its index: "or of all stations" read every station's.
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
