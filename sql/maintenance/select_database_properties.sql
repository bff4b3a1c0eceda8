-- What pg_dump leaves out of this database: its owner, limit of connections, rights and settings, as statements for psql.
WITH settings AS (
    SELECT s.setrole, string_agg(quote_ident(part.name), '.' ORDER BY part.position) AS name, min(one.text) AS text
      FROM pg_db_role_setting AS s
      JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = current_database()
     CROSS JOIN LATERAL unnest(s.setconfig) AS one (text)
     CROSS JOIN LATERAL unnest(string_to_array(split_part(one.text, '=', 1), '.')) WITH ORDINALITY AS part (name, position)
     WHERE one.text NOT LIKE 'timescaledb.restoring=%%'
     GROUP BY s.setrole, split_part(one.text, '=', 1)
), rights AS (
    SELECT coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee, x.is_grantable,
           string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) AS privileges
      FROM pg_database AS d
     CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS x
      LEFT JOIN pg_roles AS r ON r.oid = x.grantee
     WHERE d.datname = current_database() AND x.grantee <> d.datdba
     GROUP BY 1, 2
)
SELECT format('ALTER DATABASE :"DBNAME" OWNER TO %%I;', pg_get_userbyid(datdba)) AS line, 1 AS part
  FROM pg_database WHERE datname = current_database()
 UNION ALL
SELECT format('ALTER DATABASE :"DBNAME" CONNECTION LIMIT %%s;', datconnlimit), 2
  FROM pg_database WHERE datname = current_database()
 UNION ALL
SELECT 'REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;', 3
 UNION ALL
SELECT format('GRANT %%s ON DATABASE :"DBNAME" TO %%s%%s;', privileges, grantee,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), 4
  FROM rights
 UNION ALL
-- FROM CURRENT: a list such as search_path cannot be written as one literal
SELECT format(E'SELECT set_config(%%L, %%L, true);\n%%s SET %%s FROM CURRENT;',
              split_part(text, '=', 1), substr(text, strpos(text, '=') + 1),
              CASE setrole WHEN 0 THEN 'ALTER DATABASE :"DBNAME"'
                           ELSE format('ALTER ROLE %%I IN DATABASE :"DBNAME"', pg_get_userbyid(setrole)) END,
              name), 5
  FROM settings
 ORDER BY part, line
