-- Claim one notice for sending; no row if another process has claimed it.
UPDATE alarm_notifications
   SET fate = 'claimed', claimed_at = %(now)s::timestamptz, tries = tries + 1
 WHERE id = %(id)s
   AND fate = 'waiting'
RETURNING id
