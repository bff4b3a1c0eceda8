-- The recipes of the doses of the last 90 days.
SELECT DISTINCT recipe
  FROM dosing_15m
 WHERE bucket >= now() - INTERVAL '90 days'
 ORDER BY recipe
