-- The time before which retention may drop readings that are stored; NULL while it has none to drop.
SELECT max(%(now)s::timestamptz - make_interval(days => keep_days))
  FROM data_retention
 WHERE table_name = 'dosing_consumption'
       AND EXISTS (SELECT FROM dosing_consumption WHERE time < %(now)s::timestamptz - make_interval(days => keep_days))
    OR table_name = 'batch_events'
       AND EXISTS (SELECT FROM batch_events WHERE time < %(now)s::timestamptz - make_interval(days => keep_days))
    OR table_name = 'inventory_levels'
       AND EXISTS (SELECT FROM inventory_levels WHERE time < %(now)s::timestamptz - make_interval(days => keep_days))
