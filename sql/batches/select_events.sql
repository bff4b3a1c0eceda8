-- Batch events of one station in a time span.
SELECT time, device_id, event, recipe, pumps, dedup, received_at, time_quality, coalesce(flags, '{}') AS flags,
       coalesce(batch_id, '') AS batch_id, coalesce(lot, '') AS lot, coalesce(operator, '') AS operator
  FROM batch_events
 WHERE device_id = %(device)s AND time >= %(from)s AND time < %(to)s
