-- Every stored batch with the hashes it should have, and what the last words about it make of it.
SELECT b.batch_id, b.record_hash, b.judgement_hash, r.record, r.judgement, b.last_review, b.disposition,
       coalesce(b.reviewed_hash, '') AS reviewed_hash, coalesce(said.last_review, 0) AS said_last,
       coalesce(s.disposition, '') AS said_disposition, coalesce(s.reviewed_hash, '') AS said_hash
  FROM batches AS b
  LEFT JOIN batch_records AS r USING (batch_key)
  LEFT JOIN (SELECT batch_key, max(review_id) AS last_review FROM batch_reviews GROUP BY batch_key) AS said
       USING (batch_key)
  LEFT JOIN batch_standings AS s USING (batch_key)
