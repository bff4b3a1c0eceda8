-- Per day of the plant, recipe and mode: batches that began on it and are completed or aborted, doses, g dosed, mean
-- error in g and mean duration in s. A batch is in the row of its own mode. Batches are NULL under a filter by chemical,
-- and on days before the first recorded batch. Whole hours of a day (of chemicals: six hours, and hours around
-- them) are read from the rollup that fits the filter, the rest of its quarters from that of 15 minutes, and the cut
-- quarters at both ends of the window from the doses. Guide's panel 8.
WITH days AS MATERIALIZED (
SELECT d.day, clock.since AS day_since, clock.until AS day_until, q.since, q.until, hours.since AS hours_since,
       hours.until AS hours_until, wide.since AS wide_since,
       greatest(date_bin(width.step, hours.until, '2000-01-01 00:00:00+00'), wide.since) AS wide_until
  FROM (SELECT CASE WHEN %(chemical)s::text[] IS NULL THEN INTERVAL '1 hour' ELSE INTERVAL '6 hours' END) AS width (step)
 CROSS JOIN generate_series((%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date::timestamp,
                            (%(to)s::timestamptz AT TIME ZONE %(tz)s::text)::date::timestamp, INTERVAL '1 day') AS g (midnight)
 CROSS JOIN LATERAL (SELECT g.midnight::date) AS d (day)
 CROSS JOIN LATERAL (SELECT greatest(day_start(d.day, %(tz)s::text), %(from)s::timestamptz),
                            least(day_start(d.day + 1, %(tz)s::text), %(to)s::timestamptz)) AS clock (since, until)
 CROSS JOIN LATERAL (SELECT next_bucket_start('15 minutes', clock.since), date_bin('15 minutes', clock.until, '2000-01-01 00:00:00+00'))
                    AS q (since, until)
 CROSS JOIN LATERAL (SELECT least(next_bucket_start('1 hour', q.since), q.until)) AS whole (since)
 CROSS JOIN LATERAL (SELECT whole.since, greatest(date_bin('1 hour', q.until, '2000-01-01 00:00:00+00'), whole.since))
                    AS hours (since, until)
 CROSS JOIN LATERAL (SELECT least(next_bucket_start(width.step, hours.since), hours.until)) AS wide (since)
), spans AS MATERIALIZED (
-- source: the grain of plant_rollup, else 6 for dosing_rollup_6h, 15 for dosing_rollup_15m
SELECT d.day, s.source, s.since, s.until
  FROM days AS d
 CROSS JOIN LATERAL (
       VALUES (CASE WHEN %(chemical)s::text[] IS NULL THEN CASE WHEN %(device)s::text[] IS NULL THEN 5 ELSE 4 END
                    WHEN %(device)s::text[] IS NULL THEN 3 ELSE 6 END, d.wide_since, d.wide_until),
              (CASE WHEN %(device)s::text[] IS NULL THEN 1 ELSE 15 END, d.since,
               CASE WHEN %(device)s::text[] IS NULL THEN d.hours_since ELSE d.wide_since END),
              (CASE WHEN %(device)s::text[] IS NULL THEN 1 ELSE 15 END,
               CASE WHEN %(device)s::text[] IS NULL THEN d.hours_until ELSE d.wide_until END, d.until),
              (CASE WHEN %(device)s::text[] IS NULL THEN 2 END, d.hours_since, d.wide_since),
              (CASE WHEN %(device)s::text[] IS NULL THEN 2 END, d.wide_until, d.hours_until)) AS s (source, since, until)
 WHERE s.since < s.until
), parts AS (
SELECT s.day, r.*
  FROM spans AS s
 CROSS JOIN LATERAL (SELECT recipe, mode,
                            sum(doses) AS doses, sum(sum_actual_g) AS sum_actual_g, sum(n_actual) AS n_actual,
                            sum(sum_error_g) AS sum_error_g, sum(n_error) AS n_error, sum(sum_duration_ms) AS sum_duration_ms,
                            sum(n_duration) AS n_duration
                       FROM plant_rollup
                      WHERE grain = s.source AND device_id = ANY (coalesce(%(device)s::text[], '{""}'))
                        AND bucket >= s.since AND bucket < s.until
                        AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
                        AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
                        AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
                      GROUP BY recipe, mode) AS r
 UNION ALL
SELECT s.day, r.*
  FROM spans AS s
 CROSS JOIN LATERAL (SELECT recipe, mode,
                            sum(doses) AS doses, sum(sum_actual_g) AS sum_actual_g, sum(n_actual) AS n_actual,
                            sum(sum_error_g) AS sum_error_g, sum(n_error) AS n_error, sum(sum_duration_ms) AS sum_duration_ms,
                            sum(n_duration) AS n_duration
                       FROM dosing_rollup_6h
                      WHERE s.source = 6 AND %(chemical)s::text[] IS NOT NULL AND device_id = ANY (%(device)s::text[])
                        AND bucket >= s.since AND bucket < s.until
                        AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
                        AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
                        AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
                      GROUP BY recipe, mode) AS r
 UNION ALL
SELECT s.day, r.*
  FROM spans AS s
 CROSS JOIN LATERAL (SELECT recipe, mode,
                            sum(doses) AS doses, sum(sum_actual_g) AS sum_actual_g, sum(n_actual) AS n_actual,
                            sum(sum_error_g) AS sum_error_g, sum(n_error) AS n_error, sum(sum_duration_ms) AS sum_duration_ms,
                            sum(n_duration) AS n_duration
                       FROM dosing_rollup_15m
                      WHERE s.source = 15 AND device_id = ANY (%(device)s::text[])
                        AND bucket >= s.since AND bucket < s.until
                        AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
                        AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
                        AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
                      GROUP BY recipe, mode) AS r
 UNION ALL
SELECT (%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date, recipe, mode,
       sum(doses) AS doses, sum(sum_actual_g) AS sum_actual_g, sum(n_actual) AS n_actual,
       sum(sum_error_g) AS sum_error_g, sum(n_error) AS n_error, sum(sum_duration_ms) AS sum_duration_ms,
       sum(n_duration) AS n_duration
  FROM dosing_sums(%(from)s::timestamptz,
                   least(next_bucket_start('15 minutes', %(from)s::timestamptz), %(to)s::timestamptz), %(device)s::text[])
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY recipe, mode
 UNION ALL
SELECT (date_bin('15 minutes', %(to)s::timestamptz, '2000-01-01 00:00:00+00') AT TIME ZONE %(tz)s::text)::date, recipe, mode,
       sum(doses) AS doses, sum(sum_actual_g) AS sum_actual_g, sum(n_actual) AS n_actual,
       sum(sum_error_g) AS sum_error_g, sum(n_error) AS n_error, sum(sum_duration_ms) AS sum_duration_ms,
       sum(n_duration) AS n_duration
  FROM dosing_sums(greatest(date_bin('15 minutes', %(to)s::timestamptz, '2000-01-01 00:00:00+00'), least(next_bucket_start('15 minutes', %(from)s::timestamptz), %(to)s::timestamptz)),
                   %(to)s::timestamptz, %(device)s::text[])
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY recipe, mode
), dosed AS (
SELECT day, recipe, mode, sum(doses)::bigint AS doses,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS dosed_g,
       sum(sum_error_g) / nullif(sum(n_error), 0)::float8 AS mean_error_g,
       (sum(sum_duration_ms) / 1000.0 / nullif(sum(n_duration), 0))::float8 AS mean_duration_s
  FROM parts
 GROUP BY day, recipe, mode
), counted AS (
SELECT d.day, b.recipe, b.mode, b.batches, b.aborted
  FROM days AS d
 CROSS JOIN LATERAL (SELECT recipe, mode, sum(completed)::bigint AS batches, sum(aborted)::bigint AS aborted
                       FROM batch_sums(d.day_since, d.day_until, %(device)s::text[])
                      WHERE d.day_since < d.day_until
                        AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
                        AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
                      GROUP BY recipe, mode
                     HAVING sum(completed) + sum(aborted) > 0) AS b
 WHERE %(chemical)s::text[] IS NULL
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
