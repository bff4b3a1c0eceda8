-- Plain PostgreSQL: creates weeks for the month ahead and for late readings, and those of rows outside every week.
SELECT sum(compat.ensure_partitions(parent, %(now)s - INTERVAL '5 weeks', %(now)s + INTERVAL '4 weeks')
           + compat.move_stray_rows(parent, %(now)s + INTERVAL '4 weeks'))
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS parent
