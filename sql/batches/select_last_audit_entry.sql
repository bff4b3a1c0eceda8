-- The last entry of the audit trail.
SELECT seq, hash
  FROM audit_trail
 ORDER BY seq DESC
 LIMIT 1
