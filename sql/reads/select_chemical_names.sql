-- Chemicals of the doses since a time, 90 days at least, and of the tanks.
SELECT chemical
  FROM plant_rollup
 WHERE grain = 3
   AND device_id = ''
   AND bucket >= least(%(since)s::timestamptz, now() - INTERVAL '90 days')
   AND chemical <> ''
 UNION
SELECT chemical
  FROM inventory_latest
 ORDER BY chemical
