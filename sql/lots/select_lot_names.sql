-- The lots of the batches in a range, each once in its newest spelling, the last used first, at most 1000.
SELECT (array_agg(l.lot_number ORDER BY b.begins_at DESC, l.lot_number))[1] AS lot_number
  FROM batches AS b
  JOIN batch_lots AS l USING (batch_key)
 WHERE b.begins_at >= %(from)s::timestamptz AND b.begins_at < %(to)s::timestamptz AND NOT b.gone AND l.lot_number <> ''
 GROUP BY fold_name(l.lot_number)
 ORDER BY max(b.begins_at) DESC, lot_number
 LIMIT 1000
