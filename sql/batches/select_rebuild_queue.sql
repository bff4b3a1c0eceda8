-- The queued days, newest first.
SELECT device_id, day, since, until, touches
  FROM batch_rebuild_queue
 ORDER BY until DESC
 LIMIT %(rows)s
