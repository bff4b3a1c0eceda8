-- Channels with a notice that failed and can be retried.
SELECT DISTINCT channel
  FROM alarm_notifications
 WHERE site = %(site)s
   AND fate IN ('waiting', 'claimed')
   AND tries > 0
