-- A channel's notices that are due, with what they tell of; of a return, what became of its raise. What comes from
-- later entries than the asking process has read is not for it to judge.
SELECT n.id, n.occasion, n.occurrence, n.due_at, r.fate AS raised, j.rule, j.device_id, j.item, j.event, j.priority,
       j.at, j.message, j.value::float8, j.limit_value::float8
  FROM alarm_notifications AS n
  JOIN alarm_journal AS j ON j.id = n.journal_id
  LEFT JOIN alarm_notifications AS r ON n.occasion = 'return'
   AND (r.site, r.channel, r.occasion, r.occurrence) = (n.site, n.channel, 'raise', n.occurrence)
 WHERE n.site = %(site)s
   AND n.channel = %(channel)s
   AND n.fate = 'waiting'
   AND n.due_at <= %(now)s::timestamptz
   AND n.journal_id <= %(last_id)s
 ORDER BY n.id
 LIMIT %(rows)s
