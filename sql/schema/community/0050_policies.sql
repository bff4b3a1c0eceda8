-- Runs after the rows of an imported database are in, so that no policy works on half of them.
-- The refresh window covers every late reading that is accepted, and ends before readings are dropped: a refresh over
-- dropped rows would delete their hours. Two buckets are the least (the guide's 2 h to 1 h is one).
SELECT add_continuous_aggregate_policy('dosing_consumption_hourly',
    start_offset => INTERVAL '80 days', end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '15 minutes');

SELECT add_retention_policy('dosing_consumption', INTERVAL '90 days');
SELECT add_retention_policy('batch_events', INTERVAL '90 days');
SELECT add_retention_policy('inventory_levels', INTERVAL '90 days');
SELECT add_retention_policy('dosing_consumption_hourly', INTERVAL '2 years');

ALTER TABLE dosing_consumption SET (timescaledb.enable_columnstore,
    timescaledb.segmentby = 'device_id', timescaledb.orderby = 'time DESC, pump, dedup');
ALTER TABLE batch_events SET (timescaledb.enable_columnstore,
    timescaledb.segmentby = 'device_id', timescaledb.orderby = 'time DESC, event, recipe, dedup');
ALTER TABLE inventory_levels SET (timescaledb.enable_columnstore,
    timescaledb.segmentby = 'device_id, chemical', timescaledb.orderby = 'time DESC, dedup');
CALL add_columnstore_policy('dosing_consumption', after => INTERVAL '7 days');
CALL add_columnstore_policy('batch_events', after => INTERVAL '7 days');
CALL add_columnstore_policy('inventory_levels', after => INTERVAL '7 days');
