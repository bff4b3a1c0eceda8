-- Record the result of waiting or claimed notices. The members of a failed summary fail with it. One that is tried again
-- waits from the end of the attempt on, however long that took. sent_at: of a message that was sent beside this queue.
  WITH settled AS (
       UPDATE alarm_notifications
          SET fate = %(fate)s, reason = %(reason)s,
              claimed_at = CASE WHEN %(fate)s = 'waiting' THEN %(now)s::timestamptz
                                ELSE coalesce(%(sent_at)s::timestamptz, claimed_at) END,
              settled_at = CASE WHEN %(fate)s <> 'waiting' THEN %(now)s::timestamptz END
        WHERE id = ANY (%(ids)s::bigint[])
          AND fate IN ('waiting', 'claimed')
       RETURNING id)
UPDATE alarm_notifications
   SET fate = %(fate)s, reason = %(reason)s, settled_at = %(now)s::timestamptz
 WHERE %(fate)s IN ('failed', 'unknown')
   AND summary IN (SELECT id FROM settled)
   AND fate = 'summarised'
