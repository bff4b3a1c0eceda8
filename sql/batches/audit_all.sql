-- The whole audit trail in its order.
SELECT seq, at, action, subject, who, content, previous, hash
  FROM audit_trail
 ORDER BY seq
