-- The progress of one spool.
SELECT last_seq, stored, duplicates, rejected
  FROM spool_progress
 WHERE spool_id = %(spool_id)s
