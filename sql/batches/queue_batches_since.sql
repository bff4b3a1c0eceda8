-- Queue the batches that began at or after a time for reassessment.
INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
SELECT device_id, (anchored_at AT TIME ZONE 'UTC')::date, min(anchored_at), max(anchored_at)
  FROM batches
 WHERE begins_at >= %(since)s
 GROUP BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
   SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until), touches = t.touches + 1
