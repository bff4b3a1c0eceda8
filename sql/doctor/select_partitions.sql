-- Plain PostgreSQL: weeks of each table, whether next week has its partition, and whether rows are outside every week.
SELECT parent.name AS table_name,
       (SELECT count(*) FROM pg_inherits WHERE inhparent = ('public.' || parent.name)::regclass) AS chunk_count,
       to_regclass('public.' || parent.name || '_p' || to_char(
           date_bin('168 hours', now() + INTERVAL '7 days', '2000-01-03 00:00:00+00') AT TIME ZONE 'UTC',
           'YYYYMMDD')) IS NOT NULL AS has_next_week
  FROM unnest(ARRAY['batch_events', 'dosing_consumption', 'inventory_levels']) AS parent (name)
 ORDER BY parent.name
