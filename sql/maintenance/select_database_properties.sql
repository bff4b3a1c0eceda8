-- What pg_dump leaves out of this database: its owner, limit of connections, rights and settings, as statements for psql.
WITH entries AS (
    SELECT s.setrole, split_part(text, '=', 1) AS name, substr(text, strpos(text, '=') + 1) AS value
      FROM pg_db_role_setting AS s
      JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = current_database()
     CROSS JOIN LATERAL unnest(s.setconfig) AS text
     WHERE text NOT LIKE 'timescaledb.restoring=%%'
), settings AS (
    SELECT setrole,
           (SELECT string_agg(quote_ident(part.name), '.' ORDER BY part.position)
              FROM unnest(string_to_array(e.name, '.')) WITH ORDINALITY AS part (name, position)) AS name,
           -- lists of names, as pg_dump knows them: one literal for each, without its double quotes
           CASE WHEN name IN ('local_preload_libraries', 'search_path', 'session_preload_libraries',
                              'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')
                THEN (SELECT string_agg(quote_literal(coalesce(replace(item.parts[1], '""', '"'), item.parts[2])),
                                        ', ' ORDER BY item.position)
                        FROM regexp_matches(e.value, '"((?:[^"]|"")*)"|([^",\s]+)', 'g')
                             WITH ORDINALITY AS item (parts, position))
                ELSE quote_literal(value) END AS value
      FROM entries AS e
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
SELECT format('%%s SET %%s TO %%s;',
              CASE setrole WHEN 0 THEN 'ALTER DATABASE :"DBNAME"'
                           ELSE format('ALTER ROLE %%I IN DATABASE :"DBNAME"', pg_get_userbyid(setrole)) END,
              name, value), 5
  FROM settings
 ORDER BY part, line
