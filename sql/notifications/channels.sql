-- Up to which entry of the journal each channel's notices were made.
SELECT channel, last_id
  FROM alarm_notification_channels
 WHERE site = %(site)s
   AND channel = ANY (%(channels)s::text[])
