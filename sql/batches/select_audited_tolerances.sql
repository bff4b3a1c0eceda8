-- Every audited version of the plant's tolerance rules, with the number of its audit entry.
SELECT audit_seq, version, valid_from, definition
  FROM tolerance_rules
 WHERE audit_seq IS NOT NULL
 ORDER BY audit_seq
