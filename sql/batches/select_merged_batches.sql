-- Reviewed batches of a station that were merged into others, by the time of their first message.
SELECT batch_key, anchor
  FROM batches
 WHERE gone AND device_id = %(device)s AND anchored_at >= %(from)s AND anchored_at <= %(to)s
 ORDER BY anchored_at, batch_key
