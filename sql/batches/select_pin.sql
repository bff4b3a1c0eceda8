-- The newest hash of a reviewer's PIN.
SELECT pin_hash
  FROM reviewer_pins
 WHERE who = %(who)s
 ORDER BY audit_seq DESC
 LIMIT 1
