-- One station's batches whose first message lies in a span, as far as a rebuild has to know them.
SELECT batch_key, anchor, record_hash, judgement_hash, last_review
  FROM batches
 WHERE device_id = %(device)s AND anchored_at >= %(from)s AND anchored_at < %(to)s
