-- What belongs to the database itself, not to its tables: pg_dump leaves it out. Superuser, after roles.sql, connected to
-- the database; may run again at any time, and has to after a restore.
SELECT current_database() AS plant \gset
ALTER DATABASE :"plant" OWNER TO dosing_owner;
-- To compile a panel's statement takes a second, to run it some milliseconds.
ALTER DATABASE :"plant" SET jit = off;
REVOKE ALL ON DATABASE :"plant" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"plant" TO dosing_writer, dosing_operator, dosing_viewer, dosing_telegraf;
ALTER SCHEMA public OWNER TO dosing_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- Large objects are written by everybody, also by who may only read tables.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite')) \gexec
GRANT USAGE ON SCHEMA public TO dosing_writer, dosing_operator, dosing_viewer, dosing_telegraf;

-- Tables of later versions can be read at once; who may do more stands in rights.sql.
ALTER DEFAULT PRIVILEGES FOR ROLE dosing_owner IN SCHEMA public
    GRANT SELECT ON TABLES TO dosing_writer, dosing_operator, dosing_viewer;
