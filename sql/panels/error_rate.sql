-- Share of the doses out of tolerance in each hour, in percent of those that tell their error. Hours that the
-- window touches are whole. The rollup knows the tolerance of 0.5 g; any other is counted from the doses.
SELECT bucket AS at, 'all' AS series,
       100 * sum(n_out_of_tol)::float8 / nullif(sum(n_error), 0)::float8 AS value
  FROM dosing_1h
 WHERE %(tolerance_g)s::float8 = 0.5
   AND bucket >= time_bucket('1 hour', %(since)s::timestamptz)
   AND bucket < %(until)s::timestamptz
 GROUP BY bucket
 UNION ALL
SELECT time_bucket('1 hour', time), 'all',
       100 * count(*) FILTER (WHERE abs(error_g) > %(tolerance_g)s)::float8 / nullif(count(error_g), 0)::float8
  FROM dosing_consumption
 WHERE %(tolerance_g)s::float8 <> 0.5
   AND time >= time_bucket('1 hour', %(since)s::timestamptz)
   AND time < time_bucket('1 hour', %(until)s::timestamptz + INTERVAL '1 hour' - INTERVAL '1 microsecond')
 GROUP BY 1
 ORDER BY at
