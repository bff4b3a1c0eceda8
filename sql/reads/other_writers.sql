-- Sessions that are not this program's and write the plant's tables, or are Telegraf. What other roles' sessions do
-- is hidden from a role without pg_read_all_stats.
SELECT DISTINCT coalesce(nullif(application_name, ''), 'unnamed') || ' (' || usename
       || coalesce(' at ' || host(client_addr), '') || ')' AS writer
  FROM pg_stat_activity
 WHERE datname = current_database()
   AND pid <> pg_backend_pid()
   AND application_name NOT LIKE 'dosing-tui/%%'
   AND (application_name ILIKE '%%telegraf%%'
        OR query ~* '^\s*(copy|insert\s+into)\s.{0,40}(dosing_consumption|batch_events|inventory_levels)')
 ORDER BY writer
