-- The progress of every spool of this site, last written first.
SELECT spool_id, last_seq, stored, duplicates, rejected, updated_at
  FROM spool_progress
 WHERE site = %(site)s
 ORDER BY updated_at DESC, spool_id
