-- The newest batch events, oldest first.
SELECT time, device_id, event, recipe, pumps, dedup, received_at, time_quality, coalesce(flags, '{}') AS flags
  FROM (SELECT time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags
          FROM batch_events
         ORDER BY time DESC
         LIMIT %(rows)s) AS newest
 ORDER BY time
