-- A channel's summaries that wait for another try, the oldest first.
SELECT id, occurrence
  FROM alarm_notifications
 WHERE site = %(site)s
   AND channel = %(channel)s
   AND fate = 'waiting'
   AND occasion = 'summary'
 ORDER BY id
 LIMIT 1
