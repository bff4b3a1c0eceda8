-- Summaries of a channel that wait for a retry, oldest first.
SELECT id, occurrence
  FROM alarm_notifications
 WHERE site = %(site)s
   AND channel = %(channel)s
   AND fate = 'waiting'
   AND occasion = 'summary'
 ORDER BY id
 LIMIT 1
