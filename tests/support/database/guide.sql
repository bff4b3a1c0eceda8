-- The guide's own SQL, statement by statement as a newcomer pastes it; what a server cannot do, it refuses.
CREATE TABLE dosing_consumption (
    time TIMESTAMPTZ NOT NULL,
    device_id TEXT NOT NULL,
    pump INTEGER NOT NULL,
    chemical TEXT NOT NULL,
    target_g DOUBLE PRECISION,
    actual_g DOUBLE PRECISION,
    error_g DOUBLE PRECISION,
    recipe TEXT,
    mode TEXT,
    duration_ms BIGINT
);
SELECT create_hypertable('dosing_consumption', 'time');
CREATE INDEX idx_dosing_device_time ON dosing_consumption (device_id, time DESC);
CREATE INDEX idx_dosing_chemical_time ON dosing_consumption (chemical, time DESC);
CREATE INDEX idx_dosing_recipe_time ON dosing_consumption (recipe, time DESC);
CREATE INDEX idx_dosing_pump ON dosing_consumption (pump, time DESC);
CREATE MATERIALIZED VIEW dosing_consumption_hourly
WITH (timescaledb.continuous) AS
SELECT
    time_bucket('1 hour', time) AS bucket,
    device_id,
    chemical,
    recipe,
    mode,
    COUNT(*) as dose_count,
    SUM(actual_g) as total_grams,
    AVG(actual_g) as avg_grams,
    AVG(error_g) as avg_error,
    AVG(duration_ms) as avg_duration_ms
FROM dosing_consumption
GROUP BY bucket, device_id, chemical, recipe, mode
WITH NO DATA;
SELECT add_continuous_aggregate_policy('dosing_consumption_hourly',
    start_offset => INTERVAL '2 hours',
    end_offset => INTERVAL '1 hour',
    schedule_interval => INTERVAL '1 hour');
CREATE TABLE batch_events (
    time TIMESTAMPTZ NOT NULL,
    device_id TEXT NOT NULL,
    event TEXT NOT NULL,
    recipe TEXT,
    pumps INTEGER
);
SELECT create_hypertable('batch_events', 'time');
CREATE INDEX idx_batch_device_time ON batch_events (device_id, time DESC);
CREATE INDEX idx_batch_event_time ON batch_events (event, time DESC);
CREATE INDEX idx_batch_recipe_time ON batch_events (recipe, time DESC);
CREATE TABLE inventory_levels (
    time TIMESTAMPTZ NOT NULL,
    device_id TEXT NOT NULL,
    chemical TEXT NOT NULL,
    remaining_g DOUBLE PRECISION,
    capacity_g DOUBLE PRECISION,
    percent_full DOUBLE PRECISION
);
SELECT create_hypertable('inventory_levels', 'time');
CREATE INDEX idx_inventory_device_time ON inventory_levels (device_id, time DESC);
CREATE INDEX idx_inventory_chemical_time ON inventory_levels (chemical, time DESC);
CREATE VIEW latest_inventory AS
SELECT DISTINCT ON (device_id, chemical)
    time,
    device_id,
    chemical,
    remaining_g,
    capacity_g,
    percent_full
FROM inventory_levels
ORDER BY device_id, chemical, time DESC;
SELECT add_retention_policy('dosing_consumption', INTERVAL '90 days');
SELECT add_retention_policy('batch_events', INTERVAL '90 days');
SELECT add_retention_policy('inventory_levels', INTERVAL '90 days');
SELECT add_retention_policy('dosing_consumption_hourly', INTERVAL '2 years');
ALTER TABLE dosing_consumption SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'device_id, chemical'
);
SELECT add_compression_policy('dosing_consumption', INTERVAL '7 days');
ALTER TABLE batch_events SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'device_id'
);
SELECT add_compression_policy('batch_events', INTERVAL '7 days');
ALTER TABLE inventory_levels SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'device_id, chemical'
);
SELECT add_compression_policy('inventory_levels', INTERVAL '7 days');
