-- Plain PostgreSQL: every week of the tables of readings, the oldest first.
SELECT t.name AS table_name, b.bounds[1]::timestamptz AS since, b.bounds[2]::timestamptz AS until,
       pg_total_relation_size(c.oid)::bigint AS bytes, false AS is_compressed
  FROM unnest(ARRAY['batch_events', 'dosing_consumption', 'inventory_levels']) AS t (name)
  JOIN pg_inherits AS i ON i.inhparent = ('public.' || t.name)::regclass
  JOIN pg_class AS c ON c.oid = i.inhrelid
  CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                  'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') AS b (bounds)
 WHERE b.bounds IS NOT NULL
 ORDER BY t.name, since
