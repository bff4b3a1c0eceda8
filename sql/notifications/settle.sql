-- What became of notices that were waiting or claimed. What a summary was to tell of is lost with it.
  WITH settled AS (
       UPDATE alarm_notifications
          SET fate = %(fate)s, reason = %(reason)s,
              settled_at = CASE WHEN %(fate)s <> 'waiting' THEN %(now)s::timestamptz END
        WHERE id = ANY (%(ids)s::bigint[])
          AND fate IN ('waiting', 'claimed')
       RETURNING id)
UPDATE alarm_notifications
   SET fate = %(fate)s, reason = %(reason)s, settled_at = %(now)s::timestamptz
 WHERE %(fate)s IN ('failed', 'unknown')
   AND summary IN (SELECT id FROM settled)
   AND fate = 'summarised'
