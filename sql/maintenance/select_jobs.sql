-- TimescaleDB's background jobs of this database, with their last result and last error.
SELECT job.job_id,
       coalesce(job.application_name, '') AS name,
       coalesce(aggregate.view_name, job.hypertable_name, '')::text AS table_name,
       job.scheduled AS is_scheduled,
       coalesce(stats.last_run_status, '') AS last_status,
       CASE WHEN isfinite(stats.last_run_started_at) THEN stats.last_run_started_at END AS last_start,
       CASE WHEN isfinite(stats.next_start) THEN stats.next_start END AS next_start,
       coalesce((SELECT error.err_message
                   FROM timescaledb_information.job_errors AS error
                  WHERE error.job_id = job.job_id
                  ORDER BY error.finish_time DESC
                  LIMIT 1), '') AS last_error
  FROM timescaledb_information.jobs AS job
  LEFT JOIN timescaledb_information.job_stats AS stats ON stats.job_id = job.job_id
  LEFT JOIN timescaledb_information.continuous_aggregates AS aggregate
         ON (aggregate.materialization_hypertable_schema, aggregate.materialization_hypertable_name)
          = (job.hypertable_schema, job.hypertable_name)
 WHERE job.job_id >= 1000
 ORDER BY job.job_id
