-- What every role may do in this database, and should not: each with the statements that end it, and whether this role may
-- run them. The tables' owner keeps all of it, and who stores doses the locks.
WITH plant AS (
SELECT quote_ident(o.rolname) AS owner,
       concat_ws(', ', quote_ident(o.rolname), (
           SELECT string_agg(DISTINCT quote_ident(r.rolname), ', ')
             FROM aclexplode(c.relacl) AS x
             JOIN pg_roles AS r ON r.oid = x.grantee
            WHERE x.privilege_type = 'INSERT' AND r.oid <> o.oid)) AS writers
  FROM pg_class AS c
  JOIN pg_roles AS o ON o.oid = c.relowner
 WHERE c.oid = to_regclass('public.dosing_consumption')
), session AS (
SELECT rolsuper AS is_superuser FROM pg_roles WHERE rolname = current_user
), open_functions AS (
SELECT CASE WHEN strpos(p.proname, 'advisory') > 0 THEN 'hold advisory locks'
            WHEN p.proname = 'pg_logical_emit_message' THEN 'write to the transaction log'
            ELSE 'write large objects' END AS act,
       string_agg(p.oid::regprocedure::text, ', ') AS names
  FROM pg_proc AS p
 WHERE p.pronamespace = 'pg_catalog'::regnamespace
   AND (starts_with(p.proname, 'lo_') OR p.proname IN ('loread', 'lowrite', 'pg_logical_emit_message')
        OR p.proname ~ '^pg_(try_)?advisory_(xact_)?lock')
   AND has_function_privilege('public', p.oid, 'EXECUTE')
 GROUP BY 1
)
SELECT f.act,
       'REVOKE EXECUTE ON FUNCTION ' || f.names || ' FROM PUBLIC; GRANT EXECUTE ON FUNCTION ' || f.names || ' TO '
       || CASE WHEN f.act = 'hold advisory locks' THEN plant.writers ELSE plant.owner END AS closing,
       session.is_superuser AS is_closable
  FROM open_functions AS f CROSS JOIN plant CROSS JOIN session
 UNION ALL
SELECT 'make temporary tables',
       'REVOKE TEMPORARY ON DATABASE ' || quote_ident(d.datname) || ' FROM PUBLIC; GRANT TEMPORARY ON DATABASE '
       || quote_ident(d.datname) || ' TO ' || plant.owner,
       session.is_superuser OR pg_has_role(d.datdba, 'USAGE')
  FROM pg_database AS d CROSS JOIN plant CROSS JOIN session
 WHERE d.datname = current_database()
   AND has_database_privilege('public', d.oid, 'TEMPORARY')
 UNION ALL
SELECT 'create functions in schema public',
       'REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO ' || plant.owner,
       session.is_superuser OR pg_has_role(n.nspowner, 'USAGE')
  FROM pg_namespace AS n CROSS JOIN plant CROSS JOIN session
 WHERE n.nspname = 'public'
   AND has_schema_privilege('public', n.oid, 'CREATE')
 ORDER BY 1
