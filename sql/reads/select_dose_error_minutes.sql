-- Doses since a time by station, pump and minute: count, absolute errors, count out of tolerance.
SELECT device_id AS device, pump, date_trunc('minute', time) AS minute, count(*) AS doses,
       sum(abs(error_g))::float8 AS error_g,
       count(*) FILTER (WHERE abs(error_g) > rule.tolerance_g) AS outside
  FROM dosing_consumption
 CROSS JOIN plant_limits AS rule
 WHERE time > %(since)s
   AND error_g IS NOT NULL
 GROUP BY device_id, pump, minute
 ORDER BY minute
