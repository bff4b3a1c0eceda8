-- Due notices of a channel with their alarm event and the earlier notice of the same alarm: the first that was sent, else
-- one that waits, else one that was not sent. An alarm is the same until it returns to normal or is suppressed, however
-- often it re-alarms. A notice that was tried and withdrawn may have been sent. Journal rows that this process has not
-- read yet are not considered. One that failed waits on its own, twice as long each time: others go past it.
SELECT n.id, n.occasion, n.occurrence, n.due_at, r.fate AS raised, r.occasion AS raised_as, r.occurrence AS raised_of,
       j.rule, j.device_id, j.item, j.event, j.priority, j.at, j.message, j.value::float8, j.limit_value::float8,
       j.author, j.os_user, j.comment, j.until
  FROM alarm_notifications AS n
  JOIN alarm_journal AS j ON j.id = n.journal_id
  LEFT JOIN LATERAL (
       SELECT e.id
         FROM alarm_journal AS e
        WHERE (e.site, e.rule, e.device_id, e.item) = (j.site, j.rule, j.device_id, j.item)
          AND e.event IN ('return', 'shelve', 'suppress', 'remove from service')
          AND e.id < j.id
        ORDER BY e.id DESC
        LIMIT 1) AS ended ON true
  LEFT JOIN LATERAL (
       SELECT t.occasion, t.occurrence, f.fate
         FROM alarm_journal AS b
         JOIN alarm_notifications AS t ON (t.site, t.channel, t.occurrence) = (n.site, n.channel, b.uuid)
        CROSS JOIN LATERAL (
              SELECT CASE WHEN t.fate = 'withdrawn' AND t.tries > 0 THEN 'unknown' ELSE t.fate END AS fate) AS f
        WHERE (b.site, b.rule, b.device_id, b.item) = (j.site, j.rule, j.device_id, j.item)
          AND b.id > coalesce(ended.id, 0)
          AND b.id <= j.id
          AND t.occasion IN ('raise', 'unacknowledged')
          AND t.id <> n.id
        ORDER BY f.fate IN ('sent', 'claimed', 'unknown', 'summarised') DESC, f.fate = 'waiting' DESC, t.id
        LIMIT 1) AS r ON true
 WHERE n.site = %(site)s
   AND n.channel = %(channel)s
   AND n.fate = 'waiting'
   AND n.due_at <= %(now)s::timestamptz
   AND (n.tries = 0
        OR n.claimed_at + least(%(retry_max_s)s::float8, %(retry_min_s)s * 2.0 ^ least(n.tries, 30))
                          * INTERVAL '1 second' <= %(now)s::timestamptz)
   AND n.journal_id <= %(last_id)s
 ORDER BY n.id
 LIMIT %(rows)s
