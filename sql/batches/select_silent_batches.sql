-- Running batches without messages for so long that they may have ended.
SELECT device_id, anchored_at
  FROM batches
 WHERE NOT gone AND ends_at IS NULL AND last_at < %(before)s
 ORDER BY last_at
 LIMIT %(rows)s
