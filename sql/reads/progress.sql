-- How far this spool has been written, and what became of its units.
SELECT last_seq, stored, duplicates, rejected
  FROM spool_progress
 WHERE spool_id = %(spool_id)s
