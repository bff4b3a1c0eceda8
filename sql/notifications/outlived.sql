-- Notices that nobody could be told of in time are given up. Answers their ids and their newest reasons.
UPDATE alarm_notifications
   SET fate = 'failed', settled_at = %(now)s::timestamptz
 WHERE site = %(site)s
   AND channel = %(channel)s
   AND fate = 'waiting'
   AND due_at < %(before)s::timestamptz
RETURNING id, reason
