-- How well the doses of the window met their target: count, mean and standard deviation of the error in g,
-- percent out of tolerance. Whole hours come from the rollup, the hours cut by the window from the doses;
-- for a tolerance other than the rollup's 0.5 g, those out of it are counted from the doses.
WITH counted (n, sum_g, sum_sq_g2, out) AS (
SELECT sum(n_error), sum(sum_error_g), sum(sum_sq_error_g), sum(n_out_of_tol)
  FROM dosing_1h
 WHERE bucket >= %(first_hour)s
   AND bucket < %(last_hour)s
 UNION ALL
SELECT count(error_g), sum(error_g), sum(error_g * error_g), count(*) FILTER (WHERE abs(error_g) > 0.5)
  FROM dosing_consumption
 WHERE time >= %(since)s
   AND time < %(first_hour)s
 UNION ALL
SELECT count(error_g), sum(error_g), sum(error_g * error_g), count(*) FILTER (WHERE abs(error_g) > 0.5)
  FROM dosing_consumption
 WHERE time >= %(last_hour)s
   AND time < %(until)s
), total (n, mean_g, sum_sq_g2, out) AS (
SELECT coalesce(sum(n), 0)::float8, sum(sum_g) / nullif(sum(n), 0)::float8, sum(sum_sq_g2), sum(out)::float8
  FROM counted
), own_tolerance (out) AS (
SELECT count(*)::float8
  FROM dosing_consumption
 WHERE %(tolerance_g)s::float8 <> 0.5
   AND time >= %(since)s
   AND time < %(until)s
   AND abs(error_g) > %(tolerance_g)s
)
SELECT n::bigint AS doses,
       mean_g,
       CASE WHEN n > 1 THEN sqrt(greatest(sum_sq_g2 - n * mean_g * mean_g, 0) / (n - 1)) END AS sd_g,
       100 * CASE WHEN %(tolerance_g)s::float8 = 0.5 THEN total.out ELSE own_tolerance.out END / nullif(n, 0)
           AS out_percent
  FROM total, own_tolerance
