-- Rights on the plant's tables that this role lacks. privilege is one of PostgreSQL's; a right on one column is enough for
-- INSERT and UPDATE.
SELECT wanted.table_name, wanted.privilege
  FROM unnest(%(tables)s::text[], %(privileges)s::text[]) WITH ORDINALITY AS wanted (table_name, privilege, position)
 WHERE to_regclass('public.' || quote_ident(wanted.table_name)) IS NOT NULL
   AND NOT CASE WHEN wanted.privilege = 'DELETE'
                THEN has_table_privilege('public.' || quote_ident(wanted.table_name), wanted.privilege)
                ELSE has_any_column_privilege('public.' || quote_ident(wanted.table_name), wanted.privilege) END
 ORDER BY wanted.position
