-- Modes of the doses since a time, 90 days at least.
SELECT DISTINCT mode
  FROM dosing_rollup_6h
 WHERE bucket >= least(%(since)s::timestamptz, now() - INTERVAL '90 days')
   AND mode <> ''
 ORDER BY mode
