-- Per day of the plant, recipe and mode: batches that began on it and are completed or aborted, doses, g dosed, mean
-- error in g and mean duration in s. A batch is in the row of its own mode. Batches are NULL under a filter by chemical,
-- and on days before the first recorded batch. Whole steps of the window are read from rollups: hours, or quarters where
-- the zone is not whole hours from UTC; so each cut end is within one day. Guide's panel 8.
WITH per_step AS (
SELECT (at AT TIME ZONE %(tz)s::text)::date AS day, recipe, mode, doses, sum_actual_g, n_actual, sum_error_g, n_error,
       sum_duration_ms, n_duration
  FROM dosing_series(next_bucket_start(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                                       %(from)s::timestamptz),
                     date_bin(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                              %(to)s::timestamptz, '2000-01-01 00:00:00+00'),
                     dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text))
 WHERE (%(device)s::text[] IS NOT NULL OR %(chemical)s::text[] IS NOT NULL)
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT (bucket AT TIME ZONE %(tz)s::text)::date, recipe, mode, doses, sum_actual_g, n_actual, sum_error_g, n_error,
       sum_duration_ms, n_duration
  FROM recipe_rollup_15m
 WHERE %(device)s::text[] IS NULL
   AND %(chemical)s::text[] IS NULL
   AND bucket >= next_bucket_start(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                                   %(from)s::timestamptz)
   AND bucket < date_bin(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                         %(to)s::timestamptz, '2000-01-01 00:00:00+00')
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT (%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date, recipe, mode, doses, sum_actual_g, n_actual, sum_error_g,
       n_error, sum_duration_ms, n_duration
  FROM dosing_sums(%(from)s::timestamptz,
                   least(next_bucket_start(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                                           %(from)s::timestamptz), %(to)s::timestamptz))
 WHERE (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT (date_bin(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text), %(to)s::timestamptz,
                 '2000-01-01 00:00:00+00') AT TIME ZONE %(tz)s::text)::date,
       recipe, mode, doses, sum_actual_g, n_actual, sum_error_g, n_error, sum_duration_ms, n_duration
  FROM dosing_sums(greatest(date_bin(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                                     %(to)s::timestamptz, '2000-01-01 00:00:00+00'),
                            least(next_bucket_start(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz,
                                                                    %(tz)s::text),
                                                    %(from)s::timestamptz), %(to)s::timestamptz)),
                   %(to)s::timestamptz)
 WHERE (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
), dosed AS (
SELECT day, recipe, mode, sum(doses)::bigint AS doses,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS dosed_g,
       sum(sum_error_g) / nullif(sum(n_error), 0)::float8 AS mean_error_g,
       (sum(sum_duration_ms) / 1000.0 / nullif(sum(n_duration), 0))::float8 AS mean_duration_s
  FROM per_step
 GROUP BY day, recipe, mode
), counted AS (
SELECT (begins_at AT TIME ZONE %(tz)s::text)::date AS day, recipe, mode, sum(completed) AS batches, sum(aborted) AS aborted
  FROM batch_counts(%(from)s::timestamptz, %(to)s::timestamptz)
 WHERE %(chemical)s::text[] IS NULL
   AND completed + aborted > 0
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY 1, 2, 3
), recorded AS (
SELECT %(chemical)s::text[] IS NULL AS is_asked, (min(begins_at) AT TIME ZONE %(tz)s::text)::date AS since
  FROM batches
 WHERE NOT gone
)
SELECT day, recipe, mode,
       CASE WHEN recorded.is_asked AND day >= recorded.since THEN coalesce(counted.batches, 0) END AS batches,
       CASE WHEN recorded.is_asked AND day >= recorded.since THEN coalesce(counted.aborted, 0) END AS aborted,
       coalesce(dosed.doses, 0) AS doses, dosed.dosed_g, dosed.mean_error_g, dosed.mean_duration_s
  FROM dosed
  FULL JOIN counted USING (day, recipe, mode)
 CROSS JOIN recorded
 ORDER BY day DESC, recipe, mode
