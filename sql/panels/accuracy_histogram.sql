-- How many doses of the window missed their target by how much: 20 bins of 0.2 g and two open ends, all of them
-- always. Whole hours come from the rollup, the hours cut by the window from the doses.
SELECT CASE WHEN bin > 0 THEN ((bin - 11) * 0.2)::float8 END AS lower_g,
       CASE WHEN bin < 21 THEN ((bin - 10) * 0.2)::float8 END AS upper_g,
       coalesce(sum(counted.n), 0)::bigint AS doses
  FROM generate_series(0, 21) AS bin
  LEFT JOIN (SELECT wb, n
               FROM dosing_error_hist_1h
              WHERE bucket >= %(first_hour)s
                AND bucket < %(last_hour)s
              UNION ALL
             SELECT width_bucket(error_g::numeric, -2, 2, 20), 1
               FROM dosing_consumption
              WHERE time >= %(since)s
                AND time < %(first_hour)s
                AND error_g IS NOT NULL
              UNION ALL
             SELECT width_bucket(error_g::numeric, -2, 2, 20), 1
               FROM dosing_consumption
              WHERE time >= %(last_hour)s
                AND time < %(until)s
                AND error_g IS NOT NULL) AS counted (wb, n)
         ON counted.wb = bin
 GROUP BY bin
 ORDER BY bin
