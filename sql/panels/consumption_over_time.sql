-- How much has been dosed in each hour, in g, all chemicals together. Hours that the window touches are whole;
-- an hour without a dose has no row, one whose doses tell no mass has NULL.
SELECT bucket AS at, 'all' AS series,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS value
  FROM dosing_1h
 WHERE bucket >= time_bucket('1 hour', %(since)s::timestamptz)
   AND bucket < %(until)s::timestamptz
 GROUP BY bucket
 ORDER BY bucket
