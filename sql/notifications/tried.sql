-- Channels with anything that was tried and may be tried again.
SELECT DISTINCT channel
  FROM alarm_notifications
 WHERE site = %(site)s
   AND fate IN ('waiting', 'claimed')
   AND tries > 0
