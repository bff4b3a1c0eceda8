-- Modes of the doses since a time, 90 days at least.
SELECT DISTINCT mode
  FROM plant_rollup
 WHERE grain = 3
   AND device_id = ''
   AND bucket >= least(%(since)s::timestamptz, now() - INTERVAL '90 days')
   AND mode <> ''
 ORDER BY mode
