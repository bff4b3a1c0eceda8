-- The last journal row whose notices were created, for each channel.
SELECT channel, last_id
  FROM alarm_notification_channels
 WHERE site = %(site)s
   AND channel = ANY (%(channels)s::text[])
