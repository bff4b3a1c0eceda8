-- Both TimescaleDB editions. The (time DESC) index is created with the others, so that every flavour has the same one.
SELECT create_hypertable('dosing_consumption', by_range('time', INTERVAL '7 days'), create_default_indexes => false);
SELECT create_hypertable('batch_events', by_range('time', INTERVAL '30 days'), create_default_indexes => false);
SELECT create_hypertable('inventory_levels', by_range('time', INTERVAL '7 days'), create_default_indexes => false);
