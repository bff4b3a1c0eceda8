-- Whether this session could add an entry to the alarm journal: not on a read-only server or database. And the roles of
-- the collectors that are connected now but may not.
SELECT current_setting('transaction_read_only')::boolean AS is_read_only,
       ARRAY(SELECT DISTINCT usename::text
               FROM pg_stat_activity
              WHERE datname = current_database()
                AND application_name = 'dosing-tui/collector'
                AND NOT has_any_column_privilege(usesysid, 'public.alarm_journal', 'INSERT')
              ORDER BY 1) AS roles_without_right
