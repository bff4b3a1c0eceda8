-- Claims of a process that ended before it knew: they are not sent again. Answers whose they were.
UPDATE alarm_notifications
   SET fate = 'unknown', settled_at = %(now)s::timestamptz
 WHERE site = %(site)s
   AND fate = 'claimed'
   AND claimed_at < %(before)s::timestamptz
RETURNING channel
