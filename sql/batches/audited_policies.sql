-- Every review policy with its entry in the audit trail.
SELECT audit_seq, pin, second_person, reason
  FROM review_policy
 ORDER BY audit_seq
