-- Every review with all columns.
SELECT review_id, batch_key, batch_id, at, who, os_user, db_role, meaning, comment, signature, record_hash,
       judgement_hash, withdraws, record, judgement
  FROM batch_reviews
 ORDER BY review_id
