-- Queue the batches of a station in [since, until) whose tanks' lots have changed.
INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
SELECT device_id, (anchored_at AT TIME ZONE 'UTC')::date, min(anchored_at), max(anchored_at)
  FROM batches
 WHERE device_id = %(device)s AND anchored_at >= %(since)s AND anchored_at < %(until)s AND NOT gone
 GROUP BY 1, 2
 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
   SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until), touches = t.touches + 1
