-- Number of stations whose batches of [from, to) lack readings that have waited for the rebuild for two minutes or more.
SELECT '' AS label, count(DISTINCT device_id)::float8 AS value
  FROM batch_rebuild_queue
 WHERE since < least(%(to)s::timestamptz, %(now)s::timestamptz - interval '2 minutes') AND until >= %(from)s::timestamptz
