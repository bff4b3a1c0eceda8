-- Mass of each chemical dosed in the window, in g, largest first. Guide's panel 1.
SELECT chemical AS label,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS value
  FROM dosing_sums(%(from)s::timestamptz, %(to)s::timestamptz, %(device)s::text[])
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY chemical
 ORDER BY value DESC NULLS LAST, label
