-- Batches of a station that were reviewed and are no more, by when their first message was.
SELECT batch_key, anchor
  FROM batches
 WHERE gone AND device_id = %(device)s AND anchored_at >= %(from)s AND anchored_at <= %(to)s
 ORDER BY anchored_at, batch_key
