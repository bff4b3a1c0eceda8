-- Store a chunk of readings, and the spool's progress. Fails (division by zero), and stores nothing, unless the spool's
-- progress is the one given. In braces: the insert of each kind in the chunk, the number of new readings, and for each
-- kind this number and, if a reading was stored before, the identities of the new ones.
WITH {inserts}counts AS MATERIALIZED (
    SELECT {count} AS stored
), progress AS (
    UPDATE spool_progress AS p
       SET site = %(site)s, last_seq = %(last_seq)s, stored = p.stored + counts.stored,
           duplicates = p.duplicates + %(given)s - counts.stored, updated_at = now()
      FROM counts
     WHERE p.spool_id = %(spool_id)s AND p.last_seq = %(before)s
    RETURNING p.last_seq, p.stored, p.duplicates, p.rejected
)
SELECT max(last_seq), max(stored), max(duplicates), max(rejected), 1 / count(*){results}
  FROM progress
