-- Rights on these relations except their owners'; an empty grantee is PUBLIC.
SELECT n.nspname AS schema, c.relname AS relation, g.column_name, g.privilege_type AS privilege,
       coalesce(r.rolname::text, '') AS grantee, g.is_grantable AS grantable
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (
        SELECT '' AS column_name, x.* FROM aclexplode(c.relacl) AS x
         UNION ALL
        SELECT a.attname::text, x.* FROM pg_attribute AS a CROSS JOIN LATERAL aclexplode(a.attacl) AS x
         WHERE a.attrelid = c.oid AND NOT a.attisdropped) AS g
  LEFT JOIN pg_roles AS r ON r.oid = g.grantee
 WHERE c.oid = ANY (%(relations)s) AND g.grantee <> c.relowner AND (r.rolname IS NOT NULL OR g.grantee = 0)
 ORDER BY 1, 2, 3, 4, 5;
