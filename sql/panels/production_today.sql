-- Today so far (day 0) and yesterday up to the same time of day (day 1): completed and aborted batches, doses,
-- g dosed, mean duration in s, percent out of tolerance. Doses come from the rollup up to the last quarter of
-- an hour that has passed, from there on one by one; so do those out of a tolerance other than 0.5 g.
WITH span (day, since, until, quarter) AS (
VALUES (0, %(today)s::timestamptz, %(now)s::timestamptz, time_bucket('15 minutes', %(now)s::timestamptz)),
       (1, %(yesterday)s::timestamptz, %(yesterday_now)s::timestamptz,
        time_bucket('15 minutes', %(yesterday_now)s::timestamptz))
)
SELECT day, completed.batches, dosed.doses, dosed.dosed_g, dosed.avg_duration_s,
       100 * CASE WHEN %(tolerance_g)s::float8 = 0.5 THEN dosed.out ELSE own_tolerance.out END
           / nullif(dosed.n_error, 0) AS out_percent,
       aborted.batches AS aborted
  FROM span
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(n), 0)::bigint AS doses,
              CASE WHEN sum(n_actual) > 0 THEN sum(actual_g) END AS dosed_g,
              (sum(ms) / 1000.0 / nullif(sum(n_ms), 0))::float8 AS avg_duration_s,
              sum(n_error)::float8 AS n_error,
              sum(n_out)::float8 AS out
         FROM (SELECT doses, sum_actual_g, n_actual, sum_duration_ms, n_duration, n_error, n_out_of_tol
                 FROM dosing_15m
                WHERE bucket >= span.since
                  AND bucket < span.quarter
                UNION ALL
               SELECT 1, actual_g, (actual_g IS NOT NULL)::int, duration_ms, (duration_ms IS NOT NULL)::int,
                      (error_g IS NOT NULL)::int, (coalesce(abs(error_g), 0) > 0.5)::int
                 FROM dosing_consumption
                WHERE time >= greatest(span.quarter, span.since)
                  AND time < span.until) AS part (n, actual_g, n_actual, ms, n_ms, n_error, n_out)
       ) AS dosed
 CROSS JOIN LATERAL (
       SELECT count(*)::float8 AS out
         FROM dosing_consumption
        WHERE %(tolerance_g)s::float8 <> 0.5
          AND time >= span.since
          AND time < span.until
          AND abs(error_g) > %(tolerance_g)s
       ) AS own_tolerance
 CROSS JOIN LATERAL (
       SELECT count(*) AS batches
         FROM (SELECT DISTINCT device_id, time, recipe
                 FROM batch_events
                WHERE event = 'complete'
                  AND time >= span.since
                  AND time < span.until) AS ended
       ) AS completed
 CROSS JOIN LATERAL (
       SELECT count(*) AS batches
         FROM (SELECT DISTINCT device_id, time, recipe
                 FROM batch_events
                WHERE event = 'abort'
                  AND time >= span.since
                  AND time < span.until) AS ended
       ) AS aborted
 ORDER BY day
