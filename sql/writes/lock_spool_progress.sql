-- The progress of one spool, locked until this transaction ends.
SELECT last_seq, stored, duplicates, rejected
  FROM spool_progress
 WHERE spool_id = %(spool_id)s
   FOR UPDATE
