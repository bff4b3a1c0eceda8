-- Lock a process lock until the transaction ends.
SELECT name
  FROM process_locks
 WHERE name = %(name)s
   FOR UPDATE
