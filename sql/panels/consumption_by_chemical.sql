-- How much of each chemical has been dosed in each step, in g: a quarter of an hour, hours in a long window.
-- Buckets that the window touches are whole; one without a dose has no row, one without a mass has NULL.
SELECT bucket AS at, chemical AS series,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS value
  FROM dosing_15m
 WHERE %(step)s::interval < INTERVAL '1 hour'
   AND bucket >= time_bucket('15 minutes', %(since)s::timestamptz)
   AND bucket < %(until)s::timestamptz
 GROUP BY bucket, chemical
 UNION ALL
SELECT time_bucket(%(step)s, bucket), chemical, CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END
  FROM dosing_1h
 WHERE %(step)s::interval >= INTERVAL '1 hour'
   AND bucket >= time_bucket(%(step)s, %(since)s::timestamptz)
   AND bucket < time_bucket(%(step)s, %(until)s::timestamptz + %(step)s - INTERVAL '1 microsecond')
 GROUP BY 1, 2
 ORDER BY at, series
