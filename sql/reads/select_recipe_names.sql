-- Recipes of the doses since a time, 90 days at least.
SELECT DISTINCT recipe
  FROM dosing_rollup_6h
 WHERE bucket >= least(%(since)s::timestamptz, now() - INTERVAL '90 days')
   AND recipe <> ''
 ORDER BY recipe
