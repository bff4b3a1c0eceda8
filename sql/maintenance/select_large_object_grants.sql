-- Functions on large objects that every role may call.
SELECT p.oid::regprocedure::text
  FROM pg_proc AS p
 WHERE p.pronamespace = 'pg_catalog'::regnamespace
   AND (starts_with(p.proname, 'lo_') OR p.proname IN ('loread', 'lowrite'))
   AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) AS x
                                     WHERE x.grantee = 0 AND x.privilege_type = 'EXECUTE'))
 ORDER BY 1
