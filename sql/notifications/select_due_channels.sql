-- Channels with a notice that is due.
SELECT DISTINCT channel
  FROM alarm_notifications
 WHERE site = %(site)s
   AND fate = 'waiting'
   AND due_at <= %(now)s::timestamptz
