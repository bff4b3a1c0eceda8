-- The batch of a key or number.
-- include batches/select_batch_columns
 WHERE b.batch_key = %(name)s OR b.batch_id = %(name)s
