-- Deletes the old tables' policies: neither retention nor compression may run during the copy.
SELECT delete_job(j.job_id)
  FROM timescaledb_information.jobs AS j
  LEFT JOIN timescaledb_information.continuous_aggregates AS a
         ON a.view_schema = 'public' AND a.view_name = 'dosing_consumption_hourly'
 WHERE (j.hypertable_schema = 'public'
        AND j.hypertable_name IN ('dosing_consumption', 'batch_events', 'inventory_levels',
                                  'dosing_consumption_hourly'))
    OR (j.hypertable_schema, j.hypertable_name)
     = (a.materialization_hypertable_schema, a.materialization_hypertable_name);
