-- The chemicals that have been dosed, or are in a tank.
SELECT chemical
  FROM dosing_1h
 WHERE bucket >= now() - INTERVAL '90 days'
 UNION
SELECT chemical
  FROM inventory_last
 ORDER BY chemical
