-- Mass of each chemical dosed in each step, in g. Steps at the ends of the window are whole. A step without
-- a dose has no row, one whose doses have no mass has NULL. doses: those with a mass. Guide's panel 2.
SELECT at, chemical AS series,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS value, sum(n_actual)::bigint AS doses
  FROM dosing_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval, %(device)s::text[])
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY at, chemical
 ORDER BY at, series
