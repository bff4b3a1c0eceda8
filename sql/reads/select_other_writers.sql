-- Sessions of other programs that write the plant's tables, and those of Telegraf. Without pg_read_all_stats, statements
-- of other roles' sessions are hidden.
SELECT DISTINCT coalesce(nullif(application_name, ''), 'unnamed') || ' (' || usename
       || coalesce(' at ' || host(client_addr), '') || ')' AS writer
  FROM pg_stat_activity
 WHERE datname = current_database()
   AND pid <> pg_backend_pid()
   AND application_name NOT LIKE 'dosing-tui/%%'
   AND (application_name ILIKE '%%telegraf%%'
        OR query ~* '^\s*(copy|insert\s+into)\s.{0,40}(dosing_consumption|batch_events|inventory_levels)')
 ORDER BY writer
