-- Set the review policy; false if it is in force already.
SELECT set_review_policy(%(pin)s, %(second_person)s, %(who)s, %(reason)s)
