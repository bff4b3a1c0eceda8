-- The batches in a range whose lots are known, the newest first, at most 1000: number and key, as Grafana names them.
SELECT b.batch_id AS __text, b.batch_key AS __value
  FROM batches AS b
 WHERE b.begins_at >= %(from)s::timestamptz AND b.begins_at < %(to)s::timestamptz AND NOT b.gone
   AND EXISTS (SELECT FROM batch_lots AS l WHERE l.batch_key = b.batch_key)
 ORDER BY b.begins_at DESC, b.batch_key
 LIMIT 1000
