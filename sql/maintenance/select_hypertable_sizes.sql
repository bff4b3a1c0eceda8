-- TimescaleDB: size, chunks, dead rows and the oldest chunk's end of each table of readings.
SELECT t.name AS table_name, hypertable_size(t.name::regclass)::bigint AS bytes, count(c.chunk_name) AS chunk_count,
       count(*) FILTER (WHERE c.is_compressed) AS compressed_chunks,
       coalesce(sum(s.n_dead_tup), 0)::bigint AS dead_rows,
       min(c.range_end) AS oldest_until
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']) AS t (name)
  LEFT JOIN timescaledb_information.chunks AS c
         ON c.hypertable_schema = 'public' AND c.hypertable_name = t.name
  LEFT JOIN pg_stat_all_tables AS s ON (s.schemaname, s.relname) = (c.chunk_schema, c.chunk_name)
 GROUP BY t.name
 ORDER BY t.name
