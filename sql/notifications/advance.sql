-- The journal was read up to here, and its notices are made.
UPDATE alarm_notification_channels
   SET last_id = %(last_id)s
 WHERE site = %(site)s
   AND channel = ANY (%(channels)s::text[])
   AND last_id < %(last_id)s
