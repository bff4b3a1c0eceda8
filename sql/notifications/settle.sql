-- What became of notices that were waiting or claimed.
UPDATE alarm_notifications
   SET fate = %(fate)s, reason = %(reason)s, settled_at = CASE WHEN %(fate)s <> 'waiting' THEN %(now)s::timestamptz END
 WHERE id = ANY (%(ids)s::bigint[])
   AND fate IN ('waiting', 'claimed')
