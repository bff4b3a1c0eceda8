-- Every stored batch with the hashes it should have, and what the last words about it make of it.
SELECT b.batch_id, b.record_hash, b.judgement_hash, r.record, r.judgement, b.last_review, b.disposition,
       coalesce(b.reviewed_hash, '') AS reviewed_hash, coalesce(s.review_id, 0) AS said_last,
       CASE WHEN d.meaning IS NULL OR d.meaning = 'withdrawn' THEN '' ELSE d.meaning END AS said_disposition,
       CASE WHEN d.meaning IS NULL OR d.meaning = 'withdrawn' THEN '' ELSE d.record_hash END AS said_hash
  FROM batches AS b
  LEFT JOIN batch_records AS r USING (batch_key)
  LEFT JOIN (SELECT batch_key, max(review_id) AS review_id,
                    max(review_id) FILTER (WHERE meaning <> 'comment') AS disposed
               FROM batch_reviews GROUP BY batch_key) AS s USING (batch_key)
  LEFT JOIN batch_reviews AS d ON d.review_id = s.disposed
