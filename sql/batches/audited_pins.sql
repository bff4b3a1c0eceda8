-- Every PIN's hash with its entry in the audit trail.
SELECT audit_seq, who, pin_hash
  FROM reviewer_pins
 ORDER BY audit_seq
