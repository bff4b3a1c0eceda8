-- Plain PostgreSQL: drops the weeks that ended before the start of retention.
SELECT count(dropped)
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS parent
  CROSS JOIN LATERAL compat.drop_partitions(parent, %(raw_from)s) AS dropped
