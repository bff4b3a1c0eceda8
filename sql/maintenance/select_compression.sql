-- TimescaleDB Community: bytes of a table's compressed chunks before and after.
SELECT coalesce(before_compression_total_bytes, 0)::bigint AS before_bytes,
       coalesce(after_compression_total_bytes, 0)::bigint AS after_bytes
  FROM hypertable_columnstore_stats(%(table)s::regclass)
