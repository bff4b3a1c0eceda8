-- Roles that may read the doses of the old table ('' is PUBLIC): they get to read the new tables, too.
SELECT DISTINCT coalesce(r.rolname::text, '') AS grantee
  FROM pg_class AS c
  CROSS JOIN LATERAL aclexplode(c.relacl) AS x
  LEFT JOIN pg_roles AS r ON r.oid = x.grantee
 WHERE c.oid = ANY (%(relations)s) AND c.relname = 'dosing_consumption' AND x.privilege_type = 'SELECT'
   AND x.grantee <> c.relowner AND (r.rolname IS NOT NULL OR x.grantee = 0);
