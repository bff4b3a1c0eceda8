-- An entry made without the database is stored later by the collector, with its role: db_role is not the operator's. So
-- only a role that stores doses may say so of an entry; nobody else hides his role behind it.
CREATE FUNCTION check_offline_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT has_table_privilege(session_user, 'public.dosing_consumption', 'INSERT') THEN
        RAISE EXCEPTION 'role % is no collector: it stores no entries made offline', session_user
              USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_offline_entry BEFORE INSERT ON alarm_journal
    FOR EACH ROW WHEN (NEW.offline) EXECUTE FUNCTION check_offline_entry();
