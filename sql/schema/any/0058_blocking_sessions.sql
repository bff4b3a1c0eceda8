-- Who may write a row may hold its lock as long as his session lives, and no rights prevent it: an operator's transaction on
-- the journal, or Telegraf's on a station's last value, kept doses from being stored. So a collector that waits may have the
-- sessions ended that it waits for, if they are of a role below it: not the owner's, not another collector's.

-- Ends the sessions that hold up the caller's, which have waited for more than a second, and which themselves wait for nobody.
-- A transaction shorter than three seconds is left alone. Returns them; is_ended is false where the function's owner may not.
CREATE FUNCTION end_blocking_sessions() RETURNS TABLE (process integer, role_name text, program text, address text,
                                                       held_s double precision, is_ended boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found record;
BEGIN
    FOR found IN
        WITH RECURSIVE chain AS (
            SELECT l.pid
              FROM pg_locks AS l
              JOIN pg_stat_activity AS a ON a.pid = l.pid
             WHERE NOT l.granted AND l.waitstart < clock_timestamp() - INTERVAL '1 second'
               AND a.usename = session_user AND a.datname = current_database()
             UNION
            SELECT b.pid FROM chain AS c CROSS JOIN LATERAL unnest(pg_blocking_pids(c.pid)) AS b (pid)
        )
        SELECT a.pid, r.rolname, a.application_name, host(a.client_addr) AS address, a.backend_start,
               extract(epoch FROM clock_timestamp() - a.xact_start) AS held_s
          FROM chain AS c
          JOIN pg_stat_activity AS a ON a.pid = c.pid AND a.datname = current_database()
          JOIN pg_roles AS r ON r.oid = a.usesysid
         WHERE NOT r.rolsuper AND NOT r.rolreplication
           AND NOT has_table_privilege(r.oid, 'public.dosing_consumption'::regclass, 'INSERT')
           AND NOT pg_has_role(r.oid, (SELECT relowner FROM pg_class
                                        WHERE oid = 'public.dosing_consumption'::regclass), 'MEMBER')
           AND coalesce(a.xact_start < clock_timestamp() - INTERVAL '3 seconds', true)
           AND NOT EXISTS (SELECT FROM pg_locks AS w WHERE w.pid = a.pid AND NOT w.granted)
    LOOP
        BEGIN
            is_ended := pg_terminate_backend(found.pid);
        EXCEPTION WHEN insufficient_privilege THEN
            is_ended := false;
        END;
        process := found.pid;
        role_name := found.rolname;
        program := found.application_name;
        address := coalesce(found.address, '');
        held_s := found.held_s;
        RETURN NEXT;
    END LOOP;
END $$;

-- Makes dosing_watchdog, as which nobody logs in and which may end sessions, the owner of the function. False where there is no
-- such role, or it is not the caller's to give: then the function only names the sessions.
CREATE FUNCTION assign_watchdog_owner() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles AS r
                    WHERE r.rolname = 'dosing_watchdog' AND NOT r.rolcanlogin AND NOT r.rolsuper
                      AND pg_has_role(current_user, r.oid, 'MEMBER')
                      AND pg_has_role(r.oid, 'pg_signal_backend', 'USAGE')
                      AND pg_has_role(r.oid, 'pg_read_all_stats', 'USAGE')) THEN
        RETURN false;
    END IF;
    GRANT USAGE, CREATE ON SCHEMA public TO dosing_watchdog;
    IF NOT has_schema_privilege('dosing_watchdog', 'public', 'CREATE') THEN
        RETURN false;
    END IF;
    ALTER FUNCTION end_blocking_sessions() OWNER TO dosing_watchdog;
    REVOKE CREATE ON SCHEMA public FROM dosing_watchdog;
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION end_blocking_sessions(), assign_watchdog_owner() FROM PUBLIC;
SELECT copy_dose_grants('public.alarm_journal', 'EXECUTE ON FUNCTION public.end_blocking_sessions()');
SELECT assign_watchdog_owner();
