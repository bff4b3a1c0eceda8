-- The time of the oldest reading, if a stored batch ended before it: its readings were dropped.
SELECT kept.time
  FROM (SELECT least((SELECT min(time) FROM dosing_consumption), (SELECT min(time) FROM batch_events)) AS time) AS kept
 WHERE EXISTS (SELECT FROM batches WHERE begins_at < kept.time AND last_at < kept.time)
    OR (kept.time IS NULL AND EXISTS (SELECT FROM batches))
