-- Weeks for late readings and for the next month; maintenance creates later ones.
SELECT compat.ensure_partitions(parent, now() - INTERVAL '8 weeks', now() + INTERVAL '4 weeks')
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS parent;
