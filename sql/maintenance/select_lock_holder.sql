-- Of the sessions that hold a lock on a table of the plant and wait for nobody, the one with the oldest transaction.
SELECT a.pid AS process, a.usename::text AS role_name, a.application_name AS program,
       coalesce(host(a.client_addr), '') AS address, a.xact_start AS began_at, a.query_start AS asked_at
  FROM pg_stat_activity AS a
 WHERE a.datname = current_database()
   AND a.pid <> pg_backend_pid()
   AND a.usesysid IS NOT NULL
   AND EXISTS (SELECT FROM pg_locks AS l
                 JOIN pg_class AS c ON c.oid = l.relation
                WHERE l.pid = a.pid AND l.granted AND c.relnamespace = 'public'::regnamespace
                  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
   AND NOT EXISTS (SELECT FROM pg_locks AS w WHERE w.pid = a.pid AND NOT w.granted)
 ORDER BY a.xact_start NULLS LAST
 LIMIT 1
