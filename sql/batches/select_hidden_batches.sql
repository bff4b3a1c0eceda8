-- Batches hidden from lists because they were merged into another, each with its candidates.
SELECT g.batch_id, g.anchor, n.batch_key, r.record
  FROM batches AS g
  LEFT JOIN batches AS n ON n.device_id = g.device_id AND NOT n.gone
        AND n.begins_at <= g.anchored_at + INTERVAL '1 hour' AND n.last_at >= g.anchored_at - INTERVAL '1 hour'
  LEFT JOIN batch_records AS r ON r.batch_key = n.batch_key
 WHERE g.gone
 ORDER BY g.batch_id
