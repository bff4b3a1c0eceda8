-- What each station tells of itself, those that are offline first: its last status with the time since which it holds (NULL:
-- not known), its last reading, and messages lost and restarts in the window. A station that has sent a reading after it
-- was offline is not. messages_lost is NULL where messages have no numbers; a station that sends neither numbers nor a
-- status has no row, nor has a retired one. docs/presence.md.
WITH told AS (
SELECT s.*, seen.received_at AS last_reading_at,
       s.status = 'offline' AND coalesce(seen.received_at > s.reported_at, false) AS is_back
  FROM station_status AS s
  LEFT JOIN device_last_seen AS seen USING (device_id)
 WHERE (%(device)s::text[] IS NULL OR s.device_id = ANY (%(device)s::text[]))
   AND s.device_id NOT IN (SELECT r.device_id FROM list_retired(%(site)s::text) AS r WHERE r.chemical = '')
)
SELECT t.device_id, CASE WHEN t.is_back THEN 'online' ELSE t.status END AS status,
       CASE WHEN NOT t.is_back THEN t.status_since END AS status_since, t.last_reading_at,
       CASE WHEN t.messages_lost IS NOT NULL THEN coalesce(greatest(changed.lost, 0), 0)::bigint END AS messages_lost,
       t.messages_lost AS lost_in_all,
       coalesce(changed.restarts, 0)::bigint AS restarts, t.rssi_dbm, t.heap_free_bytes,
       t.uptime_ms / 1000::float8 AS uptime_s, coalesce(t.firmware, '') AS firmware, t.reported_at
  FROM told AS t
  LEFT JOIN LATERAL (SELECT sum(c.lost) AS lost, count(*) FILTER (WHERE c.kind = 'restart') AS restarts
                       FROM station_changes AS c
                      WHERE c.device_id = t.device_id
                        AND c.at >= %(from)s::timestamptz AND c.at < %(to)s::timestamptz) AS changed ON true
 ORDER BY t.status = 'offline' AND NOT t.is_back DESC NULLS LAST, t.device_id
