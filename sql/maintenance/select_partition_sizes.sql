-- Plain PostgreSQL: size, weeks, dead rows and the oldest week's end of each table of readings.
SELECT t.name AS table_name, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS bytes,
       count(c.oid) FILTER (WHERE w.week_end IS NOT NULL) AS chunk_count, 0 AS compressed_chunks,
       coalesce(sum(s.n_dead_tup), 0)::bigint AS dead_rows,
       min(w.week_end) FILTER (WHERE w.week_end > coalesce(o.oldest, now())) AS oldest_until
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']) AS t (name)
  LEFT JOIN pg_inherits AS i ON i.inhparent = ('public.' || t.name)::regclass
  LEFT JOIN pg_class AS c ON c.oid = i.inhrelid
  LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
  LEFT JOIN LATERAL (SELECT (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz
                            AS week_end) AS w ON true
  LEFT JOIN (SELECT 'dosing_consumption' AS name, min(time) AS oldest FROM dosing_consumption
              UNION ALL SELECT 'batch_events', min(time) FROM batch_events
              UNION ALL SELECT 'inventory_levels', min(time) FROM inventory_levels) AS o ON o.name = t.name
 GROUP BY t.name
 ORDER BY t.name
