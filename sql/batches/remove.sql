-- Removes batches whose messages turned out to be of others; nobody has reviewed them.
DELETE FROM batches
 WHERE batch_key = ANY (%(batch_key)s::text[]) AND last_review = 0
