-- What the server says of itself to this role. data_folder is NULL for roles without pg_read_all_settings; the offsets are
-- those of the session's time zone, in s east of UTC, now and in half a year.
SELECT clock_timestamp() AS server_time,
       current_user::text AS user_name,
       pg_is_in_recovery() AS is_standby,
       current_setting('transaction_read_only')::boolean AS is_read_only,
       current_setting('server_version') AS version,
       pg_database_size(current_database()) AS database_bytes,
       (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data_folder,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections_used,
       current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int AS connections_max,
       extract(timezone FROM now())::int AS zone_offset_s,
       extract(timezone FROM now() + INTERVAL '182 days')::int AS later_zone_offset_s,
       coalesce((SELECT default_version FROM pg_available_extensions
                  WHERE name = 'timescaledb' AND installed_version <> default_version), '') AS newer_extension
