-- Batches under way that have not said anything for so long that they may be so no longer.
SELECT device_id, anchored_at
  FROM batches
 WHERE NOT gone AND ends_at IS NULL AND last_at < %(before)s
 ORDER BY last_at
 LIMIT %(rows)s
