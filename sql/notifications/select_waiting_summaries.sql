-- Summaries of a channel whose time for a retry has come, oldest first.
SELECT id, occurrence
  FROM alarm_notifications
 WHERE site = %(site)s
   AND channel = %(channel)s
   AND fate = 'waiting'
   AND occasion = 'summary'
   AND (tries = 0
        OR claimed_at + least(%(retry_max_s)s::float8, %(retry_min_s)s * 2.0 ^ least(tries, 30))
                          * INTERVAL '1 second' <= %(now)s::timestamptz)
 ORDER BY id
 LIMIT 1
