-- The books of every spool that has been written for this site, the one written last first.
SELECT spool_id, last_seq, stored, duplicates, rejected, updated_at
  FROM spool_progress
 WHERE site = %(site)s
 ORDER BY updated_at DESC, spool_id
