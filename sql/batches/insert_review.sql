-- Add a review of the batch as it was displayed.
SELECT enter_review(%(batch_key)s, %(meaning)s, %(who)s, %(os_user)s, %(comment)s, %(last_review)s, %(record_hash)s,
                    %(judgement_hash)s)
