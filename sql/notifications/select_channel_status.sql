-- Delivery status of each channel of a site: waiting, last sent, failing since, last error and its time.
SELECT c.channel,
       count(n.id) FILTER (WHERE n.fate IN ('waiting', 'claimed') AND n.due_at <= %(now)s::timestamptz) AS waiting,
       count(n.id) FILTER (WHERE n.fate = 'sent' AND n.settled_at > %(now)s::timestamptz - INTERVAL '1 day') AS sent_today,
       max(n.settled_at) FILTER (WHERE n.fate = 'sent') AS last_sent,
       min(n.due_at) FILTER (WHERE n.fate = 'waiting' AND n.tries > 0) AS failing_since,
       max(e.at) AS last_error,
       coalesce((array_agg(n.reason ORDER BY e.at DESC, n.id DESC) FILTER (WHERE e.at IS NOT NULL))[1], '') AS reason,
       count(n.id) FILTER (WHERE n.fate IN ('failed', 'unknown') AND n.occasion <> 'summary') AS lost
  FROM alarm_notification_channels AS c
  LEFT JOIN alarm_notifications AS n ON (n.site, n.channel) = (c.site, c.channel)
 CROSS JOIN LATERAL (
       SELECT CASE WHEN n.fate IN ('failed', 'unknown') OR n.fate = 'waiting' AND n.tries > 0
                   THEN coalesce(n.settled_at, n.claimed_at) END AS at) AS e
 WHERE c.site = %(site)s
 GROUP BY c.channel
 ORDER BY c.channel
