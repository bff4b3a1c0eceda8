-- The alarms of a summary, most urgent first.
SELECT j.rule, j.device_id, j.item, j.event, j.priority, j.at, j.message, j.value::float8, j.limit_value::float8,
       j.author, j.os_user, j.comment, j.until
  FROM alarm_notifications AS n
  JOIN alarm_journal AS j ON j.id = n.journal_id
 WHERE n.summary = %(id)s
 ORDER BY array_position(ARRAY['high', 'medium', 'low', 'diagnostic'], j.priority), n.id
