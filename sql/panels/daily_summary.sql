-- Per day of the plant, recipe and mode: doses, g dosed, mean error in g and mean duration in s; and the batches that
-- were completed. Stations send the recipe of a batch but not its mode: a recipe's batches are in the row of the
-- mode with most doses that day. They are NULL under a filter by chemical or mode, and on days before the first
-- recorded batch. Days cut by the window are cut to the hour (to the quarter where the zone is not whole hours
-- from UTC). Guide's panel 8.
WITH per_step AS (
SELECT at, recipe, mode, sum(doses) AS doses, sum(sum_actual_g) AS sum_actual_g, sum(n_actual) AS n_actual,
       sum(sum_error_g) AS sum_error_g, sum(n_error) AS n_error,
       sum(sum_duration_ms) AS sum_duration_ms, sum(n_duration) AS n_duration
  FROM dosing_series(%(from)s::timestamptz, %(to)s::timestamptz,
                     dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text))
 WHERE (%(device)s::text[] IS NOT NULL OR %(chemical)s::text[] IS NOT NULL)
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY at, recipe, mode
 UNION ALL
SELECT bucket, recipe, mode, doses, sum_actual_g, n_actual, sum_error_g, n_error, sum_duration_ms, n_duration
  FROM recipe_rollup_15m
 WHERE %(device)s::text[] IS NULL
   AND %(chemical)s::text[] IS NULL
   AND bucket >= date_bin(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                          %(from)s::timestamptz, '2000-01-01 00:00:00+00')
   AND bucket < next_bucket_start(dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text), %(to)s::timestamptz)
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
), dosed AS (
SELECT (at AT TIME ZONE %(tz)s::text)::date AS day, recipe, mode, sum(doses)::bigint AS doses,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS dosed_g,
       sum(sum_error_g) / nullif(sum(n_error), 0)::float8 AS mean_error_g,
       (sum(sum_duration_ms) / 1000.0 / nullif(sum(n_duration), 0))::float8 AS mean_duration_s
  FROM per_step
 GROUP BY 1, 2, 3
), ended_per_step AS (
SELECT at, recipe, sum(completed) AS batches
  FROM batch_outcomes(%(from)s::timestamptz, %(to)s::timestamptz,
                  dosing_day_step(%(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text))
 WHERE completed > 0
   AND %(chemical)s::text[] IS NULL
   AND %(mode)s::text[] IS NULL
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
 GROUP BY at, recipe
), ended AS (
SELECT (at AT TIME ZONE %(tz)s::text)::date AS day, recipe, sum(batches)::bigint AS batches
  FROM ended_per_step
 GROUP BY 1, 2
), ranked AS (
SELECT day, recipe, mode, doses, dosed_g, mean_error_g, mean_duration_s,
       row_number() OVER (PARTITION BY day, recipe ORDER BY doses DESC, mode) AS place
  FROM dosed
)
SELECT coalesce(ranked.day, ended.day) AS day, coalesce(ranked.recipe, ended.recipe) AS recipe,
       coalesce(mode, '') AS mode,
       CASE WHEN %(chemical)s::text[] IS NULL AND %(mode)s::text[] IS NULL AND coalesce(place, 1) = 1
             AND coalesce(ranked.day, ended.day)
                 >= (SELECT (min(bucket) AT TIME ZONE %(tz)s::text)::date FROM batch_outcomes_1h)
            THEN coalesce(batches, 0) END AS batches,
       coalesce(doses, 0) AS doses, dosed_g, mean_error_g, mean_duration_s
  FROM ranked
  FULL JOIN ended ON ended.day = ranked.day AND ended.recipe = ranked.recipe AND place = 1
 ORDER BY day DESC, recipe, mode
