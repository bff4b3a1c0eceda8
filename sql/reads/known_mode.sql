-- The modes of the doses of the last 90 days.
SELECT DISTINCT mode
  FROM dosing_15m
 WHERE bucket >= now() - INTERVAL '90 days'
 ORDER BY mode
