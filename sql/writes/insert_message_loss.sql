-- Add lost messages to a station's count; a negative number takes those away that have come after all, and 0 begins it.
WITH stored AS (
INSERT INTO station_status AS s (device_id, messages_lost, last_lost_at)
VALUES (%(device_id)s::text, greatest(%(count)s::bigint, 0), CASE WHEN %(count)s::bigint > 0 THEN %(at)s::timestamptz END)
ON CONFLICT (device_id) DO UPDATE
   SET messages_lost = greatest(coalesce(s.messages_lost, 0) + %(count)s::bigint, 0),
       last_lost_at = CASE WHEN %(count)s::bigint > 0 THEN excluded.last_lost_at ELSE s.last_lost_at END
)
INSERT INTO station_changes (device_id, at, is_time_known, kind, detail, lost)
SELECT %(device_id)s::text, %(at)s::timestamptz, true, 'lost', %(detail)s::text, %(count)s::bigint
 WHERE %(count)s::bigint <> 0
