-- Both editions. The (time DESC) index is made with the others, so that it is the same everywhere.
SELECT create_hypertable('dosing_consumption', by_range('time', INTERVAL '7 days'), create_default_indexes => false);
SELECT create_hypertable('batch_events', by_range('time', INTERVAL '30 days'), create_default_indexes => false);
SELECT create_hypertable('inventory_levels', by_range('time', INTERVAL '7 days'), create_default_indexes => false);
