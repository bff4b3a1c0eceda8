-- The page of matching batches above the first batch of a page, nearest first.
-- include batches/select_batch_columns
-- include batches/filter_batches
   AND (b.begins_at, b.batch_key) > (%(before_time)s::timestamptz, %(before_key)s::text)
 ORDER BY b.begins_at, b.batch_key
 LIMIT %(rows)s
