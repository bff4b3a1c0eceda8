-- The mean duration of doses by station, chemical, recipe and mode in 28 days; without the last hours, which it is compared with.
SELECT device_id AS device, chemical, recipe, mode, sum(sum_duration_ms)::float8 / sum(n_duration) / 1000 AS mean_s,
       sum(n_duration)::integer AS doses
  FROM dosing_rollup_6h
 WHERE bucket >= now() - INTERVAL '28 days' AND bucket < now() - INTERVAL '6 hours'
 GROUP BY device_id, chemical, recipe, mode
HAVING sum(n_duration) > 0
 ORDER BY doses DESC
