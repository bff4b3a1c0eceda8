-- The chemicals of the doses since then, of 90 days at least, and those that are in a tank.
SELECT chemical
  FROM dosing_rollup_6h
 WHERE bucket >= least(%(since)s::timestamptz, now() - INTERVAL '90 days')
   AND chemical <> ''
 UNION
SELECT chemical
  FROM inventory_latest
 ORDER BY chemical
