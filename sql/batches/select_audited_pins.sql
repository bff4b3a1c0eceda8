-- The digest of every PIN hash, with the number of its audit entry.
SELECT audit_seq, who, pin_digest
  FROM audited_pins
 ORDER BY audit_seq
