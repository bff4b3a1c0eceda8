-- Every review policy, with the number of its audit entry.
SELECT audit_seq, pin, second_person, reason
  FROM review_policy
 ORDER BY audit_seq
