-- Remove rebuilt days from the queue, except those queued again meanwhile.
DELETE FROM batch_rebuild_queue AS touched
 USING unnest(%(device_id)s::text[], %(day)s::date[], %(touches)s::bigint[]) AS done (device_id, day, touches)
 WHERE touched.device_id = done.device_id AND touched.day = done.day AND touched.touches = done.touches
