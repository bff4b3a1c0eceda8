-- Mark reviewed batches whose messages now belong to other batches.
UPDATE batches
   SET gone = true
 WHERE batch_key = ANY (%(batch_key)s::text[]) AND last_review > 0 AND NOT gone
