-- What is told in a summary is not told again; answers how many still waited.
UPDATE alarm_notifications
   SET fate = 'summarised', summary = %(summary)s, settled_at = %(now)s::timestamptz
 WHERE id = ANY (%(ids)s::bigint[])
   AND fate = 'waiting'
