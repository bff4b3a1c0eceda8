-- The roles of the plant. Superuser; the variables hold the passwords (010_roles.sh).
CREATE ROLE dosing_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'dosing_owner';
CREATE ROLE dosing_writer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'dosing_writer';
CREATE ROLE dosing_operator LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'dosing_operator';
CREATE ROLE dosing_viewer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'dosing_viewer';
CREATE ROLE dosing_telegraf LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'dosing_telegraf';

-- The functions that sign and append to the audit trail belong to dosing_auditor, as which nobody logs in. Members of
-- dosing_reviewer_admin set the first PIN of a reviewer.
SELECT format('CREATE ROLE %I NOLOGIN', name) FROM unnest(ARRAY['dosing_auditor', 'dosing_reviewer_admin']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
GRANT dosing_auditor TO dosing_owner;

-- The function that ends sessions which hold up the collector belongs to dosing_watchdog, as which nobody logs in either.
SELECT 'CREATE ROLE dosing_watchdog NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dosing_watchdog') \gexec
GRANT pg_signal_backend, pg_read_all_stats TO dosing_watchdog;
GRANT dosing_watchdog TO dosing_owner;

-- Guards against mistakes: a session may set both otherwise. What the viewer cannot do are the rights it lacks.
ALTER ROLE dosing_viewer SET default_transaction_read_only = on;
ALTER ROLE dosing_viewer SET statement_timeout = '30s';
-- No session changes these: who only reads or operates leaves disk and connections to the collector.
ALTER ROLE dosing_viewer CONNECTION LIMIT 40;
ALTER ROLE dosing_operator CONNECTION LIMIT 40;
ALTER ROLE dosing_telegraf CONNECTION LIMIT 5;
ALTER ROLE dosing_viewer SET temp_file_limit = '1GB';
ALTER ROLE dosing_operator SET temp_file_limit = '1GB';
ALTER ROLE dosing_telegraf SET temp_file_limit = '1GB';
-- For reserved_connections of the server, from PostgreSQL 16 on.
SELECT format('GRANT %I TO dosing_writer, dosing_owner', rolname) FROM pg_roles
 WHERE rolname = 'pg_use_reserved_connections' \gexec
-- Else a collector does not see that Telegraf writes as well, and cannot warn that doses are counted twice.
GRANT pg_read_all_stats TO dosing_writer, dosing_operator;
