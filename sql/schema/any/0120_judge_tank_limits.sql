-- Since version 5 of the rules a tank is low in a batch's judgement by the limit of its chemical, as its alarm has it:
-- unreviewed batches are judged again. Reviewed ones keep the record and the judgement that were reviewed.
INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
SELECT device_id, (anchored_at AT TIME ZONE 'UTC')::date, min(anchored_at), max(anchored_at)
  FROM batches
 WHERE NOT gone AND reviewed_hash IS NULL AND anchored_at >= now() - INTERVAL '90 days'
 GROUP BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
   SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until), touches = t.touches + 1;
