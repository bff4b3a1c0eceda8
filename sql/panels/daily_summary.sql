-- Per day of the plant, recipe and mode: batches that began on it and are completed or aborted, doses, g dosed, mean
-- error in g and mean duration in s. A batch is in the row of its own mode. Batches are NULL under a filter by chemical,
-- and on days before the first recorded batch. Whole hours of a day are read from a rollup that fits the filter; what is
-- left at its ends, where the window or the zone cuts an hour, from the sums of that range. Of stations and chemicals, all
-- of the day. Guide's panel 8.
WITH days AS (
SELECT d.day, clock.since, least(next_bucket_start('1 hour', clock.since), clock.until) AS hours_from,
       greatest(date_bin('1 hour', clock.until, '2000-01-01 00:00:00+00'),
                least(next_bucket_start('1 hour', clock.since), clock.until)) AS hours_to, clock.until
  FROM generate_series((%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date::timestamp,
                       (%(to)s::timestamptz AT TIME ZONE %(tz)s::text)::date::timestamp, INTERVAL '1 day') AS g (midnight)
 CROSS JOIN LATERAL (SELECT g.midnight::date) AS d (day)
 CROSS JOIN LATERAL (SELECT greatest(day_start(d.day, %(tz)s::text), %(from)s::timestamptz),
                            least(day_start(d.day + 1, %(tz)s::text), %(to)s::timestamptz)) AS clock (since, until)
 WHERE clock.since < clock.until
), per_hour AS (
SELECT d.day, r.recipe, r.mode, r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.n_error, r.sum_duration_ms, r.n_duration
  FROM days AS d
  JOIN plant_rollup AS r ON r.bucket >= d.hours_from AND r.bucket < d.hours_to
 WHERE (%(device)s::text[] IS NULL OR %(chemical)s::text[] IS NULL)
   AND r.grain = CASE WHEN %(device)s::text[] IS NOT NULL THEN 4 WHEN %(chemical)s::text[] IS NOT NULL THEN 2 ELSE 5 END
   AND r.device_id = ANY (coalesce(%(device)s::text[], '{""}'))
   AND (%(chemical)s::text[] IS NULL OR r.chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR r.recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR r.mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT d.day, r.recipe, r.mode, r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.n_error, r.sum_duration_ms, r.n_duration
  FROM days AS d
 CROSS JOIN LATERAL (VALUES (d.since, CASE WHEN %(device)s::text[] IS NULL OR %(chemical)s::text[] IS NULL
                                           THEN d.hours_from ELSE d.until END),
                            (d.hours_to, CASE WHEN %(device)s::text[] IS NULL OR %(chemical)s::text[] IS NULL
                                              THEN d.until ELSE d.hours_to END)) AS piece (since, until)
 CROSS JOIN LATERAL dosing_sums(piece.since, piece.until, %(device)s::text[]) AS r
 WHERE piece.since < piece.until
   AND (%(chemical)s::text[] IS NULL OR r.chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR r.recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR r.mode = ANY (%(mode)s::text[]))
), dosed AS (
SELECT day, recipe, mode, sum(doses)::bigint AS doses,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS dosed_g,
       sum(sum_error_g) / nullif(sum(n_error), 0)::float8 AS mean_error_g,
       (sum(sum_duration_ms) / 1000.0 / nullif(sum(n_duration), 0))::float8 AS mean_duration_s
  FROM per_hour
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
