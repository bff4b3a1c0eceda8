-- TimescaleDB's background jobs of this database: last result, next run, last error.
SELECT j.job_id, j.proc_name::text AS name, coalesce(a.view_name, j.hypertable_name, '')::text AS table_name,
       j.scheduled AS is_scheduled, coalesce(s.last_run_status, '') AS last_status,
       nullif(s.last_run_started_at, '-infinity') AS last_run, nullif(s.next_start, 'infinity') AS next_run,
       coalesce((SELECT e.err_message FROM timescaledb_information.job_errors AS e
                  WHERE e.job_id = j.job_id ORDER BY e.finish_time DESC LIMIT 1), '') AS last_error
  FROM timescaledb_information.jobs AS j
  LEFT JOIN timescaledb_information.job_stats AS s ON s.job_id = j.job_id
  LEFT JOIN timescaledb_information.continuous_aggregates AS a
         ON (a.materialization_hypertable_schema, a.materialization_hypertable_name)
          = (j.hypertable_schema, j.hypertable_name)
 WHERE j.job_id >= 1000
 ORDER BY j.job_id
