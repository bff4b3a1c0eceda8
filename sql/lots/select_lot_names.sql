-- The lots of the batches in a range, the last used first, at most 1000.
SELECT l.lot_number
  FROM batches AS b
  JOIN batch_lots AS l USING (batch_key)
 WHERE b.begins_at >= %(from)s::timestamptz AND b.begins_at < %(to)s::timestamptz AND NOT b.gone AND l.lot_number <> ''
 GROUP BY l.lot_number
 ORDER BY max(b.begins_at) DESC, l.lot_number
 LIMIT 1000
