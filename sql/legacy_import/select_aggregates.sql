-- Continuous aggregates built on the guide's tables or on its aggregate.
SELECT quote_ident(a.view_schema) || '.' || quote_ident(a.view_name) AS name,
       a.view_name = 'dosing_consumption_hourly' AS guides
  FROM timescaledb_information.continuous_aggregates AS a
 WHERE a.hypertable_schema = 'public'
       AND a.hypertable_name IN ('dosing_consumption', 'batch_events', 'inventory_levels')
    OR EXISTS (SELECT FROM timescaledb_information.continuous_aggregates AS g
                WHERE g.view_schema = 'public' AND g.view_name = 'dosing_consumption_hourly'
                  AND (a.hypertable_schema, a.hypertable_name)
                    = (g.materialization_hypertable_schema, g.materialization_hypertable_name));
