-- The reviews of a batch, in order.
SELECT r.review_id, r.batch_key, r.batch_id, r.at, r.who, r.os_user, r.db_role, r.meaning, r.comment, r.signature,
       r.record_hash, r.judgement_hash, a.hash, r.withdraws
  FROM batch_reviews AS r
  JOIN audit_trail AS a ON a.seq = r.review_id
 WHERE r.batch_key = %(batch_key)s
 ORDER BY r.review_id
