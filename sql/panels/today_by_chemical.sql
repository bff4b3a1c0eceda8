-- How much of each chemical has been dosed today, in g, largest first.
SELECT chemical AS label,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS value
  FROM dosing_15m
 WHERE bucket >= %(today)s
   AND bucket < %(tomorrow)s
 GROUP BY chemical
 ORDER BY value DESC NULLS LAST, label
