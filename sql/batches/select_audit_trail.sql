-- The whole audit trail, in order.
SELECT seq, at, action, subject, who, content, previous, hash
  FROM audit_trail
 ORDER BY seq
