-- Mean absolute error in g of the last hour's doses that the scale can weigh, of each station and of each of its pumps, and
-- the limit: condition 1 above it, 0 from nine tenths of it on; -1 else, with too few doses, and while the station is offline,
-- which is another rule's, or retired.
WITH quiet AS MATERIALIZED (
SELECT device_id
  FROM (
-- include reads/select_station_silence
       ) AS silence
 WHERE silent_s >= offline_s
 UNION
SELECT device_id
  FROM list_retired(%(site)s::text)
 WHERE chemical = ''
), doses AS MATERIALIZED (
SELECT device_id, pump, abs(error_g) AS error_g
  FROM dosing_consumption
 WHERE error_g IS NOT NULL
   AND is_weighable(time, target_g)
   AND time >= date_trunc('minute', %(now)s::timestamptz) - INTERVAL '59 minutes'
   AND time < %(now)s::timestamptz + INTERVAL '5 minutes'
), summed AS (
SELECT device_id, CASE WHEN grouping(pump) = 0 THEN 'pump ' || pump ELSE 'all pumps' END AS pump,
       avg(error_g)::float8 AS mean_g, count(*) AS doses
  FROM doses
 GROUP BY GROUPING SETS ((device_id), (device_id, pump))
 UNION ALL
SELECT device_id, 'all pumps', 0, 0
  FROM device_last_seen
 WHERE device_id NOT IN (SELECT device_id FROM doses)
)
SELECT s.device_id, s.pump, s.mean_g AS value, a.mean_error_g AS limit_value,
       CASE WHEN s.doses < a.mean_error_doses OR EXISTS (SELECT FROM quiet AS o WHERE o.device_id = s.device_id) THEN -1
            ELSE compare_above(s.mean_g, a.mean_error_g, 0.9 * a.mean_error_g) END AS condition
  FROM summed AS s
 CROSS JOIN alarm_limits AS a
 UNION ALL
SELECT 'none', 'no station known', NULL, NULL, -1
 WHERE NOT EXISTS (SELECT FROM summed)
 ORDER BY device_id, pump
