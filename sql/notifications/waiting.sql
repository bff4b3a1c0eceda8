-- A channel's notices that are due, with what they tell of; of an end, what became of what told of the alarm (if any
-- of it was told, then that). What comes from later entries than the asking process has read is not for it to judge.
SELECT n.id, n.occasion, n.occurrence, n.due_at, r.fate AS raised, j.rule, j.device_id, j.item, j.event, j.priority,
       j.at, j.message, j.value::float8, j.limit_value::float8, j.author, j.os_user, j.comment, j.until
  FROM alarm_notifications AS n
  JOIN alarm_journal AS j ON j.id = n.journal_id
  LEFT JOIN LATERAL (
       SELECT t.fate
         FROM alarm_notifications AS t
        WHERE n.occasion IN ('return', 'hidden')
          AND (t.site, t.channel, t.occurrence) = (n.site, n.channel, n.occurrence)
          AND t.occasion IN ('raise', 'unacknowledged')
        ORDER BY array_position(ARRAY['sent', 'claimed', 'unknown', 'summarised', 'waiting'], t.fate)
        LIMIT 1) AS r ON true
 WHERE n.site = %(site)s
   AND n.channel = %(channel)s
   AND n.fate = 'waiting'
   AND n.due_at <= %(now)s::timestamptz
   AND n.journal_id <= %(last_id)s
 ORDER BY n.id
 LIMIT %(rows)s
