-- The record and assessment on which the effective decision about a batch was made.
SELECT r.record, r.judgement
  FROM batch_review_status AS s
  JOIN batch_reviews AS r ON r.review_id = s.decision
 WHERE s.batch_key = %(batch_key)s
