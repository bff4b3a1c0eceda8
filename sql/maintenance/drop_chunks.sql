-- TimescaleDB without policies: drops the chunks that ended before the start of retention.
SELECT count(dropped)
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS hypertable
  CROSS JOIN LATERAL drop_chunks(hypertable, older_than => %(raw_from)s::timestamptz) AS dropped
