-- Add the results of a chunk.
UPDATE spool_progress
   SET site = %(site)s, last_seq = %(last_seq)s, stored = stored + %(stored)s,
       duplicates = duplicates + %(duplicates)s, rejected = rejected + %(rejected)s, updated_at = now()
 WHERE spool_id = %(spool_id)s
RETURNING last_seq, stored, duplicates, rejected
