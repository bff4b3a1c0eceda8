-- Plain PostgreSQL: drops the weeks that ended before the start of retention.
SELECT count(dropped)
  FROM data_retention AS r
  CROSS JOIN LATERAL compat.drop_partitions(r.table_name::regclass, %(now)s - make_interval(days => r.keep_days)) AS dropped
 WHERE r.table_name <> 'sums' AND r.keep_days IS NOT NULL
