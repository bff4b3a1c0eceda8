-- Record the last journal row whose notices were created.
UPDATE alarm_notification_channels
   SET last_id = %(last_id)s
 WHERE site = %(site)s
   AND channel = ANY (%(channels)s::text[])
   AND last_id < %(last_id)s
