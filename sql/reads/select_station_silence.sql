-- Seconds since the last message of each expected or recorded station that is not retired, and from which limit on it is offline. A hundred years if
-- it never sent one, and for one whose last will came after its last message. By the time of receipt, so that a wrong clock does
-- not hide a lost station. What the broker kept is of unknown age: it counts for nothing.
WITH station (device_id) AS (
SELECT jsonb_array_elements_text(stations) FROM alarm_limits
 UNION
SELECT device_id
  FROM device_last_seen
EXCEPT
SELECT device_id
  FROM list_retired(%(site)s::text)
 WHERE chemical = ''
)
SELECT station.device_id, a.offline_s,
       CASE WHEN told.status = 'offline' AND told.reported_at >= seen.received_at THEN 3155760000
            ELSE greatest(coalesce(extract(epoch FROM %(now)s::timestamptz - greatest(seen.received_at, told.online_at)),
                                   3155760000), 0)
            END::float8 AS silent_s
  FROM station
 CROSS JOIN alarm_limits AS a
  LEFT JOIN device_last_seen AS seen ON seen.device_id = station.device_id
  LEFT JOIN (SELECT device_id, status, reported_at,
                    CASE WHEN status IS DISTINCT FROM 'offline' THEN reported_at END AS online_at
               FROM station_status
              WHERE NOT is_retained) AS told ON told.device_id = station.device_id
