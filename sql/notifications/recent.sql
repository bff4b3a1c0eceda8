-- How many messages a channel has sent since then, or may have.
SELECT count(*)
  FROM alarm_notifications
 WHERE site = %(site)s
   AND channel = %(channel)s
   AND claimed_at > %(since)s::timestamptz
   AND fate IN ('claimed', 'sent', 'unknown')
