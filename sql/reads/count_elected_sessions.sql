-- Other sessions that hold a site's advisory lock and may store doses or create their table: any role may hold such a lock.
SELECT count(*)
  FROM pg_locks AS l
  JOIN pg_stat_activity AS a USING (pid)
 WHERE l.pid <> pg_backend_pid() AND l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND (l.classid::bigint << 32 | l.objid::bigint) = %(key)s
   AND (has_schema_privilege(a.usesysid, 'public', 'CREATE')
        OR coalesce(has_table_privilege(a.usesysid, to_regclass('public.dosing_consumption'), 'INSERT'), false))
