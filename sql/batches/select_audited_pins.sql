-- Every PIN hash, with the number of its audit entry.
SELECT audit_seq, who, pin_hash
  FROM reviewer_pins
 ORDER BY audit_seq
