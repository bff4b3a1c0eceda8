-- Batches that were reviewed, and whose messages turned out to be of others: they stay, and say so.
UPDATE batches
   SET gone = true
 WHERE batch_key = ANY (%(batch_key)s::text[]) AND last_review > 0 AND NOT gone
