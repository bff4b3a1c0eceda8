-- Weeks for readings that come late and for the next month; maintenance goes on from here.
SELECT compat.ensure_partitions(parent, now() - INTERVAL '8 weeks', now() + INTERVAL '4 weeks')
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS parent;
