-- The newest batch events, oldest first; events of one second in the order of receipt.
SELECT time, device_id, event, recipe, pumps, dedup, received_at, time_quality, coalesce(flags, '{}') AS flags
  FROM (SELECT time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags
          FROM batch_events
         ORDER BY time DESC, received_at DESC
         LIMIT %(rows)s) AS newest
 ORDER BY time, received_at
