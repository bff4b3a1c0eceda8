-- Seconds since the last message of each station, and from which limit on it is offline: condition 1 if it is, else -1. Without
-- any station there is one row for the plant.
WITH silence AS (
-- include reads/select_station_silence
)
SELECT device_id, silent_s AS value, offline_s AS limit_value, CASE WHEN silent_s >= offline_s THEN 1 ELSE -1 END AS condition
  FROM silence
 UNION ALL
SELECT 'any station', 3155760000, offline_s, 1
  FROM alarm_limits
 WHERE NOT EXISTS (SELECT FROM silence)
 ORDER BY device_id
