-- How far this spool has been written; nobody else writes for it until this transaction ends.
SELECT last_seq, stored, duplicates, rejected
  FROM spool_progress
 WHERE spool_id = %(spool_id)s
   FOR UPDATE
