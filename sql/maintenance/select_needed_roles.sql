-- The roles that a copy of this database needs: owners of what is in it, and those with rights to it.
SELECT r.rolname::text AS name
  FROM pg_roles AS r
 WHERE r.oid IN (SELECT d.refobjid FROM pg_shdepend AS d
                  WHERE d.refclassid = 'pg_authid'::regclass
                    AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                 UNION ALL
                 SELECT c.relowner FROM pg_class AS c
                  WHERE c.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\_%%' OR nspname = 'information_schema'))
 ORDER BY r.rolname
