-- TimescaleDB without policies: drops the chunks that ended before the start of retention.
SELECT count(dropped)
  FROM data_retention AS r
  CROSS JOIN LATERAL drop_chunks(r.table_name::regclass,
                                 older_than => %(now)s::timestamptz - make_interval(days => r.keep_days)) AS dropped
 WHERE r.table_name <> 'sums' AND r.keep_days IS NOT NULL
