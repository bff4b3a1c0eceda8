-- Doses since a time by station, pump and minute: count, absolute errors, count out of tolerance; without those below
-- what the scale can weigh.
SELECT d.device_id AS device, d.pump, date_trunc('minute', d.time) AS minute, count(*) AS doses,
       sum(abs(j.error_g))::float8 AS error_g,
       count(*) FILTER (WHERE j.is_out) AS outside
  FROM dosing_consumption AS d
 CROSS JOIN LATERAL judge_dose(d.time, d.recipe, d.mode, d.chemical, d.pump, d.target_g, d.error_g) AS j
 WHERE d.time > %(since)s
   AND j.error_g IS NOT NULL
 GROUP BY d.device_id, d.pump, minute
 ORDER BY minute
