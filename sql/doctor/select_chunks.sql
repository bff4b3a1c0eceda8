-- Chunks of each hypertable: their number, and those that the compression or retention policy should have handled a day
-- ago. Without a policy nothing is overdue.
WITH policy AS (
SELECT hypertable_name,
       min((config ->> 'compress_after')::interval) AS compress_after,
       min((config ->> 'drop_after')::interval) AS drop_after
  FROM timescaledb_information.jobs
 WHERE hypertable_schema = 'public'
 GROUP BY hypertable_name
)
SELECT chunk.hypertable_name::text AS table_name,
       count(*) AS chunk_count,
       count(*) FILTER (WHERE NOT coalesce(chunk.is_compressed, false)
                          AND chunk.range_end < now() - policy.compress_after - INTERVAL '1 day') AS late_compressions,
       count(*) FILTER (WHERE chunk.range_end < now() - policy.drop_after - INTERVAL '1 day') AS late_drops
  FROM timescaledb_information.chunks AS chunk
  LEFT JOIN policy ON policy.hypertable_name = chunk.hypertable_name
 WHERE chunk.hypertable_schema = 'public'
 GROUP BY chunk.hypertable_name
 ORDER BY chunk.hypertable_name
