-- The review policy in force.
SELECT pin, second_person
  FROM review_policy
 ORDER BY audit_seq DESC
 LIMIT 1
