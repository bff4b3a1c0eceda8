-- Seconds since each station that is expected, or was ever heard, sent something; a hundred years where it never
-- did. By the time of receipt: a wrong clock does not make a station look alive. Where nobody is expected and
-- nobody was heard there is one row, for the plant. Grafana warns above a threshold.
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
