-- Delete batches without reviews whose messages now belong to others.
DELETE FROM batches
 WHERE batch_key = ANY (%(batch_key)s::text[]) AND last_review = 0
