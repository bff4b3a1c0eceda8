-- The role that may end sessions, and as which nobody logs in. Superuser only.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dosing_watchdog') THEN
        BEGIN
            CREATE ROLE dosing_watchdog NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- made meanwhile, for another database of this server
        END;
    END IF;
    GRANT pg_signal_backend, pg_read_all_stats TO dosing_watchdog;
END $$
