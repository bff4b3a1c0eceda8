-- The hypertable that holds the rows of the new continuous aggregate.
SELECT materialization_hypertable_schema, materialization_hypertable_name
  FROM timescaledb_information.continuous_aggregates
 WHERE view_schema = 'public' AND view_name = 'dosing_consumption_hourly';
