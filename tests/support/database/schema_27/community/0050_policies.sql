-- Runs when adopted rows are in, so that no policy works on them half-way.
-- The refresh window reaches over every late reading that is believed, and ends before raw rows are dropped:
-- a refresh over dropped rows would delete their hours. Two buckets (the guide's 2 h .. 1 h is one) are the least.
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
