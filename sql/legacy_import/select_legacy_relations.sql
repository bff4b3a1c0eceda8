-- The guide's relations in this database, and what a copy of them would lose.
SELECT c.relname AS name, c.relkind::text AS kind, c.oid,
       c.relrowsecurity AS secured,
       coalesce((SELECT array_agg(t.tgname::text ORDER BY t.tgname) FROM pg_trigger AS t
                  WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
                    AND t.tgname !~ '^(_timescaledb|ts_)'), '{}') AS triggers
  FROM pg_class AS c
 WHERE c.relnamespace = 'public'::regnamespace
   AND c.relname IN ('dosing_consumption', 'batch_events', 'inventory_levels',
                     'latest_inventory', 'dosing_consumption_hourly')
   AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
 ORDER BY c.relname;
