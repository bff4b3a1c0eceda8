-- The same if no other transaction holds it; no row otherwise.
SELECT name
  FROM process_locks
 WHERE name = %(name)s
   FOR UPDATE SKIP LOCKED
