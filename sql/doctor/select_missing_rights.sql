-- Rights on the plant's tables and functions that this role lacks. privilege is one of PostgreSQL's; without a column a right
-- on any column is enough for INSERT and UPDATE. What does not exist yet is left out.
SELECT name, privilege
  FROM unnest(%(names)s::text[], %(privileges)s::text[], %(columns)s::text[]) WITH ORDINALITY
       AS wanted (name, privilege, column_name, position)
 WHERE CASE
       WHEN privilege = 'EXECUTE' THEN to_regprocedure('public.' || name) IS NOT NULL
        AND NOT has_function_privilege(to_regprocedure('public.' || name), privilege)
       WHEN to_regclass('public.' || quote_ident(name)) IS NULL THEN false
       WHEN privilege = 'DELETE' THEN NOT has_table_privilege('public.' || quote_ident(name), privilege)
       WHEN column_name = '' THEN NOT has_any_column_privilege('public.' || quote_ident(name), privilege)
       ELSE EXISTS (SELECT FROM pg_attribute
                     WHERE attrelid = to_regclass('public.' || quote_ident(name)) AND attname = column_name
                       AND NOT has_column_privilege(attrelid, attnum, privilege))
       END
 GROUP BY name, privilege
 ORDER BY min(position)
