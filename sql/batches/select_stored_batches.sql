-- Batches of one station whose first message is in a time span, with the columns that a rebuild compares.
SELECT batch_key, anchor, record_hash, judgement_hash, last_review, reviewed_hash, reviewed_judgement
  FROM batches
 WHERE device_id = %(device)s AND anchored_at >= %(from)s AND anchored_at < %(to)s
