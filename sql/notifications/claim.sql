-- Takes one notice to send it; nothing if another process has it.
UPDATE alarm_notifications
   SET fate = 'claimed', claimed_at = %(now)s::timestamptz, tries = tries + 1
 WHERE id = %(id)s
   AND fate = 'waiting'
RETURNING id
