-- A batch as it can be reviewed, with the texts under review and the newest entry that can be withdrawn.
SELECT b.batch_id, b.status, b.findings, b.review_state, b.disposition, b.disposed_by, b.last_review,
       b.record_hash, b.judgement_hash, b.gone, r.record, r.judgement, coalesce(s.last_word, 0) AS last_word
  FROM batches AS b
  JOIN batch_records AS r USING (batch_key)
  LEFT JOIN batch_review_status AS s USING (batch_key)
 WHERE b.batch_key = %(batch_key)s
