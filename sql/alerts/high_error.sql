-- Mean absolute error in g of the last hour's doses that the scale can weigh; 0 where there were none. Grafana alerts
-- above a threshold.
SELECT coalesce(avg(abs(error_g)), 0)::float8 AS mean_abs_error_g
  FROM dosing_consumption
 WHERE is_weighable(time, target_g)
   AND time >= now() - INTERVAL '1 hour'
   AND time < now() + INTERVAL '5 minutes'
