-- Seconds since the last message of each expected or recorded station; a hundred years if it never sent one.
-- By the time of receipt, so that a wrong clock does not hide a lost station. Without any station there is one
-- row for the plant. Grafana alerts above a threshold.
WITH station (device_id) AS (
SELECT unnest(%(expected)s::text[])
 UNION
SELECT device_id
  FROM device_last_seen
)
SELECT station.device_id,
       greatest(coalesce(extract(epoch FROM now() - seen.received_at), 3155760000), 0)::float8 AS silent_s
  FROM station
  LEFT JOIN device_last_seen AS seen ON seen.device_id = station.device_id
 UNION ALL
SELECT 'any station', 3155760000::float8
 WHERE NOT EXISTS (SELECT FROM station)
 ORDER BY device_id
