-- The numbers of batches.
SELECT batch_key, day, number
  FROM batch_numbers
 WHERE batch_key = ANY (%(batch_key)s::text[])
