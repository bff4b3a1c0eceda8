-- How full a tank was at the end of each step, in percent: the last level that was told until then.
SELECT step.at, level.value
  FROM generate_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval) AS step (at)
  LEFT JOIN LATERAL (
       SELECT CASE WHEN coalesce(capacity_g, 1) > 0
                   THEN coalesce(percent_full, 100.0 * remaining_g / capacity_g) END::float8 AS value
         FROM inventory_levels
        WHERE device_id = %(device)s
          AND chemical = %(item)s
          AND time <= least(step.at + %(step)s, %(now)s::timestamptz)
        ORDER BY time DESC, dedup DESC
        LIMIT 1) AS level ON true
 ORDER BY step.at
