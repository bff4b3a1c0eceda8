-- The last entry of the audit trail, and the hash of the entry that was anchored last.
SELECT t.seq AS entry, t.hash, (SELECT a.hash FROM audit_trail AS a WHERE a.seq = %(anchored)s) AS anchored_hash
  FROM audit_trail AS t
 ORDER BY t.seq DESC
 LIMIT 1
