-- The session that holds a 64-bit advisory lock; '' for columns this role may not see.
SELECT coalesce(session.application_name, '') AS application,
       coalesce(host(session.client_addr), '') AS host,
       held.pid
  FROM pg_locks AS held
  LEFT JOIN pg_stat_activity AS session ON session.pid = held.pid
 WHERE held.locktype = 'advisory'
   AND held.granted
   AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND held.objsubid = 1
   AND (held.classid::bigint << 32) | held.objid::bigint = %(key)s
