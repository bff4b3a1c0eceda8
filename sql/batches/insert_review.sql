-- Add a review, with the batch as it was displayed.
INSERT INTO batch_reviews (review_id, batch_key, batch_id, at, who, os_user, db_role, meaning, comment, signature,
                           record_hash, judgement_hash, record, judgement, withdraws)
VALUES (%(review_id)s, %(batch_key)s, %(batch_id)s, %(at)s, %(who)s, %(os_user)s, %(db_role)s, %(meaning)s,
        %(comment)s, %(signature)s, %(record_hash)s, %(judgement_hash)s, %(record)s, %(judgement)s,
        %(withdraws)s)
