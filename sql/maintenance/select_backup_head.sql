-- What the database is: versions, and the last entry of the audit trail.
SELECT current_setting('server_version_num')::int / 10000 AS postgresql,
       coalesce((SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), '') AS timescaledb,
       coalesce((SELECT max(seq) FROM audit_trail), 0) AS audit_entries,
       coalesce((SELECT hash FROM audit_trail ORDER BY seq DESC LIMIT 1), '') AS audit_head
