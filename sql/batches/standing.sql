-- A batch as it can be reviewed, with the texts that are reviewed.
SELECT b.batch_id, b.status, b.findings, b.review_state, b.disposition, b.disposed_by, b.last_review,
       b.record_hash, b.judgement_hash, r.record, r.judgement
  FROM batches AS b
  JOIN batch_records AS r USING (batch_key)
 WHERE b.batch_key = %(batch_key)s
