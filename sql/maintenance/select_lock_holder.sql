-- The session of another with the oldest transaction that holds a lock on a table of the plant.
SELECT a.pid, a.usename::text AS role_name, a.application_name AS program, coalesce(host(a.client_addr), '') AS address,
       to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS') AS begun, to_char(a.query_start, 'HH24:MI:SS') AS asked
  FROM pg_stat_activity AS a
 WHERE a.datname = current_database()
   AND a.pid <> pg_backend_pid()
   AND a.usesysid IS NOT NULL
   AND EXISTS (SELECT FROM pg_locks AS l
                 JOIN pg_class AS c ON c.oid = l.relation
                WHERE l.pid = a.pid AND l.granted AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
   AND NOT EXISTS (SELECT FROM pg_locks AS w WHERE w.pid = a.pid AND NOT w.granted)
 ORDER BY a.xact_start NULLS LAST
 LIMIT 1
