-- What was touched since batches were last rebuilt, the newest first.
SELECT device_id, day, since, until, touches
  FROM batches_touched
 ORDER BY until DESC
 LIMIT %(rows)s
