-- The texts that the standing decision about a batch was made on.
SELECT r.record, r.judgement
  FROM batch_review_status AS s
  JOIN batch_reviews AS r ON r.review_id = s.decision
 WHERE s.batch_key = %(batch_key)s
