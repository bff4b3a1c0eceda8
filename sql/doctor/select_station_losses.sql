-- Messages that each station lost in the last 24 hours, of those that number their messages.
SELECT s.device_id, greatest(coalesce(sum(c.lost), 0), 0)::bigint AS lost
  FROM station_status AS s
  LEFT JOIN station_changes AS c ON c.device_id = s.device_id AND c.kind = 'lost' AND c.at >= now() - INTERVAL '24 hours'
 WHERE s.messages_lost IS NOT NULL
 GROUP BY s.device_id
 ORDER BY s.device_id
