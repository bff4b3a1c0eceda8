-- TimescaleDB: each continuous aggregate, and the hypertable that holds its rows, which no table of ours equals.
SELECT view_name::text AS name, materialization_hypertable_schema::text AS schema_name,
       materialization_hypertable_name::text AS table_name
  FROM timescaledb_information.continuous_aggregates
 ORDER BY view_schema, view_name
