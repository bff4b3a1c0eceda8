-- TimescaleDB: every chunk of the tables of readings, the oldest first.
SELECT c.hypertable_name::text AS table_name, c.range_start AS since, c.range_end AS until,
       coalesce(d.total_bytes, 0)::bigint AS bytes, coalesce(c.is_compressed, false) AS is_compressed
  FROM unnest(ARRAY['batch_events', 'dosing_consumption', 'inventory_levels']) AS t (name)
  CROSS JOIN LATERAL chunks_detailed_size(('public.' || t.name)::regclass) AS d
  JOIN timescaledb_information.chunks AS c
    ON (c.hypertable_schema, c.hypertable_name) = ('public', t.name)
   AND (c.chunk_schema, c.chunk_name) = (d.chunk_schema, d.chunk_name)
 ORDER BY c.hypertable_name, c.range_start
