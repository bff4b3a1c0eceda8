-- Share of the doses out of tolerance in each step, in percent of those with an error that the scale can weigh.
-- Guide's panel 7.
SELECT at, 'all' AS series,
       100 * sum(n_out_of_tol)::float8 / nullif(sum(n_error), 0)::float8 AS value, sum(n_error)::bigint AS doses
  FROM dosing_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval, %(device)s::text[])
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY at
 ORDER BY at
