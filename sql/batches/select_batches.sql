-- One page of the batches that match a filter, newest first, after the last batch of the page before.
-- include batches/select_batch_columns
-- include batches/filter_batches
   AND (%(after_time)s::timestamptz IS NULL OR (b.begins_at, b.batch_key) < (%(after_time)s, %(after_key)s::text))
 ORDER BY b.begins_at DESC, b.batch_key DESC
 LIMIT %(rows)s
