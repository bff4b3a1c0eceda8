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
-- Everybody may write large objects and to the transaction log, also who may only read tables. With advisory locks anybody
-- fills the server's table of locks: then nobody can log in.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace
   AND (proname ~ '^(lo_|pg_(try_)?advisory_(xact_)?lock)' OR proname IN ('loread', 'lowrite', 'pg_logical_emit_message'))
\gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO dosing_owner, dosing_writer', oid::regprocedure) FROM pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_(xact_)?lock' \gexec
GRANT USAGE ON SCHEMA public TO dosing_writer, dosing_operator, dosing_viewer, dosing_telegraf;

-- Tables of later versions can be read at once; who may do more stands in rights.sql.
ALTER DEFAULT PRIVILEGES FOR ROLE dosing_owner IN SCHEMA public
    GRANT SELECT ON TABLES TO dosing_writer, dosing_operator, dosing_viewer;
