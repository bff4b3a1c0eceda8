-- The record and assessment of one batch.
SELECT record, judgement
  FROM batch_records
 WHERE batch_key = %(batch_key)s
