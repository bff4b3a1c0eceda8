-- Chemicals of the doses since a time, 90 days at least, and of the tanks.
SELECT chemical
  FROM dosing_rollup_6h
 WHERE bucket >= least(%(since)s::timestamptz, now() - INTERVAL '90 days')
   AND chemical <> ''
 UNION
SELECT chemical
  FROM inventory_latest
 ORDER BY chemical
