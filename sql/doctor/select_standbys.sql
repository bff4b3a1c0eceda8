-- Standby servers with the seconds by which they are behind, and replication slots that nobody reads with the WAL that they
-- keep in bytes. Roles without pg_read_all_stats get no seconds.
SELECT coalesce(nullif(application_name, ''), host(client_addr), 'unnamed') AS name,
       true AS is_active,
       coalesce(extract(epoch FROM replay_lag), 0)::float8 AS lag_s,
       0::bigint AS kept_bytes
  FROM pg_stat_replication
 UNION ALL
SELECT slot_name::text, false, 0::float8,
       CASE WHEN pg_is_in_recovery() THEN 0
            ELSE coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint END
  FROM pg_replication_slots
 WHERE NOT active
