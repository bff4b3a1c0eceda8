-- Mean duration of a dose of each chemical in each step, in s. A step whose doses have no duration has NULL. doses: those
-- with a duration. Guide's panel 6.
SELECT at, chemical AS series,
       (sum(sum_duration_ms) / 1000.0 / nullif(sum(n_duration), 0))::float8 AS value, sum(n_duration)::bigint AS doses
  FROM dosing_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval, %(device)s::text[])
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY at, chemical
 ORDER BY at, series
