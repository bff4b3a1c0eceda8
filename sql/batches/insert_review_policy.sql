-- Add a review policy.
INSERT INTO review_policy (audit_seq, pin, second_person, reason)
VALUES (%(audit_seq)s, %(pin)s, %(second_person)s, %(reason)s)
